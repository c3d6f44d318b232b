"""ipvsadm's options, and how popt(3) reads the words of one command into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

# More than ipvsadm has: each may be used once, except -6, which may be repeated.
_MOST_OPTIONS = 64
_WORD = re.compile(r"[^ \t\r\n]+")


class CommandError(Exception):
    """An error in a command, at a word or, with None, about the whole line."""

    def __init__(self, message: str, word: Word | None = None, *, hint: str = "") -> None:
        self.message = message
        self.word = word
        self.hint = hint
        super().__init__(message)


class RefusedError(CommandError):
    """ipvsadm sends the command and the kernel refuses it: `ipvsadm -R` says so and goes on."""


class Word(NamedTuple):
    text: str
    column: int


class Takes(StrEnum):
    NOTHING = "nothing"
    VALUE = "value"
    # As popt's POPT_ARGFLAG_OPTIONAL: the next word is the value unless it starts with a dash.
    OPTIONAL = "optional"


class Group(StrEnum):
    """A command has at most one option of each group; the value is ipvsadm's name for it."""

    VERB = "command"
    SERVICE = "service-address"
    IPV6 = "ipv6"
    SCHEDULER = "scheduler"
    FLAGS = "sched-flags"
    PERSISTENT = "persistent"
    NETMASK = "netmask"
    ENGINE = "pe"
    ONE_PACKET = "ops"
    SERVER = "real-server"
    FORWARD = "forwarding-method"
    WEIGHT = "weight"
    UPPER = "u-threshold"
    LOWER = "l-threshold"
    TUN_TYPE = "tun-type"
    TUN_PORT = "tun-port"
    TUN_NOCSUM = "tun-nocsum"
    TUN_CSUM = "tun-csum"
    TUN_REMCSUM = "tun-remcsum"
    SYNC_ID = "syncid"
    INTERFACE = "mcast-interface"
    MAX_LENGTH = "sync-maxlen"
    MULTICAST = "mcast-group"
    MCAST_PORT = "mcast-port"
    TTL = "mcast-ttl"
    TIMEOUT = "timeout"


class Option(NamedTuple):
    name: str
    letter: str
    takes: Takes
    group: Group


class ParsedOption(NamedTuple):
    """An option in a command; `word` is the one with its value, or its own if it has none."""

    option: Option
    value: str | None
    word: Word


_OPTIONS = (
    *(
        Option(name, letter, Takes.NOTHING, Group.VERB)
        for name, letter in (
            ("add-service", "A"),
            ("edit-service", "E"),
            ("delete-service", "D"),
            ("clear", "C"),
            ("zero", "Z"),
            ("add-server", "a"),
            ("edit-server", "e"),
            ("delete-server", "d"),
            ("set", ""),
            ("list", "L"),
            ("list", "l"),
            ("save", "S"),
            ("restore", "R"),
            ("help", "h"),
            ("version", "v"),
        )
    ),
    Option("start-daemon", "", Takes.VALUE, Group.VERB),
    Option("stop-daemon", "", Takes.VALUE, Group.VERB),
    Option("tcp-service", "t", Takes.VALUE, Group.SERVICE),
    Option("udp-service", "u", Takes.VALUE, Group.SERVICE),
    Option("sctp-service", "", Takes.VALUE, Group.SERVICE),
    Option("fwmark-service", "f", Takes.VALUE, Group.SERVICE),
    Option("ipv6", "6", Takes.NOTHING, Group.IPV6),
    Option("scheduler", "s", Takes.VALUE, Group.SCHEDULER),
    Option("sched-flags", "b", Takes.VALUE, Group.FLAGS),
    Option("persistent", "p", Takes.OPTIONAL, Group.PERSISTENT),
    Option("netmask", "M", Takes.VALUE, Group.NETMASK),
    Option("pe", "", Takes.VALUE, Group.ENGINE),
    Option("ops", "o", Takes.NOTHING, Group.ONE_PACKET),
    Option("real-server", "r", Takes.VALUE, Group.SERVER),
    Option("masquerading", "m", Takes.NOTHING, Group.FORWARD),
    Option("gatewaying", "g", Takes.NOTHING, Group.FORWARD),
    Option("ipip", "i", Takes.NOTHING, Group.FORWARD),
    Option("weight", "w", Takes.VALUE, Group.WEIGHT),
    Option("u-threshold", "x", Takes.VALUE, Group.UPPER),
    Option("l-threshold", "y", Takes.VALUE, Group.LOWER),
    Option("tun-type", "", Takes.VALUE, Group.TUN_TYPE),
    Option("tun-port", "", Takes.VALUE, Group.TUN_PORT),
    Option("tun-nocsum", "", Takes.NOTHING, Group.TUN_NOCSUM),
    Option("tun-csum", "", Takes.NOTHING, Group.TUN_CSUM),
    Option("tun-remcsum", "", Takes.NOTHING, Group.TUN_REMCSUM),
    Option("syncid", "", Takes.VALUE, Group.SYNC_ID),
    Option("mcast-interface", "", Takes.VALUE, Group.INTERFACE),
    Option("sync-maxlen", "", Takes.VALUE, Group.MAX_LENGTH),
    Option("mcast-group", "", Takes.VALUE, Group.MULTICAST),
    Option("mcast-port", "", Takes.VALUE, Group.MCAST_PORT),
    Option("mcast-ttl", "", Takes.VALUE, Group.TTL),
)
# For the three words after --set, which popt returns as arguments of no option.
TIMEOUT = Option("set", "", Takes.VALUE, Group.TIMEOUT)
_BY_NAME = {option.name: option for option in _OPTIONS}
_BY_LETTER = {option.letter: option for option in _OPTIONS if option.letter}


