"""Holds a document's value against schemas/role.json, and keeps what is sound. Decodes nothing."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from lvsboot.resources import ROLE_SCHEMA
from lvsboot.role.checks import UNSOUND, Check, Sieve, compile_schema
from lvsboot.role.finding import Aliases
from lvsboot.role.formats import PARSERS

# With these a part that lacks what it must have is still looked into. They count as lost: a rule
# that rests on them says nothing.
STAND_INS: dict[str, dict[str, Any]] = {
    "": {"version": 1},
    "network": {"interfaces": {}},
    "director": {"method": "dr", "vips": [], "services": []},
    "real_server": {"method": "dr"},
    "service": {"real_servers": []},
}


def sift(value: Any, aliases: Aliases | None = None) -> tuple[Any, Sieve]:  # noqa: ANN401
    """The sound part of a document's value, and what the schema alone can tell of the rest.

    Of a value that is no role at all the sound part is None.
    """
    sieve = Sieve(aliases)
    sound = _check()(value, (), sieve)
    return (None if sound is UNSOUND else sound), sieve


def load_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(ROLE_SCHEMA.read_text(encoding="utf-8"))
    return schema


@cache
def _check() -> Check:
    return compile_schema(load_schema(), PARSERS, STAND_INS)
