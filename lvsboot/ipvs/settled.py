"""Sets services aside that are as the rules want them, without parsing or decoding them. No I/O.

A service's lines, and its fingerprint once the kernel has what they say, belong together: what
has been worked out once is known. Where both the lines and the fingerprint come back, there is
nothing to do, and of 44,000 rules that is true of nearly all at nearly every restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from lvsboot.errors import InputError
from lvsboot.ipvs.dumps import Fingerprints, Shown, fingerprint, in_order
from lvsboot.ipvs.encode import encode_key
from lvsboot.ipvs.rules.drafts import PortOf
from lvsboot.ipvs.rules.parse import Parsed, parse_lines, split_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Of services that are found by an address: their lines, and their fingerprints.
Known: TypeAlias = "Mapping[str, bytes]"

# The length of their names, with which their fingerprints begin.
_NAME_SIZE = 44
_ADDITIONS = ("-A ", "-a ")


class Wanted(NamedTuple):
    """Rules: services whose lines are known, by their fingerprints; and what the others say."""

    known: Mapping[bytes, str]
    parsed: Parsed


def read_wanted(text: str, known: Known, *, file: str, port_of: PortOf) -> Wanted:
    """Raises InputError as parse_rules() does."""
    if known:
        wanted = _read_unknown(text, known, file, port_of)
        if wanted is not None:
            return wanted
    return Wanted({}, parse_lines(text, file=file, port_of=port_of))


def _read_unknown(text: str, known: Known, file: str, port_of: PortOf) -> Wanted | None:
    """None where the rules must be read as a whole: to be understood, or for what is wrong."""
    found: dict[bytes, str] = {}
    unknown: list[str] = []
    count = 0
    for _, part in split_parts(text):
        print_ = known.get(part)
        if print_ is None:
            unknown.append(part)
        else:
            found[print_] = part
            count += 1
    names = {print_[:_NAME_SIZE] for print_ in found}
    rest = "".join(f"{part}\n" for part in unknown)
    if len(names) < count or not all(
        line.startswith(_ADDITIONS) or not line for line in rest.split("\n")
    ):
        return None
    try:
        parsed = parse_lines(rest, file=file, port_of=port_of)
    except InputError:
        return None
    if not names.isdisjoint(map(encode_key, parsed.table.services)):
        return None
    return Wanted(found, parsed)


class Unsettled(NamedTuple):
    """What is left to compare, and what there is to know for the next time."""

    parsed: Parsed
    shown: list[Shown]
    settled: Known


def set_aside(wanted: Wanted, shown: Iterable[Shown], *, file: str, port_of: PortOf) -> Unsettled:
    """Take what agrees out of both."""
    if not wanted.known:
        return Unsettled(wanted.parsed, list(shown), {})
    settled: dict[str, bytes] = {}
    rest: list[Shown] = []
    for service in shown:
        print_ = fingerprint(service)
        lines = wanted.known.get(print_)
        if lines is None:
            rest.append(service)
        else:
            settled[lines] = print_
    changed = [lines for lines in wanted.known.values() if lines not in settled]
    if not changed:
        return Unsettled(wanted.parsed, rest, settled)
    text = "".join(f"{lines}\n" for lines in changed)
    more = parse_lines(text, file=file, port_of=port_of)
    return Unsettled(_merged(wanted.parsed, more), rest, settled)


def _merged(one: Parsed, other: Parsed) -> Parsed:
    services = {**one.table.services, **other.table.services}
    return Parsed(one.table._replace(services=services), {**one.lines, **other.lines})


def known_next(unsettled: Unsettled) -> Known:
    """Lines and fingerprints of all the services that the rules want."""
    services, prints = unsettled.parsed.table.services, Fingerprints()
    shown = {service.name: service for service in unsettled.shown}
    fresh: dict[str, bytes] = {}
    for key, lines in unsettled.parsed.lines.items():
        service = services[key]
        fresh[lines] = expected = prints.expected(key, service)
        # The kernel shows destinations in an order that is older than these rules.
        present = shown.get(expected[:_NAME_SIZE])
        if present is not None:
            fresh[lines] = in_order(expected, fingerprint(present), len(service.destinations))
    return {**unsettled.settled, **fresh}
