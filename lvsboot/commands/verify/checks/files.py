"""Checks of what stands on the disk: the role's files, their links, and others' files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot import paths
from lvsboot.commands.verify.facts import Facts, FileFacts
from lvsboot.commands.verify.results import Result, failure, found, unseen, warning
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.install.files import Change, Found, Remove, Restore
from lvsboot.problem import Problem, Severity
from lvsboot.role.model import Director

FILES, OWNER, ENABLED = "files.content", "files.owner", "units.enabled"
SYSCTL_BOOT, IPVSADM = "sysctl.boot", "debian.ipvsadm"
_IPVSADM_MASK = f"{paths.UNITS}/{paths.DEBIAN_IPVSADM}"
_APPLY = "`lvsboot apply`"
# role.applied compares these.
_ROLES = {paths.ROLE, paths.APPLIED_ROLE}


def check_files(facts: Facts) -> Iterator[Result]:
    """Files, links that enable units, lines that contradict, and Debian's ipvsadm service."""
    files = facts.files
    if isinstance(files, Unseen):
        for check in (FILES, OWNER, ENABLED, SYSCTL_BOOT):
            yield unseen(check, files)
        return
    apart = {*_ROLES, _IPVSADM_MASK}
    changes = [change for change in files.changes if change.path not in apart]
    links = [change for change in changes if _is_enablement(change)]
    others = [change for change in changes if not _is_enablement(change)]
    right = f"{len(files.tree)} files and links are as the role wants them"
    yield from found(FILES, map(_file, others), right)
    yield from found(ENABLED, map(_link, links), "a boot starts all units of the role")
    yield from found(OWNER, _conflicts(files), "no other file configures the role's NICs")
    yield from found(
        SYSCTL_BOOT,
        map(_sysctl_problem, files.sysctl_problems),
        "no file of sysctl.d overrides the role at the next boot",
    )
    if isinstance(facts.role.kind, Director):
        yield from found(IPVSADM, _ipvsadm(files), f"{paths.DEBIAN_IPVSADM} is masked")


def _is_enablement(change: Change) -> bool:
    return ".wants/" in change.path


def _file(change: Change) -> Result:
    match change:
        case Remove():
            seen, expected = f"{change.path} is there", "no such file: the role does not have it"
        case Restore():
            seen = f"{change.path} is moved aside"
            expected = "the file as it was before an earlier role"
        case _:
            state = {
                Found.NOTHING: "is missing",
                Found.OURS: "is of an earlier role or version",
                Found.EDITED: "was edited",
                Found.UNMANAGED: "is not lvsboot's",
            }[change.found]
            seen, expected = f"{change.path} {state}", "the file that the role has there"
    return failure(
        FILES, seen, expected, f"`lvsboot plan` shows the difference, {_APPLY} writes it"
    )


def _link(change: Change) -> Result:
    if isinstance(change, Remove):
        seen, expected = f"{change.path} is there", "no such link: the role does not have the unit"
    else:
        seen, expected = f"{change.path} is missing", "a link by which a boot starts the unit"
    return failure(ENABLED, seen, expected, _APPLY)


def _conflicts(files: FileFacts) -> Iterator[Result]:
    for problem in files.conflicts:
        check = failure if problem.severity is Severity.ERROR else warning
        yield check(OWNER, _place(problem), "one owner for each NIC", problem.hint or "see above")
    for sentence in files.sentences:
        yield warning(OWNER, sentence, "", "")


def _sysctl_problem(problem: Problem) -> Result:
    check = failure if problem.severity is Severity.ERROR else warning
    fix = f"{problem.hint or 'let the file agree with the role'}; then `sysctl --system`"
    expected = "the next boot, and `sysctl --system`, leave the role's values in force"
    return check(SYSCTL_BOOT, _place(problem), expected, fix)


def _place(problem: Problem) -> str:
    return f"{problem.file}:{problem.span.line}: {problem.message}"


def _ipvsadm(files: FileFacts) -> Iterable[Result]:
    if not any(change.path == _IPVSADM_MASK for change in files.changes):
        return
    does = (
        files.ipvsadm_service or "it could load a table of its own, and empties the table at stop"
    )
    seen = f"{paths.DEBIAN_IPVSADM} is not masked: {does}"
    fix = f"`systemctl mask {paths.DEBIAN_IPVSADM}`, or {_APPLY}"
    yield failure(IPVSADM, seen, "nothing else loads the table", fix)
