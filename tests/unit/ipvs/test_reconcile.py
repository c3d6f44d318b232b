"""All changes or none, or as many as the kernel accepts; and the text of its refusals."""

from __future__ import annotations

import errno

from hypothesis import given
from hypothesis import strategies as st

from lvsboot.ipvs.changes import (
    AddDestination,
    AddService,
    Change,
    DeleteService,
    EditService,
    StartDaemon,
    all_steps,
    diff,
)
from lvsboot.ipvs.reconcile import Refusal, execute_all_or_none, execute_best_effort
from lvsboot.ipvs.refusals import refusal_text
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.table import Daemon, DaemonRole, Table
from tests.unit.ipvs.fake import FakeKernel
from tests.unit.ipvs.tables import tables

EMPTY = Table({})


def rules(text: str) -> Table:
    return parse_rules(text, file="rules", port_of=lambda _name, _protocol: None)


@given(tables(), tables(), st.integers(0, 12))
def test_a_refusal_leaves_a_live_table_as_it_was(actual: Table, desired: Table, which: int) -> None:
    changes = diff(actual, desired)
    parts = list(all_steps(changes))
    refused = parts[which % len(parts)] if parts else None
    kernel = FakeKernel(actual, lambda change: errno.EINVAL if change == refused else 0)
    result = execute_all_or_none(kernel, changes)
    if refused in kernel.sent:
        assert result.refused == (Refusal(refused, errno.EINVAL),)
        assert kernel.table == actual
    else:
        assert kernel.table.services == desired.services


def test_what_cannot_be_taken_back_is_said() -> None:
    changes = diff(rules("-A -f 1\n"), rules("-A -f 2\n"))
    kernel = FakeKernel(
        rules("-A -f 1\n"), lambda change: errno.EBUSY if isinstance(change, DeleteService) else 0
    )
    result = execute_all_or_none(kernel, changes)
    assert [type(refusal.change) for refusal in result.not_undone] == [DeleteService]


def absent(change: Change) -> int:
    """Neither `xx` nor `mh` is in this kernel, and so no destination has its service there."""
    match change:
        case AddService(_, options) | EditService(_, options) if options.scheduler in {"xx", "mh"}:
            return errno.ENOENT
        case AddDestination(service) if service.family == "ipv6":
            return errno.ESRCH
        case _:
            return 0


def test_into_an_empty_table_goes_all_that_goes() -> None:
    desired = rules(
        "-A -f 1 -s rr\n-a -f 1 -r 10.0.0.1\n"
        "-A -f 2 -6 -s xx\n-a -f 2 -6 -r [::1]:0\n"
        "-A -f 3 -s mh\n-a -f 3 -r 10.0.0.1\n-a -f 3 -r 10.0.0.2\n"
    )
    kernel = FakeKernel(EMPTY, absent)
    result = execute_best_effort(kernel, diff(EMPTY, desired))
    assert kernel.table.services == rules("-A -f 1 -s rr\n-a -f 1 -r 10.0.0.1\n").services
    assert [refusal_text(refusal) for refusal in result.refused] == [
        "add -f 2 -6 -s xx: no scheduler 'xx' (module ip_vs_xx) in this kernel (ENOENT)",
        "change -f 3 -s mh: no scheduler 'mh' (module ip_vs_mh) in this kernel (ENOENT)",
    ]
    assert result.not_undone == ()


def test_refusals_in_words() -> None:
    daemon = StartDaemon(DaemonRole.MASTER, Daemon("eth9"))
    assert refusal_text(Refusal(daemon, errno.ENODEV)) == (
        "--start-daemon master --mcast-interface eth9 --syncid 0: there is no such interface "
        "(ENODEV)"
    )
    assert refusal_text(Refusal(daemon, 0)).endswith(
        ": the kernel's reply with the reason was lost (0)"
    )
    assert refusal_text(Refusal(daemon, errno.ENOMEM)).endswith("Cannot allocate memory (ENOMEM)")
