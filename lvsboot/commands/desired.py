"""What a role wants below a root, by the network backend that is in force there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lvsboot import paths
from lvsboot.errors import ConflictError, HostError
from lvsboot.files import known_paths, set_aside
from lvsboot.model import Backend, Director
from lvsboot.nics.addresses import missing_addresses
from lvsboot.nics.devices import missing_device_sentences
from lvsboot.nics.enablement import caution_sentences, enabling_links, installation_sentences
from lvsboot.nics.ownership import ownership_problems
from lvsboot.nics.survey import Survey
from lvsboot.observe import backend_in_force
from lvsboot.problem import Problem, Severity
from lvsboot.render.host import render_host
from lvsboot.role import RoleFile
from lvsboot.system import run
from lvsboot.tree import Absence, Entry, Tree

HOST = Path("/")


class Cautions(NamedTuple):
    """What stops nothing and should be known: in other programs' files, and of the host itself."""

    problems: tuple[Problem, ...]
    sentences: tuple[str, ...]


NO_CAUTIONS = Cautions((), ())


def host_tree(role_file: RoleFile, root: Path) -> tuple[Tree, Cautions]:
    """Everything that the role wants below `root`, and what its administrator should know.

    Raises ConflictError where others would configure the role's NICs as well, and HostError where
    this host cannot do it. An image may still get what it lacks, so that there it is a caution.
    """
    role, survey = role_file.role, Survey(root)
    backend = backend_in_force(role, root)
    tree: Tree = (
        *render_host(role, role_file.text, backend),
        *_nics_entries(backend, survey),
        # Who applies a role wants the role.
        Absence(paths.SAVED_RULES, for_good=True),
    )
    ours = {*known_paths(root), *(entry.path for entry in tree)}
    problems = ownership_problems(role, backend, survey, ours)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ConflictError(problems)
    lacking = tuple(installation_sentences(backend, role.nics, survey))
    if lacking and root == HOST:
        raise HostError("\n".join(lacking))
    sentences = (
        *lacking,
        *caution_sentences(backend, role.nics, survey),
        *missing_device_sentences(backend, role.nics, survey, ours),
    )
    if isinstance(role.duty, Director) and (rival := survey.rival()) is not None:
        sentences = (*sentences, rival)
    if backend is Backend.EXTERNAL and root == HOST and role.nics:
        # Checked, not made.
        sentences = (*sentences, *missing_addresses(role.nics, run(["ip", "-json", "address"])))
    return tree, Cautions(tuple(problems), sentences)


def _nics_entries(backend: Backend, survey: Survey) -> Iterator[Entry | Absence]:
    """What depends on what a root already has: cloud-init's files, and what a boot starts."""
    if backend is Backend.EXTERNAL:
        return
    for path in sorted({*survey.cloud_init_files(), *set_aside(survey.root)}):
        yield Absence(path)
    yield from enabling_links(backend, survey, known_paths(survey.root))
