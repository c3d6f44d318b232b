"""Draws what a start or reload did. Prints nothing."""

from __future__ import annotations

from lvsboot.cli.text.changes import changes_text, done_text
from lvsboot.cli.text.weights import weight_lines
from lvsboot.commands.service import Loaded
from lvsboot.ipvs.changes import EditDestination, EditService

_EDITS = frozenset({EditService, EditDestination})


def loaded_text(loaded: Loaded) -> str:
    """Notes, weights that a person has set, warnings, every edit and a summary.

    Thousands of additions at boot are the rules file once more; what an edit takes back, such as
    a weight that somebody set live, is news.
    """
    source = loaded.source
    edits = [change for change in loaded.changes if type(change) in _EDITS]
    lines = [source.note] if source.note else []
    lines += weight_lines(loaded.state)
    lines += (f"warning: {warning}" for warning in loaded.warnings)
    lines += changes_text(edits).splitlines()
    lines.append(f"{source.path}: {done_text(loaded.changes)}")
    return "".join(f"{line}\n" for line in lines)
