"""The IPVS table as a value: one type for the live and for the desired table. No I/O.

Addresses are packed bytes (4: IPv4, 16: IPv6) and rows are named tuples, where the rest of the
package has `ipaddress` objects and dataclasses: a table may hold 100,000 destinations, and at
boot it is parsed, read from the kernel, compared and encoded before the network is up
(docs/decisions/0002).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, TypeAlias

IPV4_HOST_MASK = 0xFFFFFFFF
IPV6_HOST_PREFIX = 128

# IPVS_SVC_PERSISTENT_TIMEOUT: what ipvsadm takes for a bare -p.
DEFAULT_PERSISTENCE_SECONDS = 360


class Family(StrEnum):
    IPV4 = "ipv4"
    IPV6 = "ipv6"


class Protocol(StrEnum):
    TCP = "tcp"
    UDP = "udp"
    SCTP = "sctp"


class ForwardingMethod(StrEnum):
    NAT = "nat"
    DR = "dr"
    TUN = "tun"
    # Only other programs set it: neither a role nor ipvsadm can.
    LOCAL = "local"


class SchedulerFlag(StrEnum):
    """Three bits whose meaning depends on the scheduler; the first two are named for sh and mh."""

    FALLBACK = "fallback"
    PORT = "port"
    THIRD = "flag-3"


class TunnelType(StrEnum):
    IPIP = "ipip"
    GUE = "gue"
    GRE = "gre"


class TunnelChecksum(StrEnum):
    NONE = "none"
    FULL = "full"
    REMOTE = "remote"


class DaemonRole(StrEnum):
    MASTER = "master"
    BACKUP = "backup"


class VirtualAddress(NamedTuple):
    """Key of a service that is found by a packet's destination."""

    protocol: Protocol
    address: bytes
    port: int

    @property
    def family(self) -> Family:
        return family_of(self.address)


class FirewallMark(NamedTuple):
    """Key of a service that is found by a packet's firewall mark."""

    mark: int
    family: Family = Family.IPV4


ServiceKey: TypeAlias = VirtualAddress | FirewallMark


class Persistence(NamedTuple):
    """How long a client keeps its destination, and which clients share one.

    `netmask` is the kernel's own: for IPv4 the mask as a number (0xFFFFFF00 is a /24; it need
    not be contiguous), for IPv6 the prefix length. `prefix_netmask` makes either.
    """

    timeout: int
    netmask: int


class ServiceOptions(NamedTuple):
    """What `ipvsadm -E` can change of a service."""

    scheduler: str = "wlc"
    scheduler_flags: frozenset[SchedulerFlag] = frozenset()
    one_packet: bool = False
    persistence: Persistence | None = None
    engine: str = ""


class Tunnel(NamedTuple):
    """The port is GUE's only; plain IPIP has neither port nor checksum."""

    type: TunnelType = TunnelType.IPIP
    port: int = 0
    checksum: TunnelChecksum = TunnelChecksum.NONE


PLAIN_IPIP = Tunnel()


class DestinationKey(NamedTuple):
    """Key of a destination within its service."""

    address: bytes
    port: int


class Destination(NamedTuple):
    """What `ipvsadm -e` can change of a destination; `tunnel` is used for TUN only."""

    method: ForwardingMethod = ForwardingMethod.DR
    weight: int = 1
    upper_threshold: int = 0
    lower_threshold: int = 0
    tunnel: Tunnel = PLAIN_IPIP


class Service(NamedTuple):
    options: ServiceOptions
    destinations: Mapping[DestinationKey, Destination]


class Timeouts(NamedTuple):
    """Seconds; 0 leaves the kernel's value as it is, as in SET_CONFIG."""

    tcp: int = 0
    tcp_fin: int = 0
    udp: int = 0


class Daemon(NamedTuple):
    """A sync daemon; 0 and None stand for the kernel's defaults (1472, 224.0.0.81, 8848, 1)."""

    interface: str
    sync_id: int = 0
    max_length: int = 0
    group: bytes | None = None
    port: int = 0
    ttl: int = 0


class Table(NamedTuple):
    """In a desired table a daemon of None is to stop, and one that is not named is left alone."""

    services: Mapping[ServiceKey, Service]
    timeouts: Timeouts = Timeouts()
    daemons: Mapping[DaemonRole, Daemon | None] = {}


def family_of(address: bytes) -> Family:
    return Family.IPV4 if len(address) == 4 else Family.IPV6


def prefix_netmask(family: Family, prefix: int) -> int:
    """The netmask of a persistent service whose clients are grouped by their first bits."""
    if family is Family.IPV6:
        return prefix
    return IPV4_HOST_MASK << (32 - prefix) & IPV4_HOST_MASK


def service_order(key: ServiceKey) -> tuple[bool, str, bytes, int]:
    """Sort key of the canonical order: addresses before marks, IPv4 before IPv6."""
    match key:
        case VirtualAddress(protocol, address, port):
            return (False, f"{key.family}{protocol}", address, port)
        case FirewallMark(mark, family):
            return (True, family, b"", mark)


def destination_order(key: DestinationKey) -> tuple[int, bytes, int]:
    return (len(key.address), key.address, key.port)
