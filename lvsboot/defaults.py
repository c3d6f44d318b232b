"""What a key means when a role file leaves it out. A test holds schemas/role.json to this page."""

from __future__ import annotations

from lvsboot.ipvs.table import Family, Protocol, TunnelType
from lvsboot.model import Backend, Dhcp, Owner

BACKEND = Backend.AUTO
DHCP = Dhcp.NO
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
