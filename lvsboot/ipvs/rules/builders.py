"""Builds a service, destination or daemon from options, applied in their order as by ipvsadm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from lvsboot.ipvs.rules import values
from lvsboot.ipvs.rules.options import CommandError, Group, ParsedOption, RefusedError
from lvsboot.ipvs.table import (
    DEFAULT_PERSISTENCE_SECONDS,
    IPV4_HOST_MASK,
    IPV6_HOST_PREFIX,
    Daemon,
    Destination,
    DestinationKey,
    Family,
    FirewallMark,
    ForwardingMethod,
    Persistence,
    Protocol,
    SchedulerFlag,
    ServiceKey,
    ServiceOptions,
    Tunnel,
    TunnelChecksum,
    TunnelType,
    VirtualAddress,
    family_of,
)

# A service's name (/etc/services) to its port, or None.
PortOf: TypeAlias = Callable[[str, Protocol], int | None]

_DEFAULT_SCHEDULER = "wlc"
_PROTOCOL = {
    "tcp-service": Protocol.TCP,
    "udp-service": Protocol.UDP,
    "sctp-service": Protocol.SCTP,
}
_METHOD = {
    "masquerading": ForwardingMethod.NAT,
    "gatewaying": ForwardingMethod.DR,
    "ipip": ForwardingMethod.TUN,
}
_CHECKSUM = {
    Group.TUN_NOCSUM: TunnelChecksum.NONE,
    Group.TUN_CSUM: TunnelChecksum.FULL,
    Group.TUN_REMCSUM: TunnelChecksum.REMOTE,
}


class ServiceBuilder:
    def __init__(self, port_of: PortOf) -> None:
        self._port_of = port_of
        self.key: ServiceKey | None = None
        self.protocol: Protocol | None = None
        self.port = 0
        self._netmask = IPV4_HOST_MASK
        self._timeout: int | None = None
        self._flags: ParsedOption | None = None
        self._scheduler = ""
        self._engine = ""
        self._one_packet = False

    def apply(self, parsed: ParsedOption) -> None:
        match parsed.option.group:
            case Group.SERVICE:
                self._apply_key(parsed)
            case Group.IPV6:
                self._apply_ipv6(parsed)
            case Group.SCHEDULER:
                self._scheduler = values.name(parsed)
            case Group.FLAGS:
                self._flags = parsed
            case Group.PERSISTENT:
                self._apply_timeout(parsed)
            case Group.NETMASK:
                self._apply_netmask(parsed)
            case Group.ENGINE:
                self._engine = values.name(parsed)
            case Group.ONE_PACKET:
                self._one_packet = True

    def _apply_key(self, parsed: ParsedOption) -> None:
        if parsed.option.name == "fwmark-service":
            self.key = FirewallMark(values.number(parsed, 1, values.LARGEST_MARK))
            return
        self.protocol = _PROTOCOL[parsed.option.name]
        address, port = values.endpoint(parsed)
        self.port = self.port_number(port, parsed)
        self.key = VirtualAddress(self.protocol, address, self.port)
        if self.key.family is Family.IPV6:
            self._netmask = IPV6_HOST_PREFIX

    def _apply_timeout(self, parsed: ParsedOption) -> None:
        self._timeout = DEFAULT_PERSISTENCE_SECONDS
        if parsed.value is not None:
            self._timeout = values.number(parsed, 1, values.LONGEST_TIMEOUT)

    def _apply_netmask(self, parsed: ParsedOption) -> None:
        if self.key is not None and self.key.family is Family.IPV6:
            self._netmask = values.number(parsed, 1, IPV6_HOST_PREFIX)
        else:
            self._netmask = values.netmask4(parsed)

    def _apply_ipv6(self, parsed: ParsedOption) -> None:
        if not isinstance(self.key, FirewallMark):
            raise CommandError(
                "-6 goes behind -f: it makes a firewall mark's service IPv6", parsed.word
            )
        self.key = FirewallMark(self.key.mark, Family.IPV6)
        self._netmask = IPV6_HOST_PREFIX

    def port_number(self, text: str | None, parsed: ParsedOption) -> int:
        """A port by number or by name for the service's protocol; None is the service's own."""
        if text is None:
            return self.port
        port = values.port_text_number(text)
        if port is None and self.protocol is not None:
            port = self._port_of(text, self.protocol)
        if port is None:
            raise CommandError(f"'{text}' is neither a port nor a service's name", parsed.word)
        return port

    def options(self) -> ServiceOptions:
        """Only for a command that adds or edits a service."""
        persistence = None
        if self._timeout is not None:
            persistence = Persistence(self._timeout, self._netmask)
        self._check(persistent=persistence is not None)
        scheduler = self._scheduler or _DEFAULT_SCHEDULER
        flags: frozenset[SchedulerFlag] = frozenset()
        if self._flags is not None:
            flags = values.scheduler_flags(self._flags, scheduler)
        return ServiceOptions(scheduler, flags, self._one_packet, persistence, self._engine)

    def _check(self, *, persistent: bool) -> None:
        if not isinstance(self.key, VirtualAddress):
            return
        if self.key.port == 0 and not persistent:
            raise CommandError("port 0 means every port, and needs persistence", hint="add -p")
        if self._one_packet and self.key.protocol is not Protocol.UDP:
            raise CommandError("one-packet scheduling is for UDP and firewall marks only")


class DestinationBuilder:
    def __init__(self, service: ServiceBuilder) -> None:
        self._service = service
        self._key: DestinationKey | None = None
        self._method = ForwardingMethod.DR
        self._weight = 1
        self._upper = self._lower = 0
        self._tunnel: dict[Group, ParsedOption] = {}

    def apply(self, parsed: ParsedOption) -> None:
        match parsed.option.group:
            case Group.SERVER:
                address, port = values.endpoint(parsed)
                self._key = DestinationKey(address, self._service.port_number(port, parsed))
            case Group.FORWARD:
                self._method = _METHOD[parsed.option.name]
            case Group.WEIGHT:
                self._weight = values.number(parsed, 0, values.LARGEST_INT)
            case Group.UPPER:
                self._upper = values.number(parsed, 0, values.LARGEST_INT)
            case Group.LOWER:
                self._lower = values.number(parsed, 0, values.LARGEST_INT)
            case group:
                self._tunnel[group] = parsed

    def key(self, *, stored: bool) -> DestinationKey:
        """The key as written, or with `stored` as -a and -e send it.

        Except for NAT the kernel forwards to the service's own port, and ipvsadm sends that one,
        whatever port the rule has.
        """
        if self._key is None:
            raise CommandError("the command names no real server", hint="add -r ADDRESS[:PORT]")
        own_port = isinstance(self._service.key, VirtualAddress)
        if stored and own_port and self._method is not ForwardingMethod.NAT:
            return self._key._replace(port=self._service.port)
        return self._key

    def destination(self) -> Destination:
        self._check()
        if self._method is ForwardingMethod.TUN:
            tunnel = self._read_tunnel()
            return Destination(self._method, self._weight, self._upper, self._lower, tunnel)
        for parsed in self._tunnel.values():
            raise CommandError("tunnel options are for -i only", parsed.word)
        return Destination(self._method, self._weight, self._upper, self._lower)

    def _check(self) -> None:
        service, key = self._service.key, self._key
        mixed = service and key and service.family is not family_of(key.address)
        if mixed and self._method is not ForwardingMethod.TUN:
            raise CommandError("only a tunnel (-i) leads to the other address family")
        if self._lower > self._upper:
            raise RefusedError("the lower threshold is above the upper one")

    def _read_tunnel(self) -> Tunnel:
        """Which options go with which type is ipvsadm's tunnel_types_v_options."""
        parsed = self._tunnel
        kind = TunnelType.IPIP
        if Group.TUN_TYPE in parsed:
            kind = values.tunnel_type(parsed[Group.TUN_TYPE])
        if kind is not TunnelType.GUE and Group.TUN_PORT in parsed:
            raise CommandError("--tun-port is for GUE only", parsed[Group.TUN_PORT].word)
        if kind is TunnelType.GUE and Group.TUN_PORT not in parsed:
            raise CommandError("a GUE tunnel needs --tun-port")
        checksums = [group for group in _CHECKSUM if group in parsed]
        for group in checksums[1:]:
            raise CommandError("only one of the checksum options can be given", parsed[group].word)
        port = 0
        if kind is TunnelType.GUE:
            port = values.number(parsed[Group.TUN_PORT], 1, 0xFFFF)
        if not checksums:
            return Tunnel(kind, port)
        remote_gre = kind is TunnelType.GRE and checksums[0] is Group.TUN_REMCSUM
        if kind is TunnelType.IPIP or remote_gre:
            message = f"a tunnel of type {kind} has no {checksums[0].value}"
            raise CommandError(message, parsed[checksums[0]].word)
        return Tunnel(kind, port, _CHECKSUM[checksums[0]])


def read_daemon(parsed: dict[Group, ParsedOption]) -> Daemon:
    """The sync daemon that --start-daemon describes; eth0 is ipvsadm's DEF_MCAST_IFN."""

    def bounded(group: Group, low: int, high: int) -> int:
        return values.number(parsed[group], low, high) if group in parsed else 0

    return Daemon(
        interface=values.name(parsed[Group.INTERFACE]) if Group.INTERFACE in parsed else "eth0",
        sync_id=bounded(Group.SYNC_ID, 0, 255),
        # An IPv4 and a UDP header must fit beside it into 65,535 bytes.
        max_length=bounded(Group.MAX_LENGTH, 1, 0xFFFF - 20 - 8),
        group=values.multicast_group(parsed[Group.MULTICAST])
        if Group.MULTICAST in parsed
        else None,
        port=bounded(Group.MCAST_PORT, 1, 0xFFFF),
        ttl=bounded(Group.TTL, 1, 255),
    )
