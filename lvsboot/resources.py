"""Finds the units, templates and schemas that travel with the code."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
# A wheel carries the folders inside the package; in a checkout they stand beside it.
_HOME = _PACKAGE if (_PACKAGE / "units").is_dir() else _PACKAGE.parent

UNITS = _HOME / "units"
TEMPLATES = _HOME / "templates"
ROLE_SCHEMA = _HOME / "schemas" / "role.json"
