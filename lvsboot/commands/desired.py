"""Makes the files that a role wants below a root, by the network backend in use there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from lvsboot import paths
from lvsboot.commands.table_size import size_sentence
from lvsboot.errors import ConflictError, HostError
from lvsboot.host.backend import backend_in_force, holds_system, with_backend
from lvsboot.host.live_network import read_live_network
from lvsboot.host.network.addresses import missing_addresses
from lvsboot.host.network.devices import missing_device_sentences
from lvsboot.host.network.enablement import (
    caution_sentences,
    enabling_links,
    installation_sentences,
)
from lvsboot.host.network.network_files import NetworkFiles
from lvsboot.host.network.ownership import ownership_problems
from lvsboot.host.packaged_units import packaged_units
from lvsboot.host.sysctl_problems import as_cautions, sysctl_problems
from lvsboot.install.manifest import known_paths, moved_aside
from lvsboot.install.tree import Entry, MovedAside, Tree
from lvsboot.problem import Problem, Severity
from lvsboot.render.host import render_host
from lvsboot.render.sysctl import render_sysctl
from lvsboot.render.units import leave_to_package
from lvsboot.role.model import Backend, Director, Role
from lvsboot.role.reader import RoleFile

HOST = Path("/")


class Cautions(NamedTuple):
    """Warnings: problems in other programs' files, and sentences on the host itself."""

    problems: tuple[Problem, ...]
    sentences: tuple[str, ...]

    def refuse(self) -> None:
        """Raises ConflictError with the problems, if any: --strict treats them as errors."""
        if self.problems:
            raise ConflictError(self.problems)


NO_CAUTIONS = Cautions((), ())


def host_tree(
    role_file: RoleFile,
    root: Path,
    asked: Backend | None = None,
    *,
    applies: bool = False,
    boots: bool = False,
) -> tuple[Tree, Cautions]:
    """Everything that the role wants below `root`, and warnings.

    `asked` is the backend that the caller asks for in place of the role's.

    Raises ConflictError where other files configure the role's NICs as well, and HostError where
    this host cannot do it: of an image, which may still get what it lacks, that is a warning.
    Other files of sysctl.d that break the role are an error only with `applies`. With `boots` the
    host's addresses are not looked for: its platform may be about to add them.
    """
    role, network = with_backend(role_file.role, asked), NetworkFiles(root)
    backend = backend_in_force(role, root)
    tree: Tree = (
        *leave_to_package(render_host(role, role_file.text, backend), packaged_units(root)),
        *_nics_entries(backend, network),
        # A role that is applied replaces what was saved.
        MovedAside(paths.SAVED_RULES, for_good=True),
    )
    ours = {*known_paths(root), *(entry.path for entry in tree)}
    problems = ownership_problems(role, backend, network, ours)
    if not holds_system(root):
        # No system reads these files yet: an error would only keep a person from looking.
        problems = [problem._replace(severity=Severity.WARNING) for problem in problems]
    problems += _sysctl_problems(role, root, applies=applies)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ConflictError(problems)
    if holds_system(root):
        sentences = (
            *_backend_sentences(backend, role, network),
            *missing_device_sentences(backend, role.nics, network, ours),
        )
    else:
        sentences = tuple(_look_sentences(role, backend, root))
    if asked is not None and role.network is None:
        text = "the role has no network: the platform configures the NICs, whatever --backend says"
        sentences = (*sentences, text)
    if isinstance(role.kind, Director) and (sentence := network.ipvsadm_sentence()) is not None:
        sentences = (*sentences, sentence)
    if not applies and root == HOST and isinstance(role.kind, Director):
        # An apply reads the size back itself.
        sentence = size_sentence(role.kind.connection_table_bits)
        sentences = sentences if sentence is None else (*sentences, sentence)
    if backend is Backend.EXTERNAL and root == HOST and role.nics and not boots:
        # The platform makes them.
        sentences = (*sentences, *missing_addresses(role.nics, read_live_network()))
    return tree, Cautions(tuple(problems), sentences)


def _backend_sentences(backend: Backend, role: Role, network: NetworkFiles) -> tuple[str, ...]:
    lacking = tuple(installation_sentences(backend, role.nics, network))
    if lacking and network.root == HOST:
        raise HostError("\n".join(lacking))
    return (*lacking, *caution_sentences(backend, role.nics, network))


def _look_sentences(role: Role, backend: Backend, root: Path) -> Iterator[str]:
    """A note on the backend that was assumed for a folder without a system."""
    if role.network is not None and role.network.backend is Backend.AUTO:
        yield (
            f"{root} holds no system whose network backend could be seen: the NICs' files are "
            f"{backend.value}'s, and --backend names another"
        )


def _sysctl_problems(role: Role, root: Path, *, applies: bool) -> Iterable[Problem]:
    problems = sysctl_problems(role, render_sysctl(role).text, root)
    return problems if applies else as_cautions(problems)


def _nics_entries(backend: Backend, network: NetworkFiles) -> Iterator[Entry | MovedAside]:
    """Entries that depend on the root: cloud-init's files go aside, and units are enabled."""
    if backend is Backend.EXTERNAL:
        return
    for path in sorted({*network.cloud_init_files(), *moved_aside(network.root)}):
        yield MovedAside(path)
    yield from enabling_links(backend, network, known_paths(network.root))
