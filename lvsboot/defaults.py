"""What a key means when a role file leaves it out. A test holds schemas/role.json to this page."""

from __future__ import annotations

from ipaddress import IPv4Address

from lvsboot.ipvs.table import Family, Protocol, TunnelType
from lvsboot.model import Backend, Dhcp, Owner, VipOnStop
from lvsboot.policy import Foreign, Weights

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
