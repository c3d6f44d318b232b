"""What a key means when a role file leaves it out. A test holds schemas/role.json to this page."""

from __future__ import annotations

from lvsboot.ipvs.table import Protocol
from lvsboot.model import Backend, Dhcp, Owner

BACKEND = Backend.AUTO
DHCP = Dhcp.NO
REQUIRED = True
VIP_OWNER = Owner.LVSBOOT
PROTOCOL = Protocol.TCP
SCHEDULER = "wlc"
WEIGHT = 1
