"""Fills the templates of templates/ with a role's own types."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lvsboot.resources import TEMPLATES


def fill_template(name: str, **values: object) -> str:
    """The text of templates/`name`.j2; a name that the template knows and `values` lacks raises."""
    return _environment().get_template(f"{name}.j2").render(**values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        # Unit files and sysctl.d are no markup: role/formats.py keeps every value inside its line.
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
