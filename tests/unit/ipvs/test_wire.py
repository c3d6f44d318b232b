"""Attributes and requests: pinned bytes, and back again by property."""

from __future__ import annotations

import sys
from itertools import chain

import pytest
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
from lvsboot.ipvs.decode import (
    decode_daemon,
    decode_destination,
    decode_destination_key,
    decode_key,
    decode_service,
    decode_timeouts,
)
from lvsboot.ipvs.dumps import PoolDecoder, _decode_row
from lvsboot.ipvs.encode import (
    encode_daemon,
    encode_destination,
    encode_key,
    encode_options,
    encode_timeouts,
)
from lvsboot.ipvs.netlink import Attributes, MalformedReplyError, split_attributes
from lvsboot.ipvs.numbers import Dest, Svc, Top
from lvsboot.ipvs.requests import RequestEncoder
from lvsboot.ipvs.table import (
    Daemon,
    DaemonRole,
    Destination,
    DestinationKey,
    Family,
    FirewallMark,
    ForwardingMethod,
    Persistence,
    Protocol,
    SchedulerFlag,
    ServiceKey,
    ServiceOptions,
    Table,
    Timeouts,
    Tunnel,
    TunnelChecksum,
    TunnelType,
    VirtualAddress,
    family_of,
)
from tests.unit.ipvs import tables as drawn
from tests.unit.ipvs.dumps import dumped, dumped_service, run_of

little = pytest.mark.skipif(
    sys.byteorder != "little", reason="the bytes are a little-endian host's"
)
WEB = VirtualAddress(Protocol.TCP, b"\xc0\x00\x02\x01", 80)


def attributes(data: bytes) -> Attributes:
    return Attributes(split_attributes(data))


@little
def test_a_service_in_bytes() -> None:
    options = ServiceOptions(
        "wlc",
        frozenset({SchedulerFlag.PORT}),
        one_packet=True,
        persistence=Persistence(300, 0xFFFFFF00),
        engine="sip",
    )
    assert encode_key(WEB) + encode_options(Family.IPV4, options) == bytes.fromhex(
        "06000100 02000000"  # AF 2
        "06000200 06000000"  # PROTOCOL 6
        "14000300 c0000201 00000000 00000000 00000000"  # ADDR
        "06000400 00500000"  # PORT, in network order
        "08000600 776c6300"  # SCHED_NAME with its null
        "08000b00 73697000"  # PE_NAME
        "0c000700 15000000 ffffffff"  # FLAGS, every bit meant
        "08000800 2c010000"  # TIMEOUT
        "08000900 ffffff00"  # NETMASK, in network order
    )


@little
def test_a_mark_in_bytes() -> None:
    assert encode_key(FirewallMark(7, Family.IPV6)) == bytes.fromhex(
        "06000100 0a000000 08000500 07000000"
    )


@little
def test_an_ipv6_netmask_is_a_prefix_in_host_order() -> None:
    options = ServiceOptions(persistence=Persistence(5, 64))
    tail = bytes.fromhex("08000800 05000000 08000900 40000000")
    assert encode_options(Family.IPV6, options).endswith(tail)


@little
def test_a_destination_in_bytes() -> None:
    key = DestinationKey(b"\x0a\x00\x00\x0b", 8080)
    tunnel = Tunnel(TunnelType.GUE, 6080, TunnelChecksum.REMOTE)
    row = Destination(ForwardingMethod.TUN, 3, 9, 4, tunnel)
    assert encode_destination(key, row) == bytes.fromhex(
        "14000100 0a00000b 00000000 00000000 00000000"  # ADDR
        "06000200 1f900000"  # PORT, in network order
        "08000300 02000000"  # FWD_METHOD
        "08000400 03000000"  # WEIGHT
        "05000d00 01000000"  # TUN_TYPE
        "06000e00 17c00000"  # TUN_PORT, in network order
        "06000f00 02000000"  # TUN_FLAGS
        "08000500 09000000"  # U_THRESH
        "08000600 04000000"  # L_THRESH
        "06000b00 02000000"  # ADDR_FAMILY
    )


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


