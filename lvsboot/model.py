"""What a role file says, in types. Holds facts only: no defaults, no checks, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from lvsboot.formats import Address, Interface, Network
from lvsboot.ipvs.table import ForwardingMethod, Protocol


class Backend(Enum):
    """Who configures the NICs."""

    AUTO = "auto"
    NETWORKD = "networkd"
    EXTERNAL = "external"


class Dhcp(Enum):
    NO = "no"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    BOTH = "both"


class Owner(Enum):
    """Who puts a VIP up and takes it down."""

    LVSBOOT = "lvsboot"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Route:
    to: Network
    via: Address


@dataclass(frozen=True, slots=True)
class Nic:
    """One entry of network.interfaces; `mtu` in bytes, None for the kernel's own."""

    name: str
    mac: str | None
    addresses: tuple[Interface, ...]
    dhcp: Dhcp
    gateway: Address | None
    gateway6: Address | None
    nameservers: tuple[Address, ...]
    routes: tuple[Route, ...]
    mtu: int | None
    required: bool


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
class Destination:
    """A real server as one service sees it; `port` None is the service's own."""

    address: Address
    port: int | None
    weight: int


@dataclass(frozen=True, slots=True)
class Service:
    vip: Address
    port: int
    protocol: Protocol
    scheduler: str
    method: ForwardingMethod
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class Director:
    method: ForwardingMethod
    vips: tuple[Vip, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class RealServer:
    method: ForwardingMethod
    vips: tuple[Address, ...]
    director: Address | None


@dataclass(frozen=True, slots=True)
class Role:
    """One host. `network` is None where the platform configures the NICs."""

    hostname: str | None
    network: NetworkPlan | None
    duty: Director | RealServer
    sysctl: Mapping[str, str]

    @property
    def nics(self) -> tuple[Nic, ...]:
        return self.network.nics if self.network is not None else ()
