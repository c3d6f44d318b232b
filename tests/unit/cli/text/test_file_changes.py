"""How the changes of files look on a terminal."""

from __future__ import annotations

import pytest

from lvsboot.cli.text.file_changes import file_changes_text
from lvsboot.install.files import Change, Found, Remove, Write
from lvsboot.install.tree import File


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\u202e", "\x9b2J", "\r", "\n", "\x00", "\udcff"])
def test_a_hostile_path_cannot_move_the_cursor(hostile: str) -> None:
    text = file_changes_text([Remove(f"/etc/{hostile}", Found.EDITED)])
    assert text.replace("\n", "").isprintable()
    assert len(text.splitlines()) == 1


def test_changes_say_where_a_persons_file_went() -> None:
    changes: list[Change] = [
        Write(File("/etc/a", ""), Found.EDITED),
        Remove("/etc/b", Found.OURS),
    ]
    assert file_changes_text(changes) == ("+ /etc/a  (what was there: /etc/a.lvs-save)\n- /etc/b\n")
    assert file_changes_text([]) == "no changes\n"
