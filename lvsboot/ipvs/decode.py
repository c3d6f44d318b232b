"""Decodes netlink attributes into a table's values, and checks every reply. No I/O."""

from __future__ import annotations

from sys import byteorder

from lvsboot.ipvs import netlink
from lvsboot.ipvs.netlink import Attributes
from lvsboot.ipvs.numbers import (
    ADDRESS_SIZE,
    CHECKSUM,
    DAEMON,
    FAMILY,
    FLAG_BIT,
    METHOD,
    ONE_PACKET,
    PERSISTENT,
    PROTOCOL,
    TUNNEL,
    Dest,
    Dmn,
    Svc,
    Top,
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
    ServiceKey,
    ServiceOptions,
    Timeouts,
    Tunnel,
    VirtualAddress,
)


def decode_key(service: Attributes) -> ServiceKey | None:
    """None for a protocol that this program does not know, and so must not touch."""
    family = FAMILY.get(service.number(Svc.AF, 2))
    if family is None:
        return None
    if Svc.FWMARK in service:
        return FirewallMark(service.number(Svc.FWMARK, 4), family)
    protocol = PROTOCOL.get(service.number(Svc.PROTOCOL, 2))
    if protocol is None:
        return None
    address = service.raw(Svc.ADDR, ADDRESS_SIZE)[: _address_length(family)]
    return VirtualAddress(protocol, address, service.port(Svc.PORT))


def decode_service(service: Attributes, family: Family) -> ServiceOptions:
    flags = service.number(Svc.FLAGS, 4)
    persistence = None
    if flags & PERSISTENT:
        mask = service.raw(Svc.NETMASK, 4)
        netmask = int.from_bytes(mask, byteorder if family is Family.IPV6 else "big")
        persistence = Persistence(service.number(Svc.TIMEOUT, 4), netmask)
    return ServiceOptions(
        scheduler=service.text(Svc.SCHED_NAME),
        scheduler_flags=frozenset(flag for flag, bit in FLAG_BIT.items() if flags & bit),
        one_packet=bool(flags & ONE_PACKET),
        persistence=persistence,
        engine=service.text(Svc.PE_NAME) if Svc.PE_NAME in service else "",
    )


def decode_destination_key(destination: Attributes, service_family: Family) -> DestinationKey:
    """Kernels before 3.18 show no family: it is the service's."""
    family: Family | None = service_family
    if Dest.ADDR_FAMILY in destination:
        family = FAMILY.get(destination.number(Dest.ADDR_FAMILY, 2))
    if family is None:
        raise netlink.MalformedReplyError("IPVS: a destination is neither IPv4 nor IPv6")
    address = destination.raw(Dest.ADDR, ADDRESS_SIZE)[: _address_length(family)]
    return DestinationKey(address, destination.port(Dest.PORT))


def decode_destination(destination: Attributes) -> Destination:
    """Tunnel attributes came with kernel 5.3; without them every tunnel is plain IPIP."""
    method = METHOD[destination.number(Dest.FWD_METHOD, 4) & 3]
    tunnel = Tunnel()
    if method is ForwardingMethod.TUN and Dest.TUN_TYPE in destination:
        tunnel = _decode_tunnel(destination)
    return Destination(
        method=method,
        weight=destination.number(Dest.WEIGHT, 4),
        upper_threshold=destination.number(Dest.U_THRESH, 4),
        lower_threshold=destination.number(Dest.L_THRESH, 4),
        tunnel=tunnel,
    )


def _decode_tunnel(destination: Attributes) -> Tunnel:
    kind = destination.number(Dest.TUN_TYPE, 1)
    checksum = destination.number(Dest.TUN_FLAGS, 2)
    if kind >= len(TUNNEL) or checksum >= len(CHECKSUM):
        raise netlink.MalformedReplyError(
            "IPVS: a tunnel of a type that this version of lvsboot does not know"
        )
    return Tunnel(TUNNEL[kind], destination.port(Dest.TUN_PORT), CHECKSUM[checksum])


def decode_timeouts(config: Attributes) -> Timeouts:
    """A kernel without TCP or UDP support leaves its timeouts out."""
    return Timeouts(
        tcp=config.optional_number(Top.TIMEOUT_TCP, 4),
        tcp_fin=config.optional_number(Top.TIMEOUT_TCP_FIN, 4),
        udp=config.optional_number(Top.TIMEOUT_UDP, 4),
    )


def decode_daemon(daemon: Attributes) -> tuple[DaemonRole, Daemon]:
    role = DAEMON.get(daemon.number(Dmn.STATE, 4))
    if role is None:
        raise netlink.MalformedReplyError("IPVS: a sync daemon that is neither master nor backup")
    group = None
    if Dmn.MCAST_GROUP in daemon:
        group = daemon.raw(Dmn.MCAST_GROUP, 4)
    elif Dmn.MCAST_GROUP6 in daemon:
        group = daemon.raw(Dmn.MCAST_GROUP6, ADDRESS_SIZE)
    return role, Daemon(
        interface=daemon.text(Dmn.MCAST_IFN),
        sync_id=daemon.number(Dmn.SYNC_ID, 4),
        max_length=daemon.optional_number(Dmn.SYNC_MAXLEN, 2),
        group=group,
        port=daemon.optional_number(Dmn.MCAST_PORT, 2),
        ttl=daemon.optional_number(Dmn.MCAST_TTL, 1),
    )


def _address_length(family: Family) -> int:
    return 4 if family is Family.IPV4 else 16
