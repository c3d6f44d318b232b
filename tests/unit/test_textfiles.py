"""Files that are refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot import textfiles
from lvsboot.errors import HostError


def test_what_everybody_may_write_is_not_trusted(tmp_path: Path) -> None:
    place = tmp_path / "rules"
    place.write_text("-C\n", encoding="utf-8")
    assert textfiles.read_text(str(place)) == "-C\n"
    place.chmod(0o646)
    with pytest.raises(HostError, match=f"^{place} may be written by everybody.*chmod o-w"):
        textfiles.read_text(str(place))


def test_a_file_without_end_is_refused_and_a_device_is_none_that_anybody_edits() -> None:
    assert textfiles.read_text("/dev/null") == ""
    with pytest.raises(HostError, match="larger than 64 MiB"):
        textfiles.read_text("/dev/zero")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert textfiles.read_text(str(tmp_path / "absent")) is None
    with pytest.raises(HostError, match=r"cannot read .*: Is a directory"):
        textfiles.read_text(str(tmp_path))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(HostError, match="Too many levels of symbolic links"):
        textfiles.read_text(str(tmp_path / "loop"))