def split_words(line: str) -> list[Word]:
    """The words of a line. ipvsadm drops the word `ipvsadm` wherever it stands."""
    return [
        Word(found.group(), found.start() + 1)
        for found in _WORD.finditer(line)
        if found.group() != "ipvsadm"
    ]


def read_options(words: list[Word]) -> tuple[list[ParsedOption], list[Word]]:
    """Options in their order, and the words that belong to no option."""
    parsed: list[ParsedOption] = []
    others: list[Word] = []
    queue = _Queue(words)
    while (word := queue.take()) is not None:
        if word.text == "--":
            others.extend(queue.drain())
        elif not word.text.startswith("-") or word.text == "-":
            others.append(word)
        elif word.text.startswith("--"):
            parsed.append(_long_option(word, queue))
        elif len(word.text) == 2:
            parsed.append(_short_option(word, queue))
        else:
            parsed.extend(islice(_short_options(word, queue), _MOST_OPTIONS + 1))
        if len(parsed) > _MOST_OPTIONS:
            raise CommandError(f"more than {_MOST_OPTIONS} options in one line", word)
    return parsed, others


class _Queue:
    """The words that are not yet parsed."""

    def __init__(self, words: list[Word]) -> None:
        self._words = words
        self._next = 0

    def take(self) -> Word | None:
        if self._next == len(self._words):
            return None
        self._next += 1
        return self._words[self._next - 1]

    def drain(self) -> list[Word]:
        rest, self._next = self._words[self._next :], len(self._words)
        return rest

    def take_value(self, option: Option, word: Word) -> ParsedOption:
        """The option with the next word as its value, if it takes one."""
        following = self._words[self._next] if self._next < len(self._words) else None
        if option.takes is Takes.OPTIONAL and (following is None or following.text.startswith("-")):
            return ParsedOption(option, None, word)
        value = self.take()
        if value is None:
            raise CommandError(f"{word.text} needs a value", word)
        return ParsedOption(option, value.text, value)


def _long_option(word: Word, queue: _Queue) -> ParsedOption:
    name, equals, value = word.text[2:].partition("=")
    option = _BY_NAME.get(name)
    if option is None:
        raise CommandError(f"ipvsadm has no option --{name}", word)
    if option.takes is Takes.NOTHING:
        if equals:
            raise CommandError(f"--{name} takes no value", word)
        return ParsedOption(option, None, word)
    return ParsedOption(option, value, word) if equals else queue.take_value(option, word)


def _short_option(word: Word, queue: _Queue) -> ParsedOption:
    """A single letter, as nearly all options are written."""
    option = _BY_LETTER.get(word.text[1])
    if option is None:
        raise CommandError(f"ipvsadm has no option {word.text}", word)
    if option.takes is Takes.NOTHING:
        return ParsedOption(option, None, word)
    return queue.take_value(option, word)


def _short_options(word: Word, queue: _Queue) -> Iterator[ParsedOption]:
    """A cluster such as `-At`; what follows the first letter that takes a value is the value."""
    for index, letter in enumerate(word.text[1:], start=1):
        option = _BY_LETTER.get(letter)
        if option is None:
            raise CommandError(f"ipvsadm has no option -{letter}", word)
        if option.takes is not Takes.NOTHING:
            rest = word.text[index + 1 :]
            if rest:
                yield ParsedOption(option, rest.removeprefix("="), word)
            else:
                yield queue.take_value(option, word)
            return
        yield ParsedOption(option, None, word)
