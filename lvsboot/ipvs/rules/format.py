"""Formats a table as canonical rules: numeric, sorted, one command a line, for `ipvsadm -R`.

It writes all of the table, also what `ipvsadm -S` leaves out: thresholds, --set, sync daemons.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from lvsboot.ipvs.address import format_address, format_endpoint
from lvsboot.ipvs.table import (
    IPV4_HOST_MASK,
    IPV6_HOST_PREFIX,
    Daemon,
    DaemonRole,
    Destination,
    DestinationKey,
    Family,
    FirewallMark,
    ForwardingMethod,
    Persistence,
    Protocol,
    SchedulerFlag,
    Service,
    ServiceKey,
    ServiceOptions,
    Table,
    Timeouts,
    Tunnel,
    TunnelChecksum,
    TunnelType,
    VirtualAddress,
    destination_order,
    service_order,
)

_PROTOCOL = {Protocol.TCP: "-t", Protocol.UDP: "-u", Protocol.SCTP: "--sctp-service"}
_METHOD = {
    ForwardingMethod.NAT: "-m",
    ForwardingMethod.DR: "-g",
    ForwardingMethod.TUN: "-i",
    # ipvsadm has no word for it and saves it as -g, too.
    ForwardingMethod.LOCAL: "-g",
}
_CHECKSUM = {
    TunnelChecksum.NONE: "--tun-nocsum",
    TunnelChecksum.FULL: "--tun-csum",
    TunnelChecksum.REMOTE: "--tun-remcsum",
}
_PLAIN_FLAG = {
    SchedulerFlag.FALLBACK: "flag-1",
    SchedulerFlag.PORT: "flag-2",
    SchedulerFlag.THIRD: "flag-3",
}


def format_rules(table: Table) -> str:
    """The whole table; byte-stable: equal tables give equal text."""
    lines = [format_timeouts(table.timeouts)] if any(table.timeouts) else []
    for key in sorted(table.services, key=service_order):
        lines.extend(_service_lines(key, table.services[key]))
    lines.extend(format_daemon(role, table.daemons[role]) for role in sorted(table.daemons))
    return "".join(f"{line}\n" for line in lines)


def format_service_key(key: ServiceKey) -> str:
    """As ipvsadm's options name a service: `-t 192.0.2.1:80`, `-f 1 -6`."""
    match key:
        case VirtualAddress(protocol, address, port):
            return f"{_PROTOCOL[protocol]} {format_endpoint(address, port)}"
        case FirewallMark(mark, family):
            return f"-f {mark} -6" if family is Family.IPV6 else f"-f {mark}"
        case _:
            assert_never(key)


def format_service(key: ServiceKey, options: ServiceOptions) -> str:
    """What follows -A or -E."""
    words = [format_service_key(key), "-s", options.scheduler]
    if options.persistence is not None:
        words += ["-p", str(options.persistence.timeout)]
        words += _netmask_words(key.family, options.persistence)
    if options.engine:
        words += ["--pe", options.engine]
    if options.one_packet:
        words.append("-o")
    if options.scheduler_flags:
        words += ["-b", ",".join(_flag_words(options))]
    return " ".join(words)


def format_destination(key: DestinationKey, destination: Destination) -> str:
    """What follows the service in -a or -e."""
    where = f"-r {format_endpoint(key.address, key.port)}"
    return f"{where} {format_destination_options(destination)}"


def format_destination_options(destination: Destination) -> str:
    text = f"{_METHOD[destination.method]} -w {destination.weight}"
    if destination.upper_threshold:
        text += f" -x {destination.upper_threshold}"
    if destination.lower_threshold:
        text += f" -y {destination.lower_threshold}"
    if destination.method is ForwardingMethod.TUN:
        text += _tunnel_text(destination.tunnel)
    return text


def format_timeouts(timeouts: Timeouts) -> str:
    return f"--set {timeouts.tcp} {timeouts.tcp_fin} {timeouts.udp}"


def format_daemon(role: DaemonRole, daemon: Daemon | None) -> str:
    """The command that starts the daemon, or without one stops it."""
    if daemon is None:
        return f"--stop-daemon {role}"
    return f"--start-daemon {role} {format_daemon_options(daemon)}"


def format_daemon_options(daemon: Daemon) -> str:
    """What follows --start-daemon and the role."""
    words = [f"--mcast-interface {daemon.interface}", f"--syncid {daemon.sync_id}"]
    if daemon.max_length:
        words.append(f"--sync-maxlen {daemon.max_length}")
    if daemon.group is not None:
        words.append(f"--mcast-group {format_address(daemon.group)}")
    if daemon.port:
        words.append(f"--mcast-port {daemon.port}")
    if daemon.ttl:
        words.append(f"--mcast-ttl {daemon.ttl}")
    return " ".join(words)


def _service_lines(key: ServiceKey, service: Service) -> Iterator[str]:
    yield f"-A {format_service(key, service.options)}"
    prefix = f"-a {format_service_key(key)}"
    for destination in sorted(service.destinations, key=destination_order):
        yield f"{prefix} {format_destination(destination, service.destinations[destination])}"


def _netmask_words(family: Family, persistence: Persistence) -> list[str]:
    mask = persistence.netmask
    if family is Family.IPV6:
        return [] if mask == IPV6_HOST_PREFIX else ["-M", str(mask)]
    return [] if mask == IPV4_HOST_MASK else ["-M", format_address(mask.to_bytes(4, "big"))]


def _flag_words(options: ServiceOptions) -> Iterator[str]:
    """Schedulers sh and mh name the first two bits, and ipvsadm takes only those names there."""
    named = options.scheduler in {"sh", "mh"}
    for flag in SchedulerFlag:
        if flag in options.scheduler_flags:
            third = flag is SchedulerFlag.THIRD
            yield f"{options.scheduler}-{flag}" if named and not third else _PLAIN_FLAG[flag]


def _tunnel_text(tunnel: Tunnel) -> str:
    match tunnel.type:
        case TunnelType.IPIP:
            return ""
        case TunnelType.GUE:
            return f" --tun-type gue --tun-port {tunnel.port} {_CHECKSUM[tunnel.checksum]}"
        case TunnelType.GRE:
            return f" --tun-type gre {_CHECKSUM[tunnel.checksum]}"
        case _:
            assert_never(tunnel.type)
