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
from tests.strategies import EXAMPLES, VALUES, WORDS, damaged

# Enough to find what is common; `make fuzz` runs the same properties for longer.
settings.register_profile("quick", max_examples=60, deadline=None)
settings.load_profile("quick")


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


@given(damaged())
def test_examples_with_parts_gone_or_replaced(value: Any) -> None:
    check(json.dumps(value).encode())
