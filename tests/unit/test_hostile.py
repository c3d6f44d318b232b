"""Whatever a role file holds: a Role or problems with places, never another exception."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lvsboot.errors import InputError
from lvsboot.model import Backend
from lvsboot.render.host import render_host
from lvsboot.report import problems_text, problems_value
from lvsboot.role import parse_role
from lvsboot.schema import load_schema
from tests.golden import REPOSITORY

EXAMPLES = [place.read_bytes() for place in sorted((REPOSITORY / "examples").rglob("*.yaml"))]
# Enough to find what is common; `make fuzz` runs the same properties for longer.
settings.register_profile("quick", max_examples=60, deadline=None)
settings.load_profile("quick")


def keys_of(schema: Any) -> set[str]:
    match schema:
        case dict():
            here = set(schema.get("properties", {}))
            return here.union(*(keys_of(child) for child in schema.values()))
        case list():
            return set().union(*(keys_of(child) for child in schema))
        case _:
            return set()


WORDS = st.sampled_from(sorted(keys_of(load_schema())))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["dr", "nat", "192.0.2.1", "2001:db8::1", "192.0.2.1/24", "eth0", "lo", 1, 80]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(WORDS, st.text(max_size=8)), inner, max_size=5),
    ),
    max_leaves=25,
)


def check(raw: bytes) -> None:
    try:
        role_file = parse_role(raw, "role.yaml")
    except InputError as error:
        lines = raw.count(b"\n") + raw.count(b"\r") + 1
        for problem in error.problems:
            # libyaml also breaks lines at NEL, LS and PS, which are not among these.
            assert 1 <= problem.span.line <= lines + len(raw)
            assert problem.span.column >= 1
        text = problems_text(error.problems)
        assert all(char.isprintable() or char in "\n\t" for char in text)
        assert json.loads(json.dumps(problems_value(error.problems)))
    else:
        render_host(role_file.role, role_file.text, Backend.NETWORKD)


@given(st.binary(max_size=300))
def test_bytes(raw: bytes) -> None:
    check(raw)


@given(st.text(max_size=300))
def test_text(text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"))


@given(VALUES)
def test_structures_with_the_schemas_own_keys(value: Any) -> None:
    check(json.dumps(value).encode())


@given(st.fixed_dictionaries({"version": st.just(1), "director": st.dictionaries(WORDS, VALUES)}))
def test_directors(value: dict[str, Any]) -> None:
    check(json.dumps(value).encode())


@given(st.sampled_from(EXAMPLES), st.data())
def test_damaged_examples(raw: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 20)))
    check(raw[:start] + data.draw(st.binary(max_size=10)) + raw[end:])
