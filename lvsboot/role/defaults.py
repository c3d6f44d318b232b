"""The values of keys that a role file leaves out; a test compares schemas/role.json with them."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

from lvsboot.ipvs.table import Family, ForwardingMethod, Protocol, TunnelType
from lvsboot.policy import Foreign, Weights
from lvsboot.role.model import Backend, Dhcp, Owner, VipOnStop
from lvsboot.role.services import Destination, Helper, MarkedService, VirtualService

BACKEND = Backend.AUTO
DHCP = Dhcp.NO
GATEWAY_ON_LINK = False
REQUIRED = True
VIP_OWNER = Owner.LVSBOOT
PROTOCOL = Protocol.TCP
SCHEDULER = "wlc"
FAMILY = Family.IPV4
ONE_PACKET = False
PERSISTENCE_TIMEOUT = 300
THRESHOLD = 0
TUNNEL_TYPE = TunnelType.IPIP
TUNNEL_CHECKSUM = False
WEIGHT = 1
FOREIGN_SERVICES = Foreign.KEEP
WEIGHTS = Weights.DECLARED
VIP_ON_STOP = VipOnStop.KEEP
# The kernel's own: include/net/ip_vs.h and net/netfilter/ipvs/ip_vs_sync.c.
SYNC_ID = 0
SYNC_GROUP = IPv4Address("224.0.0.81")
SYNC_PORT = 8848
SYNC_TTL = 1
FTP_PORT = 21


def helpers(
    identity: VirtualService | MarkedService, destinations: Iterable[Destination]
) -> frozenset[Helper]:
    """FTP's helper where nat translates its control connection, so that data follow."""
    is_on = is_ftp(identity) and is_translated(destinations)
    return frozenset({Helper.FTP} if is_on else ())


def is_ftp(identity: VirtualService | MarkedService) -> bool:
    return isinstance(identity, VirtualService) and (
        (identity.protocol, identity.port) == (Protocol.TCP, FTP_PORT)
    )


def is_translated(destinations: Iterable[Destination]) -> bool:
    return any(destination.method is ForwardingMethod.NAT for destination in destinations)