@given(drawn.keys, st.data())
def test_a_service_there_and_back(key: ServiceKey, data: st.DataObject) -> None:
    options = data.draw(drawn.service_options(key))
    found = attributes(encode_key(key) + encode_options(key.family, options))
    assert decode_key(found) == key
    assert decode_service(found, key.family) == options


@given(drawn.keys, st.data())
def test_a_destination_there_and_back(service: ServiceKey, data: st.DataObject) -> None:
    key, destination = data.draw(drawn.destinations(service))
    found = attributes(encode_destination(key, destination))
    assert decode_destination_key(found, Family.IPV4) == key
    assert decode_destination(found) == destination


@given(drawn.seconds, drawn.seconds, drawn.seconds)
def test_timeouts_there_and_back(tcp: int, fin: int, udp: int) -> None:
    timeouts = Timeouts(tcp, fin, udp)
    assert decode_timeouts(attributes(encode_timeouts(timeouts))) == timeouts


@given(st.sampled_from([*DaemonRole]), drawn.daemons)
def test_a_daemon_there_and_back(role: DaemonRole, daemon: Daemon) -> None:
    assert decode_daemon(attributes(encode_daemon(role, daemon))) == (role, daemon)


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


@given(drawn.keys, st.data())
def test_the_quick_decoder_is_the_general_one(service: ServiceKey, data: st.DataObject) -> None:
    rows = dict(data.draw(st.lists(drawn.destinations(service), max_size=4)))
    bodies = [dumped(*row) for row in rows.items()]
    decoder = PoolDecoder()
    assert decoder.decode([run_of(*bodies)] * bool(rows), service.family) == rows
    assert dict(_decode_row(body, service.family) for body in bodies) == rows
    mixed = {family_of(key.address) for key in rows} - {service.family}
    assert mixed or all(decoder._decode_usual(run_of(body), service.family, {}) for body in bodies)


def test_another_layout_is_decoded_too() -> None:
    """Kernels before 5.3 have no tunnels, and another order is no error."""
    key, row = DestinationKey(b"\x0a\0\0\1", 80), Destination(weight=5)
    parts = split_attributes(encode_destination(key, row))
    for numbers in ((1, 2, 3, 4, 5, 6, 11), (11, 6, 5, 4, 3, 2, 1), (1, 2, 3, 4, 5, 6)):
        nest = b"".join(netlink.attribute(kind, parts[kind]) for kind in numbers)
        body = netlink.GENERIC_HEADER.pack(5, 1, 0) + netlink.nested(Top.DEST, nest)
        assert PoolDecoder().decode([run_of(body)], Family.IPV4) == {key: row}


@given(drawn.keys, st.data())
def test_a_damaged_destination_is_decoded_or_refused(
    service: ServiceKey, data: st.DataObject
) -> None:
    cut = damaged(dumped(*data.draw(drawn.destinations(service))), data)
    try:
        pool = PoolDecoder().decode([run_of(cut)], service.family)
    except MalformedReplyError:
        return
    assert all(len(key.address) in {4, 16} for key in pool)


@given(drawn.keys, st.data())
def test_a_damaged_service_is_decoded_or_refused(key: ServiceKey, data: st.DataObject) -> None:
    cut = damaged(dumped_service(key, data.draw(drawn.service_options(key))), data)
    try:
        found = Attributes(netlink.generic_attributes(cut)).nested(Top.SERVICE)
        name = decode_key(found)
        options = name and decode_service(found, name.family)
    except MalformedReplyError:
        return
    assert options is None or isinstance(options.scheduler, str)


def damaged(message: bytes, data: st.DataObject) -> bytes:
    body = bytearray(message)
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    return bytes(body[: data.draw(st.integers(0, len(body)))])


@given(st.binary(max_size=120))
def test_any_bytes_are_attributes_or_refused(data: bytes) -> None:
    try:
        found = attributes(data)
        decode_key(found)
        decode_service(found, Family.IPV4)
        decode_destination(found)
        decode_daemon(found)
    except MalformedReplyError:
        return


def test_a_service_of_a_protocol_that_is_not_known_is_nobody() -> None:
    found = attributes(
        encode_key(WEB).replace(netlink.u16(Svc.PROTOCOL, 6), netlink.u16(Svc.PROTOCOL, 51))
    )
    assert decode_key(found) is None
    assert Dest.ADDR == Top.SERVICE
