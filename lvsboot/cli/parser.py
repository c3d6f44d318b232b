"""The command line as argparse knows it."""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from typing import TYPE_CHECKING

import lvsboot
from lvsboot.cli import service
from lvsboot.errors import Exit
from lvsboot.system.printable import printable_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import NoReturn

    # Name: summary, arguments, what runs.
    Verbs = Mapping[
        str,
        tuple[str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], int]],
    ]

_DESCRIPTION = "One role file makes an LVS director or real server."
_HELP = {"-h", "--help", "--version"}


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Told its width: to ask for it, argparse imports shutil and with it three compressors."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)


class _Parser(argparse.ArgumentParser):
    def __init__(
        self, *, prog: str, description: str | None = None, usage: str | None = None
    ) -> None:
        super().__init__(
            prog=prog, description=description, usage=usage, formatter_class=_Formatter
        )
        self.verbs: Mapping[str, argparse.ArgumentParser] = {}

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, f"{self.prog}: {printable_line(message)}\n")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The words as argparse reads them; SystemExit where they ask for help, or are wrong."""
    parser = parser_for(words)
    if not words:
        parser.print_help(sys.stderr)
        raise SystemExit(Exit.USAGE)
    if words[0] == "help":
        parser.verbs.get("".join(words[1:2]), parser).print_help()
        raise SystemExit(Exit.DONE)
    name = next((word for word in words if not word.startswith("-")), None)
    if name is not None and name not in parser.verbs and not _HELP & {*words[: words.index(name)]}:
        _refuse_first_option(words[0], parser)
        parser.error(f"{name!r} is not a verb: {_hint(name, parser.verbs)}")
    if name is None:
        _refuse_first_option(words[0], parser)
    verb = parser.verbs.get(name or "", parser)
    _check_options(words, verb)
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        hint = " (options go behind the verb)" if words[0] == unknown[0] else ""
        verb.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    if any(value in ("", [""]) for value in vars(arguments).values()):
        # pathlib would take it for the folder that we are in.
        verb.error("an argument is empty, as one of a variable that is not set")
    return arguments


def _refuse_first_option(word: str, parser: argparse.ArgumentParser) -> None:
    """One such as ipvsadm's, where argparse would only miss the verb."""
    if re.match(r"-[^-h]|--(list|save|clear|restore)$", word):
        parser.error(f"{word} is not an option: {_hint(word, ())}")


def _check_options(words: Sequence[str], verb: argparse.ArgumentParser) -> None:
    """Before argparse misses what a misspelled option would have given it."""
    known = re.findall(r"--[a-z-]+", verb.format_help())
    for word in itertools.takewhile(lambda word: word != "--", words):
        name = word.partition("=")[0]
        if word.startswith("--") and not any(option.startswith(name) for option in known):
            verb.error(f"{name} is not an option: {_hint(word, known)}")


def parser_for(words: Sequence[str]) -> _Parser:
    """The verb that `words` begin with; all verbs where they begin otherwise."""
    name = words[0] if words else ""
    if name in service.VERBS:
        return _parser({"the service": {name: service.VERBS[name]}})
    groups = verb_groups()
    for verbs in groups.values():
        if name in verbs:
            return _parser({"": {name: verbs[name]}})
    return _parser(groups)


def verb_groups() -> Mapping[str, Verbs]:
    """Every verb, in groups by their titles."""
    from lvsboot.cli import roles

    return {"roles": roles.VERBS, "the service": service.VERBS, "tools": roles.TOOLS}


def _parser(groups: Mapping[str, Verbs]) -> _Parser:
    parser = _Parser(
        prog="lvsboot",
        usage="lvsboot [-h] [--version] VERB ...",
        description=f"{_DESCRIPTION}\n\n{_groups_text(groups)}",
    )
    parser.add_argument("--version", action="version", version=f"lvsboot {lvsboot.__version__}")
    verbs = parser.add_subparsers(
        required=True, metavar="VERB", prog="lvsboot", help=argparse.SUPPRESS
    )
    for table in groups.values():
        for name, (summary, add_arguments, run) in table.items():
            verb = verbs.add_parser(name, description=f"{summary[0].upper()}{summary[1:]}.")
            add_arguments(verb)
            verb.set_defaults(run=run)
    parser.verbs = verbs.choices
    return parser


def _groups_text(groups: Mapping[str, Verbs]) -> str:
    """Each group's verbs with their summaries: argparse itself knows no groups of verbs."""
    width = max(len(name) for verbs in groups.values() for name in verbs)
    parts = []
    for title, verbs in groups.items():
        lines = [f"  {name:<{width}}  {summary}" for name, (summary, _, _) in verbs.items()]
        parts.append("\n".join([f"{title}:", *lines]))
    return "\n\n".join([*parts, "`lvsboot VERB --help` shows what a verb takes."])


def _hint(word: str, known: Iterable[str]) -> str:
    from lvsboot.cli.hints import hint

    return hint(word, known)
