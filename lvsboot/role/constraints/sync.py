"""Rules on a director's sync daemons."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from lvsboot.role.constraints.findings import NETWORK, SERVICES, warning
from lvsboot.role.constraints.names import Names, unknown_interface
from lvsboot.role.document import Finding, Path
from lvsboot.role.model import Director, Nic, Role, Sync, SyncMode

_PATH: Path = ("director", "sync")
# start_sync_thread() in ip_vs_sync.c: a master's messages with headers fit into Ethernet's MTU.
_LONGEST_SENT = 1500
_HEADERS = {4: 20 + 8, 6: 40 + 8}
# RFC 5771, 4: routers never forward these, whatever their TTL.
_LOCAL_GROUPS = ip_network("224.0.0.0/24")


def sync_findings(director: Director, sync: Sync, role: Role) -> Iterator[Finding]:
    if sync.interface == "lo":
        message = "no other director is reached through lo"
        yield Finding((*_PATH, "interface"), message)
    elif role.network is not None:
        yield from _interface(sync, {nic.name: nic for nic in role.nics})
    yield from _length(sync)
    if sync.ttl > 1 and sync.group in _LOCAL_GROUPS:
        message = f"routers never forward {sync.group}"
        yield warning((*_PATH, "ttl"), message, "remove ttl, or choose another group")
    yield from _families(director)


def _interface(sync: Sync, nics: dict[str, Nic]) -> Iterator[Finding]:
    nic = nics.get(sync.interface)
    if nic is None:
        yield unknown_interface(sync.interface, Names(nics), (*_PATH, "interface"))
        return
    headers = _HEADERS[sync.group.version]
    length = sync.max_length or _LONGEST_SENT - headers
    if nic.mtu is not None and length + headers > nic.mtu and sync.mode is not SyncMode.BACKUP:
        path: Path = (*_PATH, "max_length" if sync.max_length is not None else "interface")
        message = f"messages of {length} bytes do not fit into {nic.name}'s MTU"
        hint, conflict = f"max_length: {nic.mtu - headers}", (*NETWORK, nic.name, "mtu")
        yield warning(path, message, hint, conflicts_with=conflict)


def _length(sync: Sync) -> Iterator[Finding]:
    longest = _LONGEST_SENT - _HEADERS[sync.group.version]
    if (sync.max_length or 0) > longest and sync.mode is not SyncMode.BACKUP:
        message = f"a master never sends more than {longest} bytes"
        yield warning((*_PATH, "max_length"), message, "leave it out")


def _families(director: Director) -> Iterator[Finding]:
    """ip_vs_ctl.c refuses a sync daemon beside such real servers: messages have one family."""
    for i, service in enumerate(director.services):
        for j, destination in enumerate(service.destinations):
            if destination.address.version != service.version:
                path = (*SERVICES, i, "real_servers", j, "address")
                message = f"{destination.address} is of another family, which sync cannot carry"
                yield Finding(path, message, conflicts_with=_PATH)
