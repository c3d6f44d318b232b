"""Rules on a director's services: identity, scheduler, helpers, persistence, size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lvsboot.ipvs.table import Protocol, SchedulerFlag
from lvsboot.policy import Weights
from lvsboot.role.constraints.findings import METHOD, SERVICES, Uses, key_error, warning
from lvsboot.role.constraints.names import undeclared_vip
from lvsboot.role.defaults import FTP_PORT, is_ftp, is_translated
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Director
from lvsboot.role.services import Helper, Service, VirtualService

# The schedulers that read flags.
FLAGGED_SCHEDULERS = {"sh", "mh"}
# Schedulers that choose by hash alone, and what makes up for that.
_FALLBACK = "scheduler_flags: [fallback]"
HASHING = {"sh": _FALLBACK, "mh": _FALLBACK, "dh": "'lblc'"}
# Schedulers that ignore all weights but 0, and the nearest ones that do not.
_WEIGHTED = {"rr": "wrr", "lc": "wlc", "dh": "sh"}
# ip_vs_mh.c builds its table with the default prime and ignores a pool that is larger.
_MH_TABLE_SIZE = 4093
# IP_VS_SH_TAB_SIZE in ip_vs_sh.c: real servers beyond the last bucket get none.
_SH_TABLE_SIZE = 256


def service_findings(director: Director) -> Iterator[Finding]:
    vips = {vip.address: i for i, vip in enumerate(director.vips)}
    identities = Uses()
    for i, service in enumerate(director.services):
        path: Path = (*SERVICES, i)
        if first := identities.first_use(service.identity, path):
            key = "vip" if isinstance(service.identity, VirtualService) else "fwmark"
            yield Finding((*path, key), f"{service.identity} is used twice", conflicts_with=first)
        if isinstance(service.identity, VirtualService):
            yield from _address(service, service.identity, vips, path)
        yield from _scheduler(service, path)
        yield from _refused(service, director.weights, path)
        yield from _helpers(service, path)
        yield from _persistence(service, path)
        yield from _pool(service, path)


def _address(
    service: Service, identity: VirtualService, vips: Mapping[Address, int], path: Path
) -> Iterator[Finding]:
    if identity.vip not in vips:
        yield undeclared_vip(identity.vip, vips, (*path, "vip"))
    if identity.port == 0 and service.persistence is None:
        message = "port 0 stands for every port, which needs persistence"
        yield Finding((*path, "port"), message, "add persistence: {}")
    if service.one_packet and identity.protocol is not Protocol.UDP:
        yield key_error((*path, "one_packet"), "one_packet is only for udp and firewall marks")
    engine = None if service.persistence is None else service.persistence.engine
    if engine is not None and identity.protocol is not Protocol.UDP:
        # ip_vs_sip_fill_param() in ip_vs_pe_sip.c.
        message = f"'{engine}' finds Call-IDs in udp only"
        yield Finding((*path, "persistence", "engine"), message, "protocol: udp")


def _scheduler(service: Service, path: Path) -> Iterator[Finding]:
    scheduler = service.scheduler
    if service.scheduler_flags and scheduler not in FLAGGED_SCHEDULERS:
        message = f"'{scheduler}' has no flags"
        yield key_error((*path, "scheduler_flags"), message, "only sh and mh have")
    if scheduler == "twos":
        message = "Debian's kernels are built without twos"
        yield warning((*path, "scheduler"), message, "fine on a kernel with CONFIG_IP_VS_TWOS")
    weights = [destination.weight for destination in service.destinations]
    if scheduler in _WEIGHTED and len(set(weights) - {0}) > 1:
        odd = next(i for i, weight in enumerate(weights) if weight not in {0, weights[0]})
        message = f"'{scheduler}' ignores all weights but 0"
        hint = f"'{_WEIGHTED[scheduler]}' uses them"
        conflict = (*path, "real_servers", odd, "weight")
        yield warning((*path, "scheduler"), message, hint, conflicts_with=conflict)


def _refused(service: Service, weights: Weights, path: Path) -> Iterator[Finding]:
    """Schedulers by hash refuse a client whose server is at weight 0 or its upper threshold.

    ip_vs_sh_get(), ip_vs_mh_get() and ip_vs_dh_schedule(), on IP_VS_DEST_F_OVERLOAD as on weight 0;
    with fallback sh and mh hash again.
    """
    scheduler, destinations = service.scheduler, service.destinations
    if scheduler not in HASHING or SchedulerFlag.FALLBACK in service.scheduler_flags:
        return
    drained = [j for j, destination in enumerate(destinations) if not destination.weight]
    limited = [
        j
        for j, destination in enumerate(destinations)
        if destination.weight and destination.upper_threshold
    ]
    servers: Path = (*path, "real_servers")
    conflict: Path
    if drained and len(drained) < len(destinations):
        when, conflict = "at weight 0", (*servers, drained[0], "weight")
    elif limited and len(destinations) > 1:
        when, conflict = "at its upper_threshold", (*servers, limited[0], "upper_threshold")
    elif destinations and weights is Weights.KEEP:
        when, conflict = "that is set to weight 0", ("director", "weights")
    else:
        return
    message = f"'{scheduler}' refuses the clients of a real server {when}"
    hint = f"{HASHING[scheduler]} sends them to other real servers"
    yield warning((*path, "scheduler"), message, hint, conflicts_with=conflict)


def _helpers(service: Service, path: Path) -> Iterator[Finding]:
    """FTP can be followed only on its own port and through nat, where IPVS tracks connections.

    See __ip_vs_update_dest() in ip_vs_ctl.c; only tracked connections can be read and rewritten.
    """
    if Helper.FTP not in service.helpers:
        return
    place: Path = (*path, "helpers")
    if not is_ftp(service.identity):
        hint = "the kernel follows FTP on no other port"
        yield key_error(place, f"'ftp' is only for tcp port {FTP_PORT}", hint)
    elif service.destinations and not is_translated(service.destinations):
        message = "'ftp' is only for nat"
        depends_on = ((*path, "real_servers"), (*path, "method"), METHOD)
        yield key_error(place, message, "dr and tun rewrite nothing", depends_on=depends_on)


def _persistence(service: Service, path: Path) -> Iterator[Finding]:
    persistence = service.persistence
    bits = 32 if service.version == 4 else 128
    if persistence is not None and persistence.prefix is not None and persistence.prefix > bits:
        message = f"{persistence.prefix} is too large: at most {bits} for {service.family.value}"
        yield Finding((*path, "persistence", "prefix"), message)


def _pool(service: Service, path: Path) -> Iterator[Finding]:
    pool: Path = (*path, "real_servers")
    count = len(service.destinations)
    if service.scheduler == "mh" and count > _MH_TABLE_SIZE:
        yield key_error(pool, f"mh schedules at most {_MH_TABLE_SIZE} real servers")
    if service.scheduler == "sh" and count > _SH_TABLE_SIZE:
        message = f"sh has {_SH_TABLE_SIZE} buckets: some of these {count} real servers get none"
        yield warning(pool, message, "mh has room for them", at_key=True)
    if count and not any(destination.weight for destination in service.destinations):
        message = "all weights are 0: no real server takes a new connection"
        yield warning(pool, message, at_key=True, depends_on=(pool,))
