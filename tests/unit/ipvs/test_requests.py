"""Each change has a well-formed request, and a pool the same ones as its steps."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from lvsboot.ipvs import netlink
from lvsboot.ipvs.changes import (
    AddDestination,
    AddService,
    StopDaemon,
    diff,
    diff_daemons,
    inverse,
    steps,
)
from lvsboot.ipvs.requests import RequestEncoder
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    FirewallMark,
    ServiceKey,
    Table,
)
from tests.unit.ipvs import tables as drawn
from tests.unit.ipvs.wire import little


@little
def test_a_request_in_bytes() -> None:
    change = AddDestination(FirewallMark(1), DestinationKey(b"\x0a\0\0\1", 0), Destination())
    (request,) = RequestEncoder(0x1F).changes([change], 7)
    assert netlink.acknowledged(request)[:44] == bytes.fromhex(
        "88000000 1f00 0500 07000000 00000000"  # length, family, flags, sequence, port
        "05 01 0000"  # NEW_DEST, version 1
        "14000180 06000100 02000000 08000500 01000000"  # nest SERVICE
        "60000280"  # nest DEST
    )


@given(drawn.tables(), drawn.tables())
def test_every_change_has_a_well_formed_request(actual: Table, desired: Table) -> None:
    encoder = RequestEncoder(0x1F)
    changes = (*diff(actual, desired), *diff_daemons(Table({}), desired))
    for change in chain.from_iterable((it, *inverse(it)) for it in changes):
        requests = encoder.changes([change], 5)
        for number, (request, step) in enumerate(zip(requests, steps(change), strict=True), 5):
            (message,) = netlink.split_messages(request)
            assert (message.kind, message.sequence) == (0x1F, number)
            assert netlink.generic_attributes(message.body) or isinstance(step, StopDaemon)


@given(drawn.keys, st.data())
def test_a_pool_is_requested_as_its_steps_are(service: ServiceKey, data: st.DataObject) -> None:
    pool = dict(data.draw(st.lists(drawn.destinations(service), max_size=4)))
    change = AddService(service, data.draw(drawn.service_options(service)), pool)
    encoder = RequestEncoder(0x1F)
    assert encoder.changes([change], 9) == encoder.changes(steps(change), 9)
