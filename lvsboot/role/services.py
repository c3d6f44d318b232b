"""A director's services and their real servers, as a role file declares them. Facts only."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from lvsboot.ipvs.table import Family, ForwardingMethod, Protocol, SchedulerFlag, TunnelType
from lvsboot.role.formats import Address


class Helper(Enum):
    """Kernel modules that follow a protocol whose control connection opens further ones."""

    FTP = "ftp"


class Tunnel(NamedTuple):
    """How packets to a real server are wrapped; `port` is gue's."""

    type: TunnelType
    port: int | None
    checksum: bool


class Destination(NamedTuple):
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


class Persistence(NamedTuple):
    """`timeout` in seconds; with `prefix` None each address is a client of its own."""

    timeout: int
    prefix: int | None
    engine: str | None


class VirtualService(NamedTuple):
    """A service for packets to a VIP and port; port 0 is every port."""

    vip: Address
    port: int
    protocol: Protocol

    def __str__(self) -> str:
        return f"{self.protocol.value} {self.vip} port {self.port}"


class MarkedService(NamedTuple):
    """A service for packets with a firewall mark."""

    mark: int
    family: Family

    def __str__(self) -> str:
        return f"fwmark {self.mark} of {self.family.value}"


class Ports(NamedTuple):
    """The ports from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


class Match(NamedTuple):
    """Packets to which lvsboot's nftables table gives a service's mark."""

    vip: Address
    protocol: Protocol
    ports: tuple[Ports, ...]


class Service(NamedTuple):
    """`matches` are a marked service's; without any, another program gives the mark."""

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
        """The IP version: 4 or 6."""
        return 4 if self.family is Family.IPV4 else 6

    @property
    def port(self) -> int:
        """A destination's port where it names none; 0 for a mark, whose packets keep their port."""
        return self.identity.port if isinstance(self.identity, VirtualService) else 0
