"""Finds lines of sysctl.d that would override a role's settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lvsboot import paths
from lvsboot.host.sysctl_files import read_sysctl_files
from lvsboot.problem import Problem, Severity, Span
from lvsboot.role.model import RealServer, Role
from lvsboot.role.sysctl_conflicts import Conflict, sysctl_conflicts
from lvsboot.system.sysctl.settings import Settings
from lvsboot.system.sysctl.text import Assignment, Unread, dotted

_OWN_NAME = paths.SYSCTL.rpartition("/")[2]


def sysctl_problems(role: Role, text: str, root: Path) -> tuple[Problem, ...]:
    """An error for what breaks the role at the next boot, a warning for what else differs.

    `text` is what lvsboot's own file will hold. A file that cannot be read is an error for a real
    server, whose guard then refuses its VIPs.
    """
    files = read_sysctl_files(root, {paths.SYSCTL: text})
    is_guarded = isinstance(role.kind, RealServer) and bool(role.kind.vips)
    problems = [_unread_problem(unread, is_error=is_guarded) for unread in files.unread]
    reported = set[tuple[str, int, str]]()
    for settings in files.readers:
        for conflict in sysctl_conflicts(role, settings):
            is_boot = settings is files.boot
            problem = _problem(conflict, settings, text, is_error=is_boot or is_guarded)
            place = (problem.file, problem.span.line, conflict.sentence)
            if place not in reported:
                reported.add(place)
                problems.append(problem)
    return tuple(problems)


def _problem(conflict: Conflict, settings: Settings, own: str, *, is_error: bool) -> Problem:
    line = conflict.line
    file, number = (paths.SYSCTL, 1) if line is None else (line.file, line.line)
    sentence = conflict.sentence if line is None else conflict.sentence.removeprefix(line.place)
    message = f"for {settings.program}, {'' if line is None else 'this line'}{sentence}"
    hint = "" if line is None or file == paths.SYSCTL else _hint(line, own)
    severity = Severity.ERROR if conflict.breaks and is_error else Severity.WARNING
    return Problem(file, Span(number), message, hint=hint, severity=severity)


def _hint(line: Assignment, own: str) -> str:
    """A new name helps only where the order decides: sysctl.conf is last, a glob comes first."""
    is_later = Path(line.file).parent.name == "sysctl.d" and Path(line.file).name > _OWN_NAME
    if is_later and f"\n{dotted(line.key)} = " in own:
        return f"remove the line, or let its file sort before {_OWN_NAME}"
    return "remove the line"


def _unread_problem(unread: Unread, *, is_error: bool) -> Problem:
    message = f"what sysctl.d leaves in force is not known: this {unread.reason}"
    severity = Severity.ERROR if is_error else Severity.WARNING
    return Problem(unread.file, Span(unread.line or 1), message, severity=severity)


def as_cautions(problems: tuple[Problem, ...]) -> Iterator[Problem]:
    """As warnings, where nothing is applied now: a file may still change before the boot."""
    return (problem._replace(severity=Severity.WARNING) for problem in problems)
