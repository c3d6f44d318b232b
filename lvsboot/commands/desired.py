"""Makes the files that a role wants below a root, by the network backend in use there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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
from lvsboot.render.modules import needed_modules
from lvsboot.render.sysctl import render_sysctl
from lvsboot.render.units import leave_to_package
from lvsboot.role.model import Backend, Director, Role
from lvsboot.role.reader import RoleFile

if TYPE_CHECKING:
    from lvsboot.host.image.facts import Image

HOST = Path("/")


class Cautions(NamedTuple):
    """Warnings: problems in other programs' files, and sentences on the host or image itself.

    `notes` say what is done, and need nobody to act.
    """

    problems: tuple[Problem, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def refuse(self) -> None:
        """Raises ConflictError with all warnings, if any: --strict treats them as errors."""
        if self.problems or self.sentences:
            raise ConflictError(self.problems, self.sentences)


NO_CAUTIONS = Cautions((), ())


class Asked(NamedTuple):
    """What the caller says of the root: the backend in place of the role's, the architecture."""

    backend: Backend | None = None
    architecture: str | None = None


NOTHING_ASKED = Asked()


def host_tree(
    role_file: RoleFile,
    root: Path,
    asked: Asked = NOTHING_ASKED,
    *,
    applies: bool = False,
    bakes: bool = False,
    boots: bool = False,
) -> tuple[Tree, Cautions]:
    """Everything that the role wants below `root`, and warnings.

    Raises ConflictError where other files configure the role's NICs as well, and HostError where
    this host cannot do it: of an image, which may still get what it lacks, that is a warning.
    Other files of sysctl.d that break the role are an error only with `applies`. With `bakes` HOST
    may be an image, too: what a shell in a chroot finds there. With `boots` the host's addresses
    are not looked for: its platform may be about to add them.
    """
    role, network = with_backend(role_file.role, asked.backend), NetworkFiles(root)
    image = _read_image(root, role, asked.architecture, bakes=bakes)
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
    sentences: tuple[str, ...] = ()
    if holds_system(root):
        sentences = (
            *_backend_sentences(backend, role, network),
            *missing_device_sentences(backend, role.nics, network, ours),
        )
    if image is not None:
        sentences = (*sentences, *_image_sentences(image, role, tree, backend, network))
    runs = root == HOST and image is None
    if not applies and runs and isinstance(role.kind, Director):
        # An apply reads the size back itself.
        sentence = size_sentence(role.kind.connection_table_bits)
        sentences = sentences if sentence is None else (*sentences, sentence)
    if backend is Backend.EXTERNAL and runs and role.nics and not boots:
        # The platform makes them.
        sentences = (*sentences, *missing_addresses(role.nics, read_live_network()))
    notes = tuple(_notes(role, backend, network, asked.backend))
    return tree, Cautions(tuple(problems), sentences, notes)


def _read_image(root: Path, role: Role, architecture: str | None, *, bakes: bool) -> Image | None:
    """None for a host that runs, and for a folder without a system."""
    if not holds_system(root) or (root == HOST and not bakes):
        return None
    # Here, as an apply needs none of it, and a boot waits for one.
    from lvsboot.host.image import facts, findings  # noqa: PLC0415

    if root == HOST and facts.is_booted():
        return None
    image = facts.read_image(root, (*needed_modules(role), findings.NFT_MODULE))
    error = findings.image_error(image, architecture, facts.own_architecture())
    if error is not None:
        raise HostError(error)
    return image


def _image_sentences(
    image: Image, role: Role, tree: Tree, backend: Backend, network: NetworkFiles
) -> Iterator[str]:
    from lvsboot.host.image.findings import image_sentences, role_needs  # noqa: PLC0415

    leftover = network.cloud_init_files()
    needs = role_needs(role, tree)
    return image_sentences(image, needs, backend=backend, leftover_network=leftover)


def _backend_sentences(backend: Backend, role: Role, network: NetworkFiles) -> tuple[str, ...]:
    lacking = tuple(installation_sentences(backend, role.nics, network))
    if lacking and network.root == HOST:
        raise HostError("\n".join(lacking))
    return (*lacking, *caution_sentences(backend, role.nics, network))


def _notes(
    role: Role, backend: Backend, network: NetworkFiles, asked: Backend | None
) -> Iterator[str]:
    if asked is not None and role.network is None:
        yield "the role has no network: the platform configures the NICs, whatever --backend says"
    is_auto = role.network is not None and role.network.backend is Backend.AUTO
    if is_auto and not holds_system(network.root):
        yield (
            f"{network.root} holds no system whose network backend could be seen: the NICs' files "
            f"are {backend.value}'s, and --backend names another"
        )
    if isinstance(role.kind, Director) and (sentence := network.ipvsadm_sentence()) is not None:
        yield sentence


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
