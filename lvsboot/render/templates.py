"""Renders the Jinja templates of templates/."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lvsboot.resources import TEMPLATES


def fill_template(name: str, **values: object) -> str:
    """The text of templates/`name`.j2; raises UndefinedError for a name that `values` lacks."""
    return _environment().get_template(f"{name}.j2").render(**values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        # Nothing here is HTML; role/formats.py keeps line breaks out of every value.
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
