"""Rules on a director's VIPs and its IPVS parameters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lvsboot.role.constraints.findings import NETWORK, SERVICES, VIPS, warning
from lvsboot.role.constraints.host_networks import HostNetworks
from lvsboot.role.constraints.names import Names, unknown_interface
from lvsboot.role.document import Finding, Path
from lvsboot.role.messages import did_you_mean
from lvsboot.role.model import Director, Nic, Owner, Role, Vip
from lvsboot.role.services import MarkedService, VirtualService

# net.ipv4.vs.* of Linux 6.12, and conn_lfactor and svc_lfactor of 2026's kernels. Others get only
# a warning: another kernel may have them.
_PARAMETERS = {
    "am_droprate", "amemthresh", "backup_only", "cache_bypass", "conn_lfactor", "conn_max",
    "conn_reuse_mode", "conntrack",
    "drop_entry", "drop_packet", "est_cpulist", "est_nice", "expire_nodest_conn",
    "expire_quiescent_template", "ignore_tunneled", "nat_icmp_send", "pmtu_disc", "run_estimation",
    "schedule_icmp", "secure_tcp", "sloppy_sctp", "sloppy_tcp", "snat_reroute", "svc_lfactor",
    "sync_persist_mode", "sync_ports", "sync_qlen_max", "sync_refresh_period", "sync_retries",
    "sync_sock_size", "sync_threshold", "sync_version",
}  # fmt: skip


def director_findings(director: Director, role: Role, networks: HostNetworks) -> Iterator[Finding]:
    yield from _unused(director)
    nics = {nic.name: nic for nic in role.nics}
    names = Names([*nics, "lo"])
    for i, vip in enumerate(director.vips):
        path = (*VIPS, i)
        errors = list(networks.vip_error(vip.address, (*path, "address")))
        yield from errors
        if role.network is None or vip.interface == "lo":
            continue
        if vip.interface not in nics:
            yield unknown_interface(vip.interface, names, (*path, "interface"))
        elif not errors:
            yield from _off_link(vip, nics[vip.interface], networks, path)
    for key in director.tuning:
        if key not in _PARAMETERS:
            message = f"net.ipv4.vs.{key} is not a parameter that lvsboot knows"
            hint = partial(did_you_mean, key, sorted(_PARAMETERS))
            yield warning(("director", "tuning", key), message, hint, at_key=True)


def _unused(director: Director) -> Iterator[Finding]:
    used = {match.vip for service in director.services for match in service.matches}
    # A service without matches: rules of another program give the mark, for whatever VIP.
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


def _off_link(vip: Vip, nic: Nic, networks: HostNetworks, path: Path) -> Iterator[Finding]:
    if vip.owner is Owner.EXTERNAL or nic.gateway_on_link:
        return  # on such a link a gateway asks for addresses of any network
    if networks.has_network(nic, vip.address.version) and networks.is_off_link(nic, vip.address):
        message = f"{vip.address} is on none of {nic.name}'s networks: no neighbour asks for it"
        depends_on, hint = ((*NETWORK, nic.name),), "put a routed VIP on lo"
        yield warning((*path, "address"), message, hint, depends_on=depends_on)
