"""Parses one line of rules into a command, and checks it as ipvsadm does."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, TypeAlias

from lvsboot.ipvs.rules import values
from lvsboot.ipvs.rules.builders import DestinationBuilder, PortOf, ServiceBuilder, read_daemon
from lvsboot.ipvs.rules.options import (
    TIMEOUT,
    CommandError,
    Group,
    ParsedOption,
    Word,
    read_options,
    split_words,
)
from lvsboot.ipvs.table import (
    Daemon,
    DaemonRole,
    Destination,
    DestinationKey,
    ServiceKey,
    ServiceOptions,
    Timeouts,
)


class Verb(StrEnum):
    ADD = "add"
    EDIT = "edit"
    DELETE = "delete"


class ServiceCommand(NamedTuple):
    """`options` are None for DELETE."""

    verb: Verb
    key: ServiceKey
    options: ServiceOptions | None


class DestinationCommand(NamedTuple):
    """`destination` is None for DELETE. `said_port` is the line's port, `key` has the one sent."""

    verb: Verb
    service: ServiceKey
    key: DestinationKey
    destination: Destination | None
    said_port: int = 0


class ZeroCommand(NamedTuple):
    """Changes nothing, as a table has no counters; a key of None means all services."""

    key: ServiceKey | None


class ClearCommand(NamedTuple):
    pass


class SetCommand(NamedTuple):
    timeouts: Timeouts


class DaemonCommand(NamedTuple):
    """A daemon of None stops it."""

    role: DaemonRole
    daemon: Daemon | None


Command: TypeAlias = (
    ServiceCommand | DestinationCommand | ZeroCommand | ClearCommand | SetCommand | DaemonCommand
)

# Ten times the length of a command with every option.
LONGEST_LINE = 4096

_SERVICE = frozenset({Group.SERVICE, Group.IPV6})
_SERVICE_OPTIONS = _SERVICE | {
    Group.SCHEDULER,
    Group.FLAGS,
    Group.PERSISTENT,
    Group.NETMASK,
    Group.ENGINE,
    Group.ONE_PACKET,
}
_SERVER = _SERVICE | {Group.SERVER}
_DESTINATION_OPTIONS = frozenset(
    {
        Group.FORWARD,
        Group.WEIGHT,
        Group.UPPER,
        Group.LOWER,
        Group.TUN_TYPE,
        Group.TUN_PORT,
        Group.TUN_NOCSUM,
        Group.TUN_CSUM,
        Group.TUN_REMCSUM,
    }
)
_DAEMON_OPTIONS = frozenset(
    {
        Group.SYNC_ID,
        Group.INTERFACE,
        Group.MAX_LENGTH,
        Group.MULTICAST,
        Group.MCAST_PORT,
        Group.TTL,
    }
)
# ipvsadm's commands_v_options, for the verbs that have a place in a rules file.
_ALLOWED: dict[str, frozenset[Group]] = {
    "add-service": _SERVICE_OPTIONS,
    "edit-service": _SERVICE_OPTIONS,
    "delete-service": _SERVICE,
    "add-server": _SERVER | _DESTINATION_OPTIONS,
    "edit-server": _SERVER | _DESTINATION_OPTIONS,
    "delete-server": _SERVER,
    "clear": frozenset(),
    "zero": _SERVICE,
    "set": frozenset(),
    "start-daemon": _DAEMON_OPTIONS,
    "stop-daemon": frozenset({Group.SYNC_ID}),
}


