"""connection_table_bits that the running kernel does not take."""

from __future__ import annotations

import pytest

from lvsboot.commands.table_size import explain_size


@pytest.mark.parametrize(
    ("bits", "actual", "release", "said"),
    [
        (
            22,
            None,
            "6.1.0-31-amd64",
            "may be too large: kernels before 6.5, such as 6.1.0-31-amd64",
        ),
        (21, None, "5.15.0", "fall back to 12 in silence"),
        (22, "12", "6.1.0-31-amd64", "has 2^12 buckets, not the 2^22"),
        (22, "12", "6.1.0-31-amd64", "fall back to 12 in silence"),
        (26, "19", "6.12.57+deb13-amd64", "memory has room for no more"),
        (16, "12", "6.1.0", "ip_vs was loaded before the role came"),
        # A distribution's kernel of old with the change: what was read back counts.
        (22, "22", "6.1.0-31-amd64", None),
        (20, None, "6.1.0", None),
        (22, None, "6.5.0", None),
        (22, None, "6.10.3", None),
        (22, None, "next", None),
        (12, "12", "6.12.57", None),
    ],
)
def test_a_size_that_is_not_had_is_told_of(
    bits: int, actual: str | None, release: str, said: str | None
) -> None:
    sentence = explain_size(bits, actual, release)
    assert sentence is None if said is None else said in str(sentence)
