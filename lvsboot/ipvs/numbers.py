"""The kernel's numbers for commands, attributes and values (include/uapi/linux/ip_vs.h).

Plain classes and ints: to create IntEnum classes takes longer than to read three rules.
"""

from __future__ import annotations

from lvsboot.ipvs.table import (
    DaemonRole,
    Family,
    ForwardingMethod,
    Protocol,
    SchedulerFlag,
    TunnelChecksum,
    TunnelType,
)

FAMILY_NAME = "IPVS"


class Command:
    NEW_SERVICE = 1
    SET_SERVICE = 2
    DEL_SERVICE = 3
    GET_SERVICE = 4
    NEW_DEST = 5
    SET_DEST = 6
    DEL_DEST = 7
    GET_DEST = 8
    NEW_DAEMON = 9
    DEL_DAEMON = 10
    GET_DAEMON = 11
    SET_CONFIG = 12
    GET_CONFIG = 13
    ZERO = 16


class Top:
    SERVICE = 1
    DEST = 2
    DAEMON = 3
    TIMEOUT_TCP = 4
    TIMEOUT_TCP_FIN = 5
    TIMEOUT_UDP = 6


class Svc:
    AF = 1
    PROTOCOL = 2
    ADDR = 3
    PORT = 4
    FWMARK = 5
    SCHED_NAME = 6
    FLAGS = 7
    TIMEOUT = 8
    NETMASK = 9
    STATS = 10
    PE_NAME = 11
    STATS64 = 12


class Dest:
    ADDR = 1
    PORT = 2
    FWD_METHOD = 3
    WEIGHT = 4
    U_THRESH = 5
    L_THRESH = 6
    ACTIVE_CONNS = 7
    INACT_CONNS = 8
    PERSIST_CONNS = 9
    STATS = 10
    ADDR_FAMILY = 11
    STATS64 = 12
    TUN_TYPE = 13
    TUN_PORT = 14
    TUN_FLAGS = 15


class Dmn:
    STATE = 1
    MCAST_IFN = 2
    SYNC_ID = 3
    SYNC_MAXLEN = 4
    MCAST_GROUP = 5
    MCAST_GROUP6 = 6
    MCAST_PORT = 7
    MCAST_TTL = 8


ADDRESS_SIZE = 16  # union nf_inet_addr; IPv4 takes the first four bytes
AF_INET = 2
AF_INET6 = 10
AF = {Family.IPV4: AF_INET, Family.IPV6: AF_INET6}
FAMILY = {number: family for family, number in AF.items()}
PROTOCOL_NUMBER = {Protocol.TCP: 6, Protocol.UDP: 17, Protocol.SCTP: 132}
PROTOCOL = {number: protocol for protocol, number in PROTOCOL_NUMBER.items()}
METHOD = (
    ForwardingMethod.NAT,
    ForwardingMethod.LOCAL,
    ForwardingMethod.TUN,
    ForwardingMethod.DR,
)
METHOD_NUMBER = {method: number for number, method in enumerate(METHOD)}
TUNNEL = (TunnelType.IPIP, TunnelType.GUE, TunnelType.GRE)
TUNNEL_NUMBER = {kind: number for number, kind in enumerate(TUNNEL)}
CHECKSUM = (TunnelChecksum.NONE, TunnelChecksum.FULL, TunnelChecksum.REMOTE)
CHECKSUM_NUMBER = {checksum: number for number, checksum in enumerate(CHECKSUM)}
DAEMON_NUMBER = {DaemonRole.MASTER: 1, DaemonRole.BACKUP: 2}
DAEMON = {number: role for role, number in DAEMON_NUMBER.items()}

PERSISTENT = 0x1
ONE_PACKET = 0x4
FLAG_BIT = {SchedulerFlag.FALLBACK: 0x8, SchedulerFlag.PORT: 0x10, SchedulerFlag.THIRD: 0x20}
