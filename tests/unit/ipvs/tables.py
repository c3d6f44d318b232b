"""Tables drawn by hypothesis, with what ipvsadm's language can say."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

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
    Service,
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

SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "sh", "mh", "none")
# Few, so that two tables often have something in common.
addresses4 = st.integers(1, 6).map(lambda last: bytes((10, 0, 0, last)))
addresses6 = st.integers(1, 6).map(lambda last: b"\x20\x01\x0d\xb8" + bytes(11) + bytes((last,)))
addresses = st.one_of(addresses4, addresses6)
ports = st.sampled_from((80, 443, 65535))
seconds = st.integers(0, 86400 * 31)

tunnels = st.one_of(
    st.just(Tunnel()),
    st.builds(Tunnel, st.just(TunnelType.GUE), ports, st.sampled_from([*TunnelChecksum])),
    st.builds(
        Tunnel,
        st.just(TunnelType.GRE),
        st.just(0),
        st.sampled_from((TunnelChecksum.NONE, TunnelChecksum.FULL)),
    ),
)
keys: st.SearchStrategy[ServiceKey] = st.one_of(
    st.builds(
        VirtualAddress, st.sampled_from([*Protocol]), addresses, st.one_of(ports, st.just(0))
    ),
    st.builds(FirewallMark, st.integers(1, 3), st.sampled_from([*Family])),
)
daemons = st.builds(
    Daemon,
    interface=st.sampled_from(("eth0", "lo")),
    sync_id=st.integers(0, 255),
    max_length=st.sampled_from((0, 1, 1472)),
    group=st.sampled_from((None, b"\xe0\x00\x00\x51", b"\xff\x02" + bytes(13) + b"\x51")),
    port=st.sampled_from((0, 8848)),
    ttl=st.integers(0, 255),
)


# Strategies are made once: to make them anew for each table would take as long as to draw it.
SCHEDULER = st.sampled_from(SCHEDULERS)
FLAGS = st.frozensets(st.sampled_from([*SchedulerFlag]))
ENGINES = st.sampled_from(("", "sip"))
PERSISTENCE = {
    family: st.builds(Persistence, st.integers(1, 86400 * 31), masks)
    for family, masks in (
        (Family.IPV4, st.integers(0, 2**32 - 1)),
        (Family.IPV6, st.integers(1, 128)),
    )
}
METHODS = st.sampled_from((ForwardingMethod.NAT, ForwardingMethod.DR, ForwardingMethod.TUN))
WEIGHTS = st.integers(0, 2**31 - 1)
THRESHOLDS = st.integers(0, 3)
POOL_KEYS = st.lists(keys, max_size=4, unique=True)
TIMEOUTS = st.builds(Timeouts, seconds, seconds, seconds)
DAEMONS = st.dictionaries(st.sampled_from([*DaemonRole]), st.none() | daemons)


@cache
def service_options(key: ServiceKey) -> st.SearchStrategy[ServiceOptions]:
    udp = isinstance(key, FirewallMark) or key.protocol is Protocol.UDP
    every_port = isinstance(key, VirtualAddress) and key.port == 0
    persistence = PERSISTENCE[key.family]
    return st.builds(
        ServiceOptions,
        scheduler=SCHEDULER,
        scheduler_flags=FLAGS,
        one_packet=st.booleans() if udp else st.just(value=False),
        persistence=persistence if every_port else st.none() | persistence,
        engine=ENGINES,
    )


@st.composite
def destinations(draw: st.DrawFn, key: ServiceKey) -> tuple[DestinationKey, Destination]:
    address = draw(addresses)
    mixed = family_of(address) is not key.family
    method = ForwardingMethod.TUN if mixed else draw(METHODS)
    own_port = isinstance(key, FirewallMark) or method is ForwardingMethod.NAT
    port = draw(ports) if own_port or isinstance(key, FirewallMark) else key.port
    lower = draw(THRESHOLDS)
    tunnel = draw(tunnels) if method is ForwardingMethod.TUN else Tunnel()
    return DestinationKey(address, port), Destination(
        method, draw(WEIGHTS), lower + draw(THRESHOLDS), lower, tunnel
    )


@cache
def pools(key: ServiceKey) -> st.SearchStrategy[list[tuple[DestinationKey, Destination]]]:
    return st.lists(destinations(key), max_size=4)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    services = {}
    for key in draw(POOL_KEYS):
        pool = dict(draw(pools(key)))
        services[key] = Service(draw(service_options(key)), pool)
    return Table(services, draw(TIMEOUTS), draw(DAEMONS))
