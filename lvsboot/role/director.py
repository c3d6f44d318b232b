"""Decodes the director of a role file: plain values that the schema accepted to types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lvsboot.ipvs.table import (
    Family,
    ForwardingMethod,
    Protocol,
    SchedulerFlag,
    Timeouts,
    TunnelType,
)
from lvsboot.policy import Foreign, Weights
from lvsboot.role import defaults
from lvsboot.role.formats import parse_address, parse_network, parse_port_range
from lvsboot.role.model import Director, Masquerade, Owner, Sync, SyncMode, Vip, VipOnStop
from lvsboot.role.services import (
    Destination,
    Helper,
    MarkedService,
    Match,
    Persistence,
    Ports,
    Service,
    Tunnel,
    VirtualService,
)

_Mapping = Mapping[str, Any]


def decode_director(value: _Mapping) -> Director:
    """A destination without a method gets its service's, and that the director's."""
    method = ForwardingMethod(value["method"])
    return Director(
        vips=tuple(_decode_vip(vip) for vip in value["vips"]),
        services=tuple(_decode_service(service, method) for service in value["services"]),
        timeouts=Timeouts(**value.get("timeouts", {})),
        connection_table_bits=value.get("connection_table_bits"),
        tuning={key: str(setting) for key, setting in value.get("tuning", {}).items()},
        masquerades=tuple(map(_decode_masquerade, value.get("masquerade", ()))),
        sync=_decode_sync(value["sync"]) if "sync" in value else None,
        foreign_services=Foreign(value.get("foreign_services", defaults.FOREIGN_SERVICES)),
        weights=Weights(value.get("weights", defaults.WEIGHTS)),
        vip_on_stop=VipOnStop(value.get("vip_on_stop", defaults.VIP_ON_STOP)),
    )


def _decode_vip(value: _Mapping) -> Vip:
    return Vip(
        address=parse_address(value["address"]),
        interface=value["interface"],
        owner=Owner(value.get("owner", defaults.VIP_OWNER)),
    )


def _decode_service(value: _Mapping, inherited: ForwardingMethod) -> Service:
    method = ForwardingMethod(value.get("method", inherited))
    identity = _decode_identity(value)
    destinations = tuple(_decode_destination(server, method) for server in value["real_servers"])
    return Service(
        identity=identity,
        scheduler=value.get("scheduler", defaults.SCHEDULER),
        scheduler_flags=frozenset(map(SchedulerFlag, value.get("scheduler_flags", ()))),
        one_packet=value.get("one_packet", defaults.ONE_PACKET),
        persistence=_decode_persistence(value["persistence"]) if "persistence" in value else None,
        helpers=(
            frozenset(map(Helper, value["helpers"]))
            if "helpers" in value
            else defaults.helpers(identity, destinations)
        ),
        destinations=destinations,
        matches=tuple(map(_decode_match, value.get("match", ()))),
    )


def _decode_identity(value: _Mapping) -> VirtualService | MarkedService:
    if "fwmark" in value:
        return MarkedService(value["fwmark"], Family(value.get("family", defaults.FAMILY)))
    protocol = Protocol(value.get("protocol", defaults.PROTOCOL))
    return VirtualService(parse_address(value["vip"]), value["port"], protocol)


def _decode_match(value: _Mapping) -> Match:
    return Match(
        vip=parse_address(value["vip"]),
        protocol=Protocol(value.get("protocol", defaults.PROTOCOL)),
        ports=tuple(map(_decode_ports, value["ports"])),
    )


def _decode_ports(value: int | str) -> Ports:
    return Ports(value, value) if isinstance(value, int) else Ports(*parse_port_range(value))


def _decode_persistence(value: _Mapping) -> Persistence:
    return Persistence(
        timeout=value.get("timeout", defaults.PERSISTENCE_TIMEOUT),
        prefix=value.get("prefix"),
        engine=value.get("engine"),
    )


def _decode_destination(value: _Mapping, inherited: ForwardingMethod) -> Destination:
    return Destination(
        address=parse_address(value["address"]),
        port=value.get("port"),
        weight=value.get("weight", defaults.WEIGHT),
        method=ForwardingMethod(value.get("method", inherited)),
        upper_threshold=value.get("upper_threshold", defaults.THRESHOLD),
        lower_threshold=value.get("lower_threshold", defaults.THRESHOLD),
        tunnel=_decode_tunnel(value["tunnel"]) if "tunnel" in value else None,
    )


def _decode_tunnel(value: _Mapping) -> Tunnel:
    return Tunnel(
        type=TunnelType(value.get("type", defaults.TUNNEL_TYPE)),
        port=value.get("port"),
        checksum=value.get("checksum", defaults.TUNNEL_CHECKSUM),
    )


def _decode_masquerade(value: _Mapping) -> Masquerade:
    return Masquerade(parse_network(value["source"]), value["interface"])


def _decode_sync(value: _Mapping) -> Sync:
    return Sync(
        mode=SyncMode(value["mode"]),
        interface=value["interface"],
        id=value.get("id", defaults.SYNC_ID),
        group=parse_address(value["group"]) if "group" in value else defaults.SYNC_GROUP,
        port=value.get("port", defaults.SYNC_PORT),
        ttl=value.get("ttl", defaults.SYNC_TTL),
        max_length=value.get("max_length"),
    )
