"""One host as its role file describes it: network, director or real server. Facts only."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from lvsboot.ipvs.table import DaemonRole, Family, ForwardingMethod, Timeouts, TunnelType
from lvsboot.policy import Foreign, Weights
from lvsboot.role.formats import Address, Interface, Network
from lvsboot.role.services import Service


class Backend(Enum):
    """The program that configures the NICs."""

    AUTO = "auto"
    NETWORKD = "networkd"
    NETPLAN = "netplan"
    IFUPDOWN = "ifupdown"
    EXTERNAL = "external"


class Dhcp(Enum):
    """For which IP versions a NIC asks DHCP."""

    NO = "no"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    BOTH = "both"


class Owner(Enum):
    """Whether lvsboot or another program puts a VIP up and takes it down."""

    LVSBOOT = "lvsboot"
    EXTERNAL = "external"


class SyncMode(Enum):
    """Which sync daemons run: the master sends connections, the backup receives them."""

    MASTER = "master"
    BACKUP = "backup"
    BOTH = "both"

    @property
    def daemons(self) -> tuple[DaemonRole, ...]:
        match self:
            case SyncMode.MASTER:
                return (DaemonRole.MASTER,)
            case SyncMode.BACKUP:
                return (DaemonRole.BACKUP,)
            case SyncMode.BOTH:
                return (DaemonRole.MASTER, DaemonRole.BACKUP)


class VipOnStop(Enum):
    """What `systemctl stop lvs` does with a director's VIPs."""

    KEEP = "keep"
    REMOVE = "remove"


class Route(NamedTuple):
    to: Network
    via: Address


class Nic(NamedTuple):
    """One entry of network.interfaces; `mtu` in bytes, None for the kernel's default.

    With `gateway_on_link` gateways and next hops need not be in one of the NIC's networks.
    """

    name: str
    mac: str | None
    addresses: tuple[Interface, ...]
    dhcp: Dhcp
    gateway: Address | None
    gateway6: Address | None
    gateway_on_link: bool
    nameservers: tuple[Address, ...]
    search: tuple[str, ...]
    routes: tuple[Route, ...]
    mtu: int | None
    required: bool

    def has_dhcp(self, version: int) -> bool:
        return self.dhcp in {Dhcp.BOTH, Dhcp.IPV4 if version == 4 else Dhcp.IPV6}

    @property
    def gateways(self) -> tuple[Address, ...]:
        pair = (self.gateway, self.gateway6)
        return tuple(gateway for gateway in pair if gateway is not None)


class NetworkPlan(NamedTuple):
    backend: Backend
    nics: tuple[Nic, ...]


class Vip(NamedTuple):
    """A VIP of a director, and the device that carries it."""

    address: Address
    interface: str
    owner: Owner


class Masquerade(NamedTuple):
    """Packets from `source` leave through `interface` with the director's address."""

    source: Network
    interface: str


class Sync(NamedTuple):
    """How two directors share connections; `max_length` in bytes, None for the kernel's default."""

    mode: SyncMode
    interface: str
    id: int
    group: Address
    port: int
    ttl: int
    max_length: int | None


class Director(NamedTuple):
    """`timeouts` in seconds, 0 for the kernel's default; `tuning` by names below net.ipv4.vs."""

    vips: tuple[Vip, ...]
    services: tuple[Service, ...]
    timeouts: Timeouts
    connection_table_bits: int | None
    tuning: Mapping[str, str]
    masquerades: tuple[Masquerade, ...]
    sync: Sync | None
    foreign_services: Foreign
    weights: Weights
    vip_on_stop: VipOnStop


class TunnelEnd(NamedTuple):
    """How packets arrive at a real server by tunnel.

    `port` is gue's. `family` is that of the outer packets, None for each VIP's own. `mss` in
    bytes is announced to clients, None for what the tunnel's headers leave of the MTU.
    """

    type: TunnelType
    port: int | None
    checksum: bool
    family: Family | None
    mss: int | None


class RealServer(NamedTuple):
    """`tunnel` is set for method tun only."""

    method: ForwardingMethod
    vips: tuple[Address, ...]
    director: Address | None
    tunnel: TunnelEnd | None


class Role(NamedTuple):
    """One host; `network` is None where the platform configures the NICs."""

    hostname: str | None
    network: NetworkPlan | None
    kind: Director | RealServer
    sysctl: Mapping[str, str]

    @property
    def nics(self) -> tuple[Nic, ...]:
        return self.network.nics if self.network is not None else ()
