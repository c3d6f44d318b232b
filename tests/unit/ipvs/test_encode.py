"""Attributes: pinned bytes, and round trips through the decoder."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lvsboot.ipvs.decode import (
    decode_daemon,
    decode_destination,
    decode_destination_key,
    decode_key,
    decode_service,
    decode_timeouts,
)
from lvsboot.ipvs.encode import (
    encode_daemon,
    encode_destination,
    encode_key,
    encode_options,
    encode_timeouts,
)
from lvsboot.ipvs.table import (
    Daemon,
    DaemonRole,
    Destination,
    DestinationKey,
    Family,
    FirewallMark,
    ForwardingMethod,
    Persistence,
    SchedulerFlag,
    ServiceKey,
    ServiceOptions,
    Timeouts,
    Tunnel,
    TunnelChecksum,
    TunnelType,
)
from tests.unit.ipvs import tables as drawn
from tests.unit.ipvs.wire import WEB, attributes, little


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
