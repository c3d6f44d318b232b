"""Rules on a director: its VIPs and the kernel's parameters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lvsboot.role.constraints.addresses import Surroundings
from lvsboot.role.constraints.findings import NETWORK, SERVICES, VIPS, warning
from lvsboot.role.constraints.names import Names
from lvsboot.role.document import Finding, Path
from lvsboot.role.messages import did_you_mean
from lvsboot.role.model import Director, Nic, Owner, Role, Vip
from lvsboot.role.services import MarkedService, VirtualService

# net.ipv4.vs.* of Linux 6.12 and of 2026's kernels, whose tables grow with conn_lfactor and
# svc_lfactor; another kernel may know more, so that others are only a warning.
_PARAMETERS = {
    "am_droprate", "amemthresh", "backup_only", "cache_bypass", "conn_lfactor", "conn_max",
    "conn_reuse_mode", "conntrack",
    "drop_entry", "drop_packet", "est_cpulist", "est_nice", "expire_nodest_conn",
    "expire_quiescent_template", "ignore_tunneled", "nat_icmp_send", "pmtu_disc", "run_estimation",
    "schedule_icmp", "secure_tcp", "sloppy_sctp", "sloppy_tcp", "snat_reroute", "svc_lfactor",
    "sync_persist_mode", "sync_ports", "sync_qlen_max", "sync_refresh_period", "sync_retries",
    "sync_sock_size", "sync_threshold", "sync_version",
}  # fmt: skip


def director_findings(director: Director, role: Role, around: Surroundings) -> Iterator[Finding]:
    yield from _unused(director)
    nics = {nic.name: nic for nic in role.nics}
    names = Names([*nics, "lo"])
    for i, vip in enumerate(director.vips):
        path = (*VIPS, i)
        troubles = list(around.host_trouble(vip.address, (*path, "address")))
        yield from troubles
        if vip.address.is_link_local:
            message = f"{vip.address} is link-local: it means nothing beyond its link"
            yield Finding((*path, "address"), message)
        if role.network is not None:
            yield from _interface(vip, nics, names, path)
            if not troubles and not vip.address.is_link_local:
                yield from _neighbourhood(vip, nics, around, path)
    for key in director.tuning:
        if key not in _PARAMETERS:
            message = f"net.ipv4.vs.{key} is not a parameter that lvsboot knows"
            hint = partial(did_you_mean, key, sorted(_PARAMETERS))
            yield warning(("director", "tuning", key), message, hint, at_key=True)


def _unused(director: Director) -> Iterator[Finding]:
    used = {match.vip for service in director.services for match in service.matches}
    # Marks may be given by rules that only the firewall knows: any VIP may be behind them.
    is_marked = False
    for service in director.services:
        match service.identity:
            case VirtualService(vip=address):
                used.add(address)
            case MarkedService():
                is_marked = is_marked or not service.matches
    for i, vip in enumerate(director.vips):
        if vip.address not in used and not is_marked:
            message = f"no service uses the VIP {vip.address}"
            yield warning((*VIPS, i, "address"), message, depends_on=(SERVICES,))


def _interface(vip: Vip, nics: dict[str, Nic], names: Names, path: Path) -> Iterator[Finding]:
    if vip.interface != "lo" and vip.interface not in nics:
        hint = names.hint(vip.interface)
        message = f"'{vip.interface}' is not in network.interfaces"
        yield Finding((*path, "interface"), message, hint, depends_on=(NETWORK,))


def _neighbourhood(
    vip: Vip, nics: dict[str, Nic], around: Surroundings, path: Path
) -> Iterator[Finding]:
    nic = nics.get(vip.interface)
    if nic is None or vip.owner is Owner.EXTERNAL or nic.gateway_on_link:
        return  # on such a link a gateway asks for addresses of any network
    if around.has_network(nic, vip.address.version) and around.is_off_link(nic, vip.address):
        message = f"{vip.address} is on none of {nic.name}'s networks: nobody there asks for it"
        depends_on = ((*NETWORK, nic.name),)
        yield warning((*path, "address"), message, "lo is for a routed VIP", depends_on=depends_on)
