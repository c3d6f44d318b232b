"""Renders changes and refusals as text: operation, rule, the kernel's reason."""

from __future__ import annotations

import errno
import os
from typing import assert_never

from lvsboot.ipvs.changes import (
    AddDestination,
    AddService,
    Change,
    DeleteDestination,
    DeleteService,
    EditDestination,
    EditService,
    SetTimeouts,
    StartDaemon,
    StopDaemon,
)
from lvsboot.ipvs.reconcile import ExecutionResult, Refusal
from lvsboot.ipvs.rules.format import (
    format_daemon,
    format_destination,
    format_service,
    format_service_key,
    format_timeouts,
)
from lvsboot.ipvs.rules.parse import RuleKey
from lvsboot.ipvs.table import ServiceOptions


def refusal_text(refusal: Refusal) -> str:
    """`add -t 192.0.2.1:80 -s wlcx: no scheduler ... (ENOENT)`."""
    reason = _reason(refusal.change, refusal.number)
    name = errno.errorcode.get(refusal.number, str(refusal.number))
    return f"{change_text(refusal.change)}: {reason} ({name})"


def outcome_lines(result: ExecutionResult, repair: str) -> list[str]:
    """After a change of all or nothing that was refused: what stands, and what repairs it."""
    if not result.not_undone:
        return ["Nothing has changed: the table is as it was."]
    return [
        "What had been changed before could not all be undone; left as it is:",
        *map(refusal_text, result.not_undone),
        repair,
    ]


def change_text(change: Change) -> str:
    """The operation and the rule, in ipvsadm's words."""
    match change:
        case AddService(key, options):
            text = f"add {format_service(key, options)}"
        case EditService(key, options):
            text = f"change {format_service(key, options)}"
        case DeleteService(key):
            text = f"delete {format_service_key(key)}"
        case AddDestination(service, key, destination):
            text = f"add {format_service_key(service)} {format_destination(key, destination)}"
        case EditDestination(service, key, destination):
            text = f"change {format_service_key(service)} {format_destination(key, destination)}"
        case DeleteDestination(service, key, before):
            text = f"delete {format_service_key(service)} {format_destination(key, before)}"
        case SetTimeouts(timeouts):
            text = format_timeouts(timeouts)
        case StartDaemon(role, daemon):
            text = format_daemon(role, daemon)
        case StopDaemon(role):
            text = format_daemon(role, None)
        case _:
            assert_never(change)
    return text


def rule_of(change: Change) -> RuleKey | None:
    """The rule behind an addition or edit; None for other changes."""
    match change:
        case AddService(key) | EditService(key):
            return key, None
        case AddDestination(service, key) | EditDestination(service, key):
            return service, key
        case _:
            return None


_UNREACHABLE = (
    "not an address that packets can be sent to (a broadcast or multicast address, or the loopback "
    "interface is still down), or of the other family while a sync daemon runs"
)
_RANGE = "the weight or a threshold is out of range"
_NO_SERVICE = "the service is not there"
_NO_DESTINATION = "the destination is not there"
_THERE_ALREADY = "it is there already: another program has added it"

# What an errno means for a change, from ip_vs_ctl.c and ip_vs_sync.c.
_REASONS: dict[tuple[type[Change], int], str] = {
    (AddService, errno.EEXIST): _THERE_ALREADY,
    (EditService, errno.ESRCH): _NO_SERVICE,
    (DeleteService, errno.ESRCH): _NO_SERVICE,
    (AddDestination, errno.EEXIST): _THERE_ALREADY,
    (AddDestination, errno.EINVAL): _UNREACHABLE,
    (AddDestination, errno.ERANGE): _RANGE,
    (AddDestination, errno.ESRCH): _NO_SERVICE,
    (EditDestination, errno.ERANGE): _RANGE,
    (EditDestination, errno.ESRCH): _NO_SERVICE,
    (EditDestination, errno.ENOENT): _NO_DESTINATION,
    (DeleteDestination, errno.ESRCH): _NO_SERVICE,
    (DeleteDestination, errno.ENOENT): _NO_DESTINATION,
    (StartDaemon, errno.ENODEV): "there is no such interface",
    (StartDaemon, errno.ENETUNREACH): "the interface is down",
    (StartDaemon, errno.EINVAL): "not while a tunnel leads to the other address family",
}


def _reason(change: Change, number: int) -> str:
    match change:
        case AddService(_, options) | EditService(_, options) if number == errno.ENOENT:
            return _missing_module(options)
        case _ if number == 0:
            return "the kernel's reply with the reason was lost"
        case _:
            return _REASONS.get((type(change), number), os.strerror(number))


def _missing_module(options: ServiceOptions) -> str:
    names = f"no scheduler '{options.scheduler}' (module ip_vs_{options.scheduler})"
    if options.engine:
        names += f", or no persistence engine '{options.engine}' (ip_vs_pe_{options.engine})"
    return f"{names} in this kernel"
