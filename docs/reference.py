"""Writes docs/role.md from schemas/role.json: `python docs/reference.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a mapping; `default`, which may be empty, and `examples` are JSON."""

    name: str
    kind: str
    is_required: bool
    default: str
    examples: tuple[str, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping that a role may have; `path` is a nested one's, below the mapping named `title`."""

    title: str
    path: str
    description: str
    keys: tuple[Key, ...]


def role_page() -> str:
    """The page's whole text."""
    return "\n".join([_HEAD, *(_section(table) for table in tables(load_schema()))])


def tables(schema: dict[str, Any]) -> Iterator[Table]:
    """Every mapping of a role, the role itself first."""
    yield from _tables("The host", "", schema, schema)
    for name, definition in schema["$defs"].items():
        if definition.get("type") == "object" and (title := _named(name, definition)):
            yield from _tables(title[0].upper() + title[1:], "", definition, schema)


def _named(name: str, definition: dict[str, Any]) -> str:
    """The director's own view of VIPs and real servers has a title that another has, too."""
    return {
        "director_vip": "a director's VIP",
        "destination": "a service's real server",
        "tunnel_end": "tunnel, its end on a real server",
        "real_server": "real server, the host",
    }.get(name, str(definition["title"]))


def _tables(
    title: str, path: str, value: dict[str, Any], schema: dict[str, Any]
) -> Iterator[Table]:
    yield Table(title, path, value.get("description", ""), tuple(_keys(value, schema)))
    for key, child in value.get("properties", {}).items():
        if child.get("type") == "object" and "properties" in child:
            yield from _tables(title, f"{path}.{key}" if path else key, child, schema)


def _section(table: Table) -> str:
    lines = [f"### `{table.path}`\n" if table.path else f"## {table.title}\n"]
    if table.description:
        lines.append(f"{table.description}\n")
    lines += ["| key | value | default | example | meaning |", "|---|---|---|---|---|"]
    for key in table.keys:
        default = "required" if key.is_required else f"`{key.default}`" if key.default else ""
        examples = ", ".join(f"`{example}`" for example in key.examples)
        lines.append(f"| `{key.name}` | {key.kind} | {default} | {examples} | {key.meaning} |")
    return "\n".join([*lines, ""])


def _keys(value: dict[str, Any], schema: dict[str, Any]) -> Iterator[Key]:
    required = set(value.get("required", ()))
    for name, child in value.get("properties", {}).items():
        target = _resolve(child, schema)
        yield Key(
            name,
            _kind(target, schema),
            name in required,
            # As flow style writes it: JSON is YAML, too.
            json.dumps(target["default"]) if "default" in target else "",
            tuple(json.dumps(example) for example in target.get("examples", ())),
            target.get("description", ""),
        )


def _resolve(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = value.get("$ref")
    if reference is None:
        return value
    definition: dict[str, Any] = schema["$defs"][reference.rsplit("/", 1)[1]]
    return {**definition, **value}


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
