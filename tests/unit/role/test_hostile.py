"""Whatever a role file holds: a Role or problems with places, never another exception."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.readers import read_role
from tests.strategies import EXAMPLES, VALUES, WORDS, damaged

# `make fuzz` runs the same properties for longer.


@given(st.binary(max_size=300))
def test_bytes(raw: bytes) -> None:
    read_role(raw)


@given(st.text(max_size=300))
def test_text(text: str) -> None:
    read_role(text.encode("utf-8", "surrogatepass"))


@given(VALUES)
def test_structures_with_the_schemas_own_keys(value: Any) -> None:
    read_role(json.dumps(value).encode())


@given(st.fixed_dictionaries({"version": st.just(1), "director": st.dictionaries(WORDS, VALUES)}))
def test_directors(value: dict[str, Any]) -> None:
    read_role(json.dumps(value).encode())


@given(st.sampled_from(EXAMPLES), st.data())
def test_damaged_examples(raw: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 20)))
    read_role(raw[:start] + data.draw(st.binary(max_size=10)) + raw[end:])


@given(damaged())
def test_examples_with_parts_gone_or_replaced(value: Any) -> None:
    read_role(json.dumps(value).encode())