def parse_command(line: str, port_of: PortOf) -> Command | None:
    """The command of one line, None for a blank one; raises CommandError."""
    if len(line) > LONGEST_LINE:
        raise CommandError(f"the line is longer than {LONGEST_LINE:,} characters")
    words = split_words(line)
    if not words:
        return None
    if words[0].text.startswith("#"):
        raise CommandError("a comment: `ipvsadm -R` would stop here", words[0], hint="delete it")
    if words[0].text.startswith("\ufeff"):
        message = "a byte order mark: `ipvsadm -R` would stop here"
        raise CommandError(message, words[0], hint="save the file without it")
    parsed, others = read_options(words)
    if not parsed or parsed[0].option.group is not Group.VERB:
        raise CommandError("the line does not start with a command such as -A or -a", words[0])
    verb, *options = parsed
    _check_options(verb, options)
    if verb.option.name != "set" and others:
        raise CommandError(f"'{others[0].text}' belongs to no option", others[0])
    return _command(verb, options, others, port_of)


def _check_options(verb: ParsedOption, options: list[ParsedOption]) -> None:
    name = verb.option.name
    if name not in _ALLOWED:
        raise CommandError(f"--{name} has no place in a rules file", verb.word)
    seen: set[Group] = set()
    for parsed in options:
        group = parsed.option.group
        if group is Group.VERB:
            raise CommandError("a second command in one line", parsed.word)
        if group in seen and group is not Group.IPV6:
            raise CommandError(f"a second {group.value} option", parsed.word)
        if group not in _ALLOWED[name]:
            raise CommandError(f"--{parsed.option.name} does not go with --{name}", parsed.word)
        seen.add(group)


def _command(
    verb: ParsedOption, options: list[ParsedOption], others: list[Word], port_of: PortOf
) -> Command:
    match verb.option.name.partition("-"):
        case ("clear", _, _):
            return ClearCommand()
        case ("set", _, _):
            return SetCommand(_timeouts(verb, others))
        case (action, _, "daemon"):
            by_group = {parsed.option.group: parsed for parsed in options}
            daemon = read_daemon(by_group)
            return DaemonCommand(values.daemon_role(verb), daemon if action == "start" else None)
        case ("zero", _, _):
            return ZeroCommand(_service_builder(options, port_of).key)
        case (action, _, "service"):
            return _service_command(Verb(action), options, port_of)
        case (action, _, _):
            return _destination_command(Verb(action), options, port_of)


def _timeouts(verb: ParsedOption, others: list[Word]) -> Timeouts:
    if len(others) < len(Timeouts._fields):
        raise CommandError("--set needs three timeouts: TCP, TCP FIN, UDP", verb.word)
    for word in others[len(Timeouts._fields) :]:
        raise CommandError(f"'{word.text}' belongs to no option", word)
    seconds = (ParsedOption(TIMEOUT, word.text, word) for word in others)
    return Timeouts(*(values.number(parsed, 0, values.LONGEST_TIMEOUT) for parsed in seconds))


def _service_builder(options: list[ParsedOption], port_of: PortOf) -> ServiceBuilder:
    builder = ServiceBuilder(port_of)
    for parsed in options:
        builder.apply(parsed)
    return builder


def _service_command(verb: Verb, options: list[ParsedOption], port_of: PortOf) -> ServiceCommand:
    builder = _service_builder(options, port_of)
    key = _required_key(builder)
    return ServiceCommand(verb, key, None if verb is Verb.DELETE else builder.options())


def _destination_command(
    verb: Verb, options: list[ParsedOption], port_of: PortOf
) -> DestinationCommand:
    service = ServiceBuilder(port_of)
    builder = DestinationBuilder(service)
    for parsed in options:
        if parsed.option.group in _SERVICE:
            service.apply(parsed)
        else:
            builder.apply(parsed)
    key = _required_key(service)
    said = builder.key(stored=False)
    if verb is Verb.DELETE:
        return DestinationCommand(verb, key, said, None, said.port)
    where = builder.key(stored=True)
    return DestinationCommand(verb, key, where, builder.destination(), said.port)


def _required_key(builder: ServiceBuilder) -> ServiceKey:
    if builder.key is None:
        message = "the command names no service"
        raise CommandError(message, hint="add -t, -u, --sctp-service or -f")
    return builder.key
