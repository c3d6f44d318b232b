"""What hypothesis makes role files of: the schema's own words, values, and examples damaged."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from lvsboot.role.document import Path, parse_document
from lvsboot.role.schema import load_schema
from tests.golden import REPOSITORY

EXAMPLES = [place.read_bytes() for place in sorted((REPOSITORY / "examples").rglob("*.yaml"))]
_ROLES = [parse_document(raw, "role.yaml").value for raw in EXAMPLES]


def _keys_of(schema: Any) -> set[str]:
    match schema:
        case dict():
            here = set(schema.get("properties", {}))
            return here.union(*(_keys_of(child) for child in schema.values()))
        case list():
            return set().union(*(_keys_of(child) for child in schema))
        case _:
            return set()


WORDS = st.sampled_from(sorted(_keys_of(load_schema())))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["dr", "nat", "tun", "192.0.2.1", "2001:db8::1", "192.0.2.1/24", "eth0", "lo", 1, 80]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(WORDS, st.text(max_size=8)), inner, max_size=5),
    ),
    max_leaves=25,
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """An example's value, one or two of its parts removed or replaced."""
    role = copy.deepcopy(draw(st.sampled_from(_ROLES)))
    for _ in range(draw(st.integers(1, 2))):
        *above, last = draw(st.sampled_from(sorted(_paths(role), key=repr)))
        place = role
        for step in above:
            place = place[step]
        if draw(st.booleans()):
            del place[last]
        else:
            place[last] = draw(VALUES)
    return role


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Of all parts below the value."""
    match value:
        case dict():
            children: Any = value.items()
        case list():
            children = enumerate(value)
        case _:
            return
    for step, child in children:
        yield (*path, step)
        yield from _paths(child, (*path, step))
