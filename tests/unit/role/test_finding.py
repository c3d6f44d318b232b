"""Paths as text, and findings in what aliases repeat."""

from __future__ import annotations

import pytest

from lvsboot.errors import InputError
from lvsboot.role.document import (
    MAX_FINDINGS,
    path_text,
)
from lvsboot.role.reader import parse_role


def test_paths_read_like_the_role_file() -> None:
    assert path_text(("director", "services", 0, "scheduler")) == "director.services[0].scheduler"


SHARED = """\
version: 1
director:
  method: dr
  vips: [{address: 192.0.2.1, interface: lo}]
  services:
    - vip: 192.0.2.1
      port: 80
      real_servers: &web
        - {address: 192.0.2.11, weight: 2}
        - {address: 192.0.2.12}
    - vip: 192.0.2.1
      port: 443
      real_servers: *web
"""


def test_a_shared_list_is_as_good_as_one_written_twice() -> None:
    shared = parse_role(SHARED.encode(), "role.yaml")
    start = SHARED.index("&web") + len("&web")
    pool = SHARED[start : SHARED.index("    - vip", start)].rstrip()
    written_out = SHARED.replace(" &web", "").replace(" *web", pool)
    assert shared.role == parse_role(written_out.encode(), "role.yaml").role
    assert len(shared.role.kind.services[1].destinations) == 2  # type: ignore[union-attr]


def reported(text: str) -> list[tuple[int, str, str, tuple[int, str] | None]]:
    """Of each problem line, key, message, and line and key of what it names beside it."""
    try:
        problems = parse_role(text.encode(), "role.yaml").warnings
    except InputError as error:
        problems = error.problems
    return [
        (
            problem.span.line,
            problem.where,
            problem.message,
            problem.conflicts_with
            and (problem.conflicts_with.span.line, problem.conflicts_with.where),
        )
        for problem in problems
    ]


POOL = "director.services[0].real_servers"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("weight: 2", "weight: 3", []),
        (
            "weight: 2",
            "weight: -1",
            [(9, f"{POOL}[0].weight", "-1 is too small for a weight: at least 0", None)],
        ),
        (
            "address: 192.0.2.12",
            "address: 192.0.2.11",
            [
                (
                    10,
                    f"{POOL}[1].address",
                    "192.0.2.11 is used twice in one service",
                    (9, f"{POOL}[0]"),
                ),
            ],
        ),
        (
            "weight: 2",
            "port: 80",
            [
                (
                    9,
                    f"{POOL}[0].port",
                    "port 80 differs from the service's port 443",
                    (13, "director.services[1].real_servers"),
                )
            ],
        ),
        (
            "port: 443\n",
            "port: 443\n      scheduler: rr\n",
            [
                (
                    13,
                    "director.services[1].scheduler",
                    "'rr' ignores all weights but 0",
                    (10, f"{POOL}[1].weight"),
                )
            ],
        ),
        (
            "      port: 443\n",
            "      <<: {port: 443}\n",
            [(12, "director.services[1]", "merge keys have no meaning in a role file", None)],
        ),
        (
            "vips: [{address: 192.0.2.1, interface: lo}]",
            "vips: [&v {address: 192.0.2.1, interface: lo}, *v]",
            [
                (
                    4,
                    "director.vips[1]",
                    "192.0.2.1 is used twice",
                    (4, "director.vips[0].address"),
                )
            ],
        ),
    ],
)
def test_a_problem_in_a_shared_list_is_told_where_it_was_written(
    old: str, new: str, expected: list[tuple[int, str, str, tuple[int, str] | None]]
) -> None:
    assert old in SHARED
    assert reported(SHARED.replace(old, new)) == expected


def test_a_word_that_is_an_alias_is_told_where_it_contradicts_another() -> None:
    """Not where it was written: that line, a VIP's own, is in order."""
    text = SHARED.replace("{address: 192.0.2.1,", "{address: &vip 192.0.2.1,")
    text += "    - {vip: *vip, port: 443, real_servers: [{address: *vip}]}\n"
    assert [row[:2] for row in reported(text)] == [
        (14, "director.services[2].vip"),
        (14, "director.services[2].real_servers[0].address"),
    ]


def test_what_many_aliases_repeat_hides_nothing_else() -> None:
    """One broken entry in a list that more services share than findings are shown."""
    service = "    - {vip: 192.0.2.1, port: %d, real_servers: *web}\n"
    services = "".join(service % port for port in range(1000, 1000 + MAX_FINDINGS + 1))
    text = SHARED.replace("weight: 2", "weight: x") + services
    text += "    - {vip: 192.0.2.1, port: 99999, real_servers: *web}\n"
    assert [row[:2] for row in reported(text)] == [
        (9, f"{POOL}[0].weight"),
        (1015, "director.services[1003].port"),
    ]
