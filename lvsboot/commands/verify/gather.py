"""Reads what verify needs to know of a host or an image. Compares nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from lvsboot import paths
from lvsboot.commands import rulefiles, run_state
from lvsboot.commands.arp_guard import opening_reason
from lvsboot.commands.desired import HOST, Asked, host_tree
from lvsboot.commands.role_removal import read_live_table
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.commands.status import next_notes
from lvsboot.commands.table_size import size_sentence
from lvsboot.commands.verify.checks.sysctls import wanted_sysctls
from lvsboot.commands.verify.checks.units import active_units
from lvsboot.commands.verify.facts import Facts, FileFacts, LiveFacts, TableFacts
from lvsboot.commands.verify.unseen import Seen, Unseen
from lvsboot.errors import ConflictError, HostError, LvsbootError, NotPermittedError
from lvsboot.host.image.facts import is_booted
from lvsboot.host.kernel_modules import (
    Kernel,
    ModuleState,
    UnreadKernel,
    kernel_option,
    read_kernels,
    read_modules,
)
from lvsboot.host.live_network import read_live_network
from lvsboot.host.live_routes import read_neighbours, read_routes
from lvsboot.host.live_sysctls import read_sysctl, udp_ports
from lvsboot.host.network.network_files import NetworkFiles
from lvsboot.host.nft_table import NftTable, read_nft_table
from lvsboot.host.platform import read_dmi
from lvsboot.host.sysctl_files import read_sysctl_files
from lvsboot.host.sysctl_problems import as_cautions, sysctl_problems
from lvsboot.host.unit_states import UnitState, read_unit_states
from lvsboot.install.files import plan_files
from lvsboot.install.root_folder import RootFolder
from lvsboot.problem import Problem
from lvsboot.render.modules import needed_modules
from lvsboot.render.rules import declared_table
from lvsboot.render.sysctl import render_sysctl
from lvsboot.role.model import Backend, Director, RealServer, Role
from lvsboot.role.reader import RoleFile

_Fact = TypeVar("_Fact")
_IPVS = Path("/proc/net/ip_vs")
_PLACES = StatePaths()


def gather_facts(role_file: RoleFile, root: Path, backend: Backend | None = None) -> Facts:
    """Facts that could not be read are Unseen, each with the reason."""
    files = seen(partial(_read_files, role_file, root, backend))
    role = role_file.role
    is_host = root == HOST
    return Facts(
        role=role,
        files=files,
        live=_read_live(role, files) if is_host else None,
        images={} if is_host else seen(partial(_read_kernels, role, root)),
    )


def seen(read: Callable[[], _Fact]) -> Seen[_Fact]:
    try:
        return read()
    except NotPermittedError as error:
        return Unseen(str(error), is_refused=True)
    except ConflictError as error:
        return Unseen(f"{error}: {_first(error.problems)}")
    except LvsbootError as error:
        return Unseen(str(error))


def _first(problems: tuple[Problem, ...]) -> str:
    first = problems[0]
    return f"{first.file}:{first.span.line}: {first.message}"


def _read_files(role_file: RoleFile, root: Path, backend: Backend | None) -> FileFacts:
    role = role_file.role
    tree, cautions = host_tree(role_file, root, Asked(backend), boots=True)
    problems = tuple(sysctl_problems(role, render_sysctl(role).text, root))
    known = {*as_cautions(problems), *problems}
    ipvsadm = NetworkFiles(root).ipvsadm_sentence() if isinstance(role.kind, Director) else None
    size = _table_size(role) if root == HOST else None
    return FileFacts(
        tree=tree,
        changes=plan_files(tree, root),
        conflicts=tuple(problem for problem in cautions.problems if problem not in known),
        sentences=tuple(text for text in cautions.sentences if text != size),
        sysctl_problems=problems,
        ipvsadm_service=ipvsadm,
    )


def _read_kernels(role: Role, root: Path) -> dict[str, Seen[Mapping[str, ModuleState]]]:
    names = needed_modules(role)
    with RootFolder(root) as folder:
        kernels = read_kernels(folder, names)
    return {kernel.version: seen(partial(_states, kernel, names)) for kernel in kernels}


def _states(kernel: Kernel | UnreadKernel, names: Iterable[str]) -> Mapping[str, ModuleState]:
    if isinstance(kernel, UnreadKernel):
        raise kernel.error
    return {name: kernel.state(name) for name in names}


def _read_live(role: Role, files: Seen[FileFacts]) -> LiveFacts:
    director = role.kind if isinstance(role.kind, Director) else None
    has_ipvs = _IPVS.exists()
    return LiveFacts(
        network=seen(read_live_network),
        routes=seen(read_routes),
        neighbours=seen(read_neighbours) if director is not None else (),
        sysctls={key: seen(partial(read_sysctl, key)) for key in wanted_sysctls(role)},
        sysctl_files=seen(partial(read_sysctl_files, HOST)),
        units=_read_units(role, files),
        modules=seen(partial(read_modules, needed_modules(role))),
        has_ipvs=has_ipvs,
        ipvs_option=None if has_ipvs or director is None else kernel_option("CONFIG_IP_VS"),
        table=seen(partial(_read_table, director)) if director and has_ipvs else None,
        table_size=_table_size(role),
        nft=_read_nft(files),
        arp_opening=_arp_opening(role),
        udp_ports=seen(_read_udp_ports),
        dmi=read_dmi(),
    )


def _read_table(director: Director, places: StatePaths = _PLACES) -> TableFacts:
    actual = read_live_table()
    desired, saved_from = declared_table(director), None
    try:
        rules = rulefiles.choose_rules(places)
        loaded = run_state.loaded_rules(places)
    except HostError:
        # files.content and units.active say what is missing.
        return TableFacts(actual, desired, frozenset(run_state.our_services(places)), None, ())
    if rules.path == places.saved:
        desired, saved_from = rules.table(), rules.path
    notes: tuple[str, ...] = ()
    if loaded is not None:
        notes = tuple(next_notes(loaded.text, run_state.loaded_source(places), places))
    ours = frozenset(run_state.our_services(places))
    return TableFacts(actual, desired, ours, saved_from, notes)


def _read_units(role: Role, files: Seen[FileFacts]) -> Seen[Mapping[str, UnitState]]:
    if isinstance(files, Unseen):
        return files.as_moot()
    if not is_booted():
        return Unseen("systemd has not booted this host: no unit runs here", is_moot=True)
    return seen(partial(read_unit_states, active_units(role, files.tree)))


def _read_nft(files: Seen[FileFacts]) -> Seen[NftTable] | None:
    if isinstance(files, Unseen):
        return files.as_moot()
    if not any(entry.path == paths.NFT for entry in files.tree):
        return None
    return seen(partial(read_nft_table, paths.NFT))


def _table_size(role: Role) -> str | None:
    bits = role.kind.connection_table_bits if isinstance(role.kind, Director) else None
    result = seen(partial(size_sentence, bits))
    return result.reason if isinstance(result, Unseen) else result


def _arp_opening(role: Role) -> str | None:
    if not isinstance(role.kind, RealServer) or not role.kind.vips:
        return None
    opening = seen(opening_reason)
    return opening.reason if isinstance(opening, Unseen) else opening


def _read_udp_ports() -> frozenset[int]:
    try:
        return udp_ports()
    except OSError as error:
        raise HostError(f"the UDP ports cannot be read: {error.strerror}") from error
