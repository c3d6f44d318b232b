"""Writes docs/role.md from schemas/role.json: `python docs/reference.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lvsboot.role.schema import load_schema

PAGE = Path(__file__).parent / "role.md"

_HEAD = """\
# The role file

Generated from schemas/role.json by docs/reference.py. `lvsboot schema` prints the schema; with

    # yaml-language-server: $schema=role.json

as a role's first line, and the schema beside it, an editor completes and checks as one types.
Values are read as in YAML 1.2: `true` and `false` are truth values, `yes`, `no`, `on` and `off` are
texts. An unknown key is an error, as are tags (`!x`) and merge keys (`<<`).

An anchor names a value, and an alias repeats it: services that share their real servers share one
list.

    services:
      - vip: 172.16.14.1
        port: 80
        real_servers: &web
          - {address: 172.16.14.11}
          - {address: 172.16.14.12}
      - vip: 172.16.14.1
        port: 443
        real_servers: *web
"""


def role_page() -> str:
    """The page's whole text."""
    schema = load_schema()
    sections = [_section("The host", "", schema, schema)]
    sections += [
        _section(title[0].upper() + title[1:], "", definition, schema)
        for name, definition in schema["$defs"].items()
        if definition.get("type") == "object" and (title := _named(name, definition))
    ]
    return "\n".join([_HEAD, *sections])


def _named(name: str, definition: dict[str, Any]) -> str:
    """The director's own view of VIPs and real servers has a title that another has, too."""
    return {
        "director_vip": "a director's VIP",
        "destination": "a service's real server",
        "tunnel_end": "tunnel, its end on a real server",
        "real_server": "real server, the host",
    }.get(name, str(definition["title"]))


def _section(title: str, path: str, value: dict[str, Any], schema: dict[str, Any]) -> str:
    lines = [f"## {title}\n" if not path else f"### `{path}`\n"]
    if "description" in value:
        lines.append(f"{value['description']}\n")
    lines += ["| key | value | default | example | meaning |", "|---|---|---|---|---|"]
    lines += _rows(value, schema)
    nested = [
        _section(title, f"{path}.{key}" if path else key, child, schema)
        for key, child in value.get("properties", {}).items()
        if child.get("type") == "object" and "properties" in child
    ]
    return "\n".join([*lines, "", *nested])


def _rows(value: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    required = set(value.get("required", ()))
    for key, child in value.get("properties", {}).items():
        target = _resolve(child, schema)
        default = "required" if key in required else _default(target)
        meaning = target.get("description", "")
        example = _example(target)
        yield f"| `{key}` | {_kind(target, schema)} | {default} | {example} | {meaning} |"


def _resolve(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = value.get("$ref")
    if reference is None:
        return value
    definition: dict[str, Any] = schema["$defs"][reference.rsplit("/", 1)[1]]
    return {**definition, **value}


def _default(value: dict[str, Any]) -> str:
    return f"`{json.dumps(value['default'])}`" if "default" in value else ""


def _example(value: dict[str, Any]) -> str:
    """As flow style writes it: JSON is YAML, too."""
    return ", ".join(f"`{json.dumps(example)}`" for example in value.get("examples", ()))


def _kind(value: dict[str, Any], schema: dict[str, Any]) -> str:
    """What may stand there, in a few words."""
    if "enum" in value:
        return ", ".join(f"`{word}`" for word in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    match value.get("type"):
        case "array":
            item = _resolve(value["items"], schema)
            return f"list of: {_kind(item, schema)}"
        case "integer" | ["integer", "string"]:
            numbers = f"{value['minimum']} to {value['maximum']}"
            return (
                numbers
                if value["type"] == "integer"
                else f"{numbers}, or {value['format'].replace('-', ' ')}"
            )
        case "boolean":
            return "`true`, `false`"
        case "string":
            return str(value["title"])
        case "object" if "properties" not in value:
            item = _resolve(value["additionalProperties"], schema)
            return f"mapping of {value['propertyNames']['title']} to {item['title']}"
        case _:
            return f"{value['title']}, see below"


if __name__ == "__main__":
    PAGE.write_text(role_page(), encoding="utf-8")
