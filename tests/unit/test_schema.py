"""The schema itself, and the defaults that it tells editors."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from enum import Enum
from typing import Any

from jsonschema import Draft202012Validator

from lvsboot import defaults
from lvsboot.formats import PARSERS
from lvsboot.ipvs.table import ForwardingMethod, Protocol, TunnelType
from lvsboot.model import Backend, Dhcp, Owner
from lvsboot.schema import load_schema
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


def test_every_mapping_refuses_unknown_keys() -> None:
    for schema in subschemas(load_schema()):
        if schema.get("type") == "object":
            assert "additionalProperties" in schema, schema.get("title")


def test_every_key_is_titled_and_described() -> None:
    schema = load_schema()
    mappings = [schema, schema["properties"]["network"], *schema["$defs"].values()]
    for mapping in mappings:
        for key, child in mapping.get("properties", {}).items():
            definition = schema["$defs"][child["$ref"].split("/")[-1]] if "$ref" in child else {}
            described = {**definition, **child}
            assert described["title"], key
            assert described["description"], key


def test_the_reference_page_is_the_schemas() -> None:
    page = REPOSITORY / "docs" / "role.md"
    reference = runpy.run_path(str(page.with_name("reference.py")))
    assert page.read_text(encoding="utf-8") == reference["role_page"]()


def test_the_decoders_defaults_are_the_schemas() -> None:
    definitions = load_schema()["$defs"]
    network = load_schema()["properties"]["network"]["properties"]
    nic = definitions["interface"]["properties"]
    service = definitions["service"]["properties"]
    assert network["backend"]["default"] == defaults.BACKEND.value
    assert nic["dhcp"]["default"] == defaults.DHCP.value
    assert nic["required"]["default"] is defaults.REQUIRED
    assert definitions["director_vip"]["properties"]["owner"]["default"] == defaults.VIP_OWNER.value
    assert service["protocol"]["default"] == defaults.PROTOCOL.value
    assert service["scheduler"]["default"] == defaults.SCHEDULER
    assert service["family"]["default"] == defaults.FAMILY.value
    assert service["one_packet"]["default"] is defaults.ONE_PACKET
    persistence = definitions["persistence"]["properties"]
    assert persistence["timeout"]["default"] == defaults.PERSISTENCE_TIMEOUT
    destination = definitions["destination"]["properties"]
    assert destination["weight"]["default"] == defaults.WEIGHT
    assert destination["upper_threshold"]["default"] == defaults.THRESHOLD
    assert destination["lower_threshold"]["default"] == defaults.THRESHOLD
    tunnel = definitions["tunnel"]["properties"]
    assert tunnel["type"]["default"] == defaults.TUNNEL_TYPE.value
    assert tunnel["checksum"]["default"] is defaults.TUNNEL_CHECKSUM
    tunnel_end = definitions["tunnel_end"]["properties"]
    assert tunnel_end["type"]["default"] == defaults.TUNNEL_TYPE.value
    assert tunnel_end["checksum"]["default"] is defaults.TUNNEL_CHECKSUM
    match = definitions["match"]["properties"]
    assert match["protocol"]["default"] == defaults.PROTOCOL.value


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
    # local is other programs' tables'.
    assert set(definitions["method"]["enum"]) == words(ForwardingMethod) - {"local"}
