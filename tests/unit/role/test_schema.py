"""The schema itself, and the defaults that it tells editors."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from enum import Enum
from typing import Any

from jsonschema import Draft202012Validator

from lvsboot.ipvs.table import ForwardingMethod, Protocol, TunnelType
from lvsboot.policy import Foreign, Weights
from lvsboot.role import defaults
from lvsboot.role.formats import PARSERS
from lvsboot.role.model import Backend, Dhcp, Owner, SyncMode, VipOnStop
from lvsboot.role.schema import load_schema, make_validator
from tests.golden import REPOSITORY


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for child in schema.values():
            yield from subschemas(child)


def words(enum: type[Enum]) -> set[str]:
    return {member.value for member in enum}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(load_schema())


def test_every_format_has_its_parser() -> None:
    formats = {schema["format"] for schema in subschemas(load_schema()) if "format" in schema}
    assert formats - {"hostname"} <= set(PARSERS)
    assert set(PARSERS) == formats


def test_what_stands_beside_a_reference_is_about_meaning_alone() -> None:
    for schema in subschemas(load_schema()):
        if "$ref" in schema:
            assert schema.keys() <= {"$ref", "title", "description", "default", "examples"}


def test_the_type_is_checked_before_all_else() -> None:
    """At one value only the first error is shown."""
    for schema in subschemas(load_schema()):
        keywords = [key for key in schema if key in Draft202012Validator.VALIDATORS]
        if isinstance(schema.get("type"), str | list):
            assert keywords[0] == "type", schema["title"]


def test_every_mapping_refuses_unknown_keys() -> None:
    for schema in subschemas(load_schema()):
        if schema.get("type") == "object":
            assert "additionalProperties" in schema, schema.get("title")


def keys(schema: dict[str, Any], root: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key of a role with its schema, what it refers to filled in."""
    for key, child in schema.get("properties", {}).items():
        definition = root["$defs"][child["$ref"].split("/")[-1]] if "$ref" in child else {}
        yield key, {**definition, **child}
        yield from keys(child, root)
    for definition in schema.get("$defs", {}).values():
        yield from keys(definition, root)


def test_every_key_is_explained_to_whom_an_editor_shows_it() -> None:
    schema = load_schema()
    for key, child in keys(schema, schema):
        assert child["title"], key
        assert child["description"].endswith("."), key
        # What can be written there is a choice of words, a mapping with keys of its own, or shown.
        is_choice = {"enum", "const"} & child.keys() or child.get("type") == "boolean"
        assert is_choice or "properties" in child or child["examples"], key


def test_every_example_and_default_may_stand_where_it_is_shown() -> None:
    schema = load_schema()
    for key, child in keys(schema, schema):
        own = {keyword: value for keyword, value in child.items() if keyword != "$ref"}
        validator = make_validator({**own, "$defs": schema["$defs"]})
        shown = [*child.get("examples", ()), *([child["default"]] if "default" in child else ())]
        for value in shown:
            assert validator.is_valid(value), key


def test_the_reference_page_is_the_schemas() -> None:
    page = REPOSITORY / "docs" / "role.md"
    reference = runpy.run_path(str(page.with_name("reference.py")))
    assert page.read_text(encoding="utf-8") == reference["role_page"]()


# Each default of the schema, by where it stands, with the decoder's own.
DEFAULTS: dict[str, object] = {
    "sysctl": {},
    "network.backend": defaults.BACKEND.value,
    "interface.addresses": [],
    "interface.dhcp": defaults.DHCP.value,
    "interface.gateway_on_link": defaults.GATEWAY_ON_LINK,
    "interface.nameservers": [],
    "interface.search": [],
    "interface.routes": [],
    "interface.required": defaults.REQUIRED,
    "director.tuning": {},
    "director.foreign_services": defaults.FOREIGN_SERVICES.value,
    "director.weights": defaults.WEIGHTS.value,
    "director.vip_on_stop": defaults.VIP_ON_STOP.value,
    "director_vip.owner": defaults.VIP_OWNER.value,
    "sync.id": defaults.SYNC_ID,
    "sync.group": str(defaults.SYNC_GROUP),
    "sync.port": defaults.SYNC_PORT,
    "sync.ttl": defaults.SYNC_TTL,
    "service.protocol": defaults.PROTOCOL.value,
    "service.family": defaults.FAMILY.value,
    "service.scheduler": defaults.SCHEDULER,
    "service.scheduler_flags": [],
    "service.one_packet": defaults.ONE_PACKET,
    "persistence.timeout": defaults.PERSISTENCE_TIMEOUT,
    "destination.weight": defaults.WEIGHT,
    "destination.upper_threshold": defaults.THRESHOLD,
    "destination.lower_threshold": defaults.THRESHOLD,
    "tunnel.type": defaults.TUNNEL_TYPE.value,
    "tunnel.checksum": defaults.TUNNEL_CHECKSUM,
    "real_server.vips": [],
    "tunnel_end.type": defaults.TUNNEL_TYPE.value,
    "tunnel_end.checksum": defaults.TUNNEL_CHECKSUM,
    "match.protocol": defaults.PROTOCOL.value,
    "director.masquerade": [],
}


def defaults_of(schema: dict[str, Any], name: str = "") -> Iterator[tuple[str, object]]:
    for key, child in schema.get("properties", {}).items():
        if "default" in child:
            yield f"{name}.{key}".lstrip("."), child["default"]
        yield from defaults_of(child, key)
    for key, child in schema.get("$defs", {}).items():
        yield from defaults_of(child, key)


def test_the_decoders_defaults_are_the_schemas() -> None:
    assert dict(defaults_of(load_schema())) == DEFAULTS


def test_the_models_words_are_the_schemas() -> None:
    definitions = load_schema()["$defs"]
    network = load_schema()["properties"]["network"]["properties"]
    nic = definitions["interface"]["properties"]
    assert set(network["backend"]["enum"]) == words(Backend)
    assert set(nic["dhcp"]["enum"]) == words(Dhcp)
    assert set(definitions["director_vip"]["properties"]["owner"]["enum"]) == words(Owner)
    for key in ("service", "match"):
        assert set(definitions[key]["properties"]["protocol"]["enum"]) == words(Protocol)
    for key in ("tunnel", "tunnel_end"):
        assert set(definitions[key]["properties"]["type"]["enum"]) == words(TunnelType)
    director = definitions["director"]["properties"]
    assert set(director["foreign_services"]["enum"]) == words(Foreign)
    assert set(director["weights"]["enum"]) == words(Weights)
    assert set(director["vip_on_stop"]["enum"]) == words(VipOnStop)
    assert set(definitions["sync"]["properties"]["mode"]["enum"]) == words(SyncMode)
    # local is other programs' tables'.
    assert set(definitions["method"]["enum"]) == words(ForwardingMethod) - {"local"}
