"""Finds the entries of a person's lists for which cloud-init would drop the whole list. Pure.

cloudinit/util.py: shellify() makes one script of runcmd, and expand_package_list() one command of
packages. Either gives up at an entry of another type, and ours is then lost with theirs.
"""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.problem import Problem
from lvsboot.render.user_data.document import CloudConfig
from lvsboot.role.finding import Path
from lvsboot.role.messages import shown

_COMMANDS = "cloud-init would run none of these commands"
_PACKAGES = "cloud-init would install none of these packages"


def wrong_entries(theirs: CloudConfig) -> Iterator[Problem]:
    """A problem for each entry of bootcmd, runcmd and packages that is no text and no list of it.

    An empty entry of runcmd, too, which cloud-init skips since 21.4. A mapping in packages, which
    23.4 and later read, is refused for the versions before it.
    """
    for key, loss in (("bootcmd", _COMMANDS), ("runcmd", _COMMANDS), ("packages", _PACKAGES)):
        entries = theirs.value.get(key)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            where: Path = (key, index)
            match entry:
                case str():
                    continue
                case list() if key == "packages" and len(entry) not in {1, 2}:
                    message = f"this list is no name and version: {loss}"
                    yield theirs.problem(where, message, "write a name, or [name, version]")
                case list():
                    yield from _words(theirs, where, entry)
                case None:
                    yield theirs.problem(where, f"this entry is empty: {loss}", "take it out")
                case dict():
                    message = f"this entry is a mapping: {loss}"
                    yield theirs.problem(where, message, "quote it: YAML takes ': ' for a key")
                case _:
                    message = f"{shown(entry)} is no text: {loss}"
                    yield theirs.problem(where, message, "quote it")


def _words(theirs: CloudConfig, where: Path, entry: list[object]) -> Iterator[Problem]:
    """cloud-init hands on what Python prints: True for yes, 493 for 0755."""
    for index, word in enumerate(entry):
        if not isinstance(word, str):
            is_scalar = word is not None and not isinstance(word, list | dict)
            message = f"cloud-init reads {shown(word)} here, and not a text"
            hint = "quote it" if is_scalar else "write a text here, or take it out"
            yield theirs.problem((*where, index), message, hint)
