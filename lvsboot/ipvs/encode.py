"""Encodes a table's values as netlink attributes. No I/O."""

from __future__ import annotations

from struct import Struct
from sys import byteorder
from typing import assert_never

from lvsboot.ipvs import netlink
from lvsboot.ipvs.numbers import (
    ADDRESS_SIZE,
    AF,
    AF_INET,
    AF_INET6,
    CHECKSUM_NUMBER,
    DAEMON_NUMBER,
    FLAG_BIT,
    METHOD_NUMBER,
    ONE_PACKET,
    PERSISTENT,
    PROTOCOL_NUMBER,
    TUNNEL_NUMBER,
    Dest,
    Dmn,
    Svc,
    Top,
)
from lvsboot.ipvs.table import (
    IPV4_HOST_MASK,
    IPV6_HOST_PREFIX,
    Daemon,
    DaemonRole,
    Destination,
    DestinationKey,
    Family,
    FirewallMark,
    Persistence,
    ServiceKey,
    ServiceOptions,
    Timeouts,
    VirtualAddress,
)

# Attributes AF, PROTOCOL, ADDR and PORT of a service, in one go: a large table has thousands.
_SERVICE_KEY = Struct("=HHHxxHHHxxHH16sHH2sxx")
_AF, _PROTOCOL, _ADDRESS, _AT = Svc.AF, Svc.PROTOCOL, Svc.ADDR, Svc.PORT


def encode_key(key: ServiceKey) -> bytes:
    """The attributes that name a service, to be put into a nest."""
    match key:
        case VirtualAddress(protocol, address, port):
            af = AF_INET if len(address) == 4 else AF_INET6
            number, at = PROTOCOL_NUMBER[protocol], port.to_bytes(2, "big")
            return _SERVICE_KEY.pack(
                6, _AF, af, 6, _PROTOCOL, number, 20, _ADDRESS, address, 6, _AT, at
            )
        case FirewallMark(mark, family):
            return netlink.u16(Svc.AF, AF[family]) + netlink.u32(Svc.FWMARK, mark)
        case _:
            assert_never(key)


def encode_options(family: Family, options: ServiceOptions) -> bytes:
    """The attributes of a service behind its key, in the kernel's own order.

    An edit replaces all of them.
    """
    persistence = options.persistence
    flags = sum(FLAG_BIT[flag] for flag in options.scheduler_flags)
    flags |= PERSISTENT if persistence is not None else 0
    flags |= ONE_PACKET if options.one_packet else 0
    # Every flag is meant, so every bit is in the mask.
    flag_words = flags.to_bytes(4, byteorder) + b"\xff" * 4
    timeout = 0 if persistence is None else persistence.timeout
    return b"".join(
        (
            netlink.string(Svc.SCHED_NAME, options.scheduler),
            netlink.string(Svc.PE_NAME, options.engine) if options.engine else b"",
            netlink.attribute(Svc.FLAGS, flag_words),
            netlink.u32(Svc.TIMEOUT, timeout),
            netlink.attribute(Svc.NETMASK, _netmask_bytes(family, persistence)),
        )
    )


def _netmask_bytes(family: Family, persistence: Persistence | None) -> bytes:
    """IPv4: a mask in network order. IPv6: a prefix length in host order."""
    if family is Family.IPV6:
        prefix = IPV6_HOST_PREFIX if persistence is None else persistence.netmask
        return prefix.to_bytes(4, byteorder)
    mask = IPV4_HOST_MASK if persistence is None else persistence.netmask
    return mask.to_bytes(4, "big")


# Attributes ADDR, PORT and ADDR_FAMILY of a destination, in one go: only these differ in every
# request of a large table.
_DESTINATION_KEY = Struct("=HH16sHH2sxxHHHxx")
_ADDR, _PORT, _ADDR_FAMILY = Dest.ADDR, Dest.PORT, Dest.ADDR_FAMILY


def encode_destination_key(key: DestinationKey) -> bytes:
    address, port = key
    af = AF_INET if len(address) == 4 else AF_INET6
    return _DESTINATION_KEY.pack(
        20, _ADDR, address, 6, _PORT, port.to_bytes(2, "big"), 6, _ADDR_FAMILY, af
    )


# Bytes of a destination's attributes up to its address, and up to its options.
_TO_ADDRESS, _TO_OPTIONS = 4, 28
DESTINATION_HEAD = netlink.attribute_head(Dest.ADDR, ADDRESS_SIZE)


def encode_destination(key: DestinationKey, destination: Destination) -> bytes:
    """All attributes that can be set, in the kernel's own order; an edit replaces all of them."""
    name, tunnel = encode_destination_key(key), destination.tunnel
    return b"".join(
        (
            name[:_TO_OPTIONS],
            netlink.u32(Dest.FWD_METHOD, METHOD_NUMBER[destination.method]),
            netlink.u32(Dest.WEIGHT, destination.weight),
            netlink.u8(Dest.TUN_TYPE, TUNNEL_NUMBER[tunnel.type]),
            netlink.be16(Dest.TUN_PORT, tunnel.port),
            netlink.u16(Dest.TUN_FLAGS, CHECKSUM_NUMBER[tunnel.checksum]),
            netlink.u32(Dest.U_THRESH, destination.upper_threshold),
            netlink.u32(Dest.L_THRESH, destination.lower_threshold),
            name[_TO_OPTIONS:],
        )
    )


class DestinationCache(dict[tuple[int, int, Destination], bytes]):
    """Cache: length of the address, port and destination to the bytes that follow the address.

    A large table has few different ones. DESTINATION_HEAD, the address and these bytes together are
    what encode_destination() returns, many times faster.
    """

    def __missing__(self, found: tuple[int, int, Destination]) -> bytes:
        size, port, destination = found
        encoded = encode_destination(DestinationKey(bytes(size), port), destination)
        tail = self[found] = encoded[_TO_ADDRESS + size :]
        return tail


class OptionsCache(dict[tuple[Family, ServiceOptions], bytes]):
    """Cache of encode_options(): the services of a large table have few different options."""

    def __missing__(self, found: tuple[Family, ServiceOptions]) -> bytes:
        encoded = self[found] = encode_options(*found)
        return encoded


def encode_timeouts(timeouts: Timeouts) -> bytes:
    return (
        netlink.u32(Top.TIMEOUT_TCP, timeouts.tcp)
        + netlink.u32(Top.TIMEOUT_TCP_FIN, timeouts.tcp_fin)
        + netlink.u32(Top.TIMEOUT_UDP, timeouts.udp)
    )


def encode_daemon(role: DaemonRole, daemon: Daemon) -> bytes:
    """The attributes of a sync daemon; what is left out the kernel chooses."""
    attributes = [
        netlink.u32(Dmn.STATE, DAEMON_NUMBER[role]),
        netlink.string(Dmn.MCAST_IFN, daemon.interface),
        netlink.u32(Dmn.SYNC_ID, daemon.sync_id),
    ]
    if daemon.max_length:
        attributes.append(netlink.u16(Dmn.SYNC_MAXLEN, daemon.max_length))
    if daemon.group is not None:
        group = Dmn.MCAST_GROUP if len(daemon.group) == 4 else Dmn.MCAST_GROUP6
        attributes.append(netlink.attribute(group, daemon.group))
    if daemon.port:
        attributes.append(netlink.u16(Dmn.MCAST_PORT, daemon.port))
    if daemon.ttl:
        attributes.append(netlink.u8(Dmn.MCAST_TTL, daemon.ttl))
    return b"".join(attributes)
