"""What a role file says, in types. Holds facts only: no defaults, no checks, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from lvsboot.ipvs.table import (
    DaemonRole,
    Family,
    ForwardingMethod,
    Protocol,
    SchedulerFlag,
    Timeouts,
    TunnelType,
)
from lvsboot.policy import Foreign, Weights
from lvsboot.role.formats import Address, Interface, Network


class Backend(Enum):
    """Who configures the NICs."""

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
    """Who puts a VIP up and takes it down."""

    LVSBOOT = "lvsboot"
    EXTERNAL = "external"


class SyncMode(Enum):
    """Which sync daemons run: one sends what the director balances, one listens."""

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


class Helper(Enum):
    """What reads a protocol in which further connections are agreed on."""

    FTP = "ftp"


class VipOnStop(Enum):
    """What `systemctl stop lvs` does with a director's VIPs."""

    KEEP = "keep"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Route:
    to: Network
    via: Address


@dataclass(frozen=True, slots=True)
class Nic:
    """One entry of network.interfaces; `mtu` in bytes, None for the kernel's own.

    With `gateway_on_link` gateways and next hops are neighbours, whatever networks the NIC has.
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


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    backend: Backend
    nics: tuple[Nic, ...]


@dataclass(frozen=True, slots=True)
class Vip:
    """A VIP of a director, and the device that carries it."""

    address: Address
    interface: str
    owner: Owner


@dataclass(frozen=True, slots=True)
class Tunnel:
    """`port` is gue's."""

    type: TunnelType
    port: int | None
    checksum: bool


@dataclass(frozen=True, slots=True)
class Destination:
    """A real server as one service sees it.

    `port` None is the service's own. The thresholds are numbers of connections, 0 for none.
    """

    address: Address
    port: int | None
    weight: int
    method: ForwardingMethod
    upper_threshold: int
    lower_threshold: int
    tunnel: Tunnel | None


@dataclass(frozen=True, slots=True)
class Persistence:
    """`timeout` in seconds; `prefix` None tells every client from every other."""

    timeout: int
    prefix: int | None
    engine: str | None


@dataclass(frozen=True, slots=True)
class VirtualService:
    """What a service is found by: where a packet goes. Port 0 is every port."""

    vip: Address
    port: int
    protocol: Protocol

    def __str__(self) -> str:
        return f"{self.protocol.value} {self.vip} port {self.port}"


@dataclass(frozen=True, slots=True)
class MarkedService:
    """Or by the mark that the firewall gave it."""

    mark: int
    family: Family

    def __str__(self) -> str:
        return f"fwmark {self.mark} of {self.family.value}"


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports from `first` to `last`, both among them."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Match:
    """Packets that get a service's mark."""

    vip: Address
    protocol: Protocol
    ports: tuple[Ports, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """`matches` are a marked service's; none: something else gives the mark."""

    identity: VirtualService | MarkedService
    scheduler: str
    scheduler_flags: frozenset[SchedulerFlag]
    one_packet: bool
    persistence: Persistence | None
    helpers: frozenset[Helper]
    destinations: tuple[Destination, ...]
    matches: tuple[Match, ...]

    @property
    def family(self) -> Family:
        match self.identity:
            case VirtualService(vip=vip):
                return Family.IPV4 if vip.version == 4 else Family.IPV6
            case MarkedService(family=family):
                return family

    @property
    def version(self) -> int:
        """The family as `ipaddress` counts them: 4 or 6."""
        return 4 if self.family is Family.IPV4 else 6

    @property
    def port(self) -> int:
        """What a destination's port is where it names none; a mark's packets keep theirs (0)."""
        return self.identity.port if isinstance(self.identity, VirtualService) else 0


@dataclass(frozen=True, slots=True)
class Masquerade:
    """What comes from `source` leaves through `interface` with the director's address."""

    source: Network
    interface: str


@dataclass(frozen=True, slots=True)
class Sync:
    """How two directors share connections; `max_length` in bytes, None for the kernel's own."""

    mode: SyncMode
    interface: str
    id: int
    group: Address
    port: int
    ttl: int
    max_length: int | None


@dataclass(frozen=True, slots=True)
class Director:
    """`timeouts` in seconds, 0 for the kernel's own; `tuning` by the names below net.ipv4.vs."""

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


@dataclass(frozen=True, slots=True)
class TunnelEnd:
    """Where a real server takes packets out of their tunnel.

    `port` is gue's. `family` is that of the outer packets, None for each VIP's own. `mss` in
    bytes is announced to clients, None for what type, families and MTU leave.
    """

    type: TunnelType
    port: int | None
    checksum: bool
    family: Family | None
    mss: int | None


@dataclass(frozen=True, slots=True)
class RealServer:
    """`tunnel` is there for tun, and only for it."""

    method: ForwardingMethod
    vips: tuple[Address, ...]
    director: Address | None
    tunnel: TunnelEnd | None


@dataclass(frozen=True, slots=True)
class Role:
    """One host. `network` is None where the platform configures the NICs."""

    hostname: str | None
    network: NetworkPlan | None
    kind: Director | RealServer
    sysctl: Mapping[str, str]

    @property
    def nics(self) -> tuple[Nic, ...]:
        return self.network.nics if self.network is not None else ()
