"""Writes completion for bash, zsh and fish into a folder: `python docs/completion.py FOLDER`.

bash's and zsh's come from shtab, which has no fish in Debian's releases.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import shtab

import lvsboot
from lvsboot.cli.parser import verb_groups

# Arguments whose value is a file or a folder, by what stands for it in the help.
_FILES = {"ROLE": shtab.FILE, "FILE": shtab.FILE, "DIR": shtab.DIRECTORY}


def make_parser() -> argparse.ArgumentParser:
    """Every verb with a summary: a parser's verbs without one are left out by shtab."""
    parser = argparse.ArgumentParser(prog="lvsboot")
    parser.add_argument("--version", action="version", version=lvsboot.__version__)
    verbs = parser.add_subparsers()
    for group in verb_groups().values():
        for name, (summary, add_arguments, _run) in group.items():
            verb = verbs.add_parser(name, help=summary, description=summary)
            add_arguments(verb)
            for action in verb._actions:
                if action.metavar in _FILES and isinstance(action.metavar, str):
                    action.complete = _FILES[action.metavar]  # type: ignore[attr-defined]
    return parser


def fish(parser: argparse.ArgumentParser) -> str:
    """In fish's own commands: the verbs, and after each verb its options."""
    return "".join(f"{line}\n" for line in _fish_lines(parser))


def _fish_lines(parser: argparse.ArgumentParser) -> Iterator[str]:
    complete = "complete --command lvsboot"
    yield f"{complete} --no-files"
    for name, verb, summary in _verbs(parser):
        first = "--condition __fish_use_subcommand"
        yield f"{complete} {first} --arguments {name} --description {_quoted(summary)}"
        after = f"--condition '__fish_seen_subcommand_from {name}'"
        for action in verb._actions:
            words = [complete, after]
            words += [f"--long-option {it[2:]}" for it in action.option_strings if it[:2] == "--"]
            words += [f"--short-option {it[1]}" for it in action.option_strings if it[1] != "-"]
            if action.nargs != 0 and action.option_strings:
                words.append("--require-parameter")
            if action.choices:
                words.append(f"--arguments '{' '.join(map(str, action.choices))}'")
            if action.metavar in _FILES:
                words.append("--force-files")
            if action.option_strings:
                words.append(f"--description {_quoted(action.help or '')}")
            if len(words) > 2:
                yield " ".join(words)


def _verbs(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {it.dest: it.help or "" for it in action._choices_actions}
            for name, verb in action.choices.items():
                yield name, verb, summaries[name]


def _with_all_choices(text: str) -> str:
    """As shtab since 1.5.6: Debian 12's reads only the first word of an array."""
    return text.replace('_choices"', '_choices[@]"')


def _with_plain_names(text: str) -> str:
    """As shtab since 1.5.6: no hyphens in the arrays of verbs such as cloud-init."""
    return re.sub(r"_shtab_lvsboot_[a-z-]+_options", lambda name: name[0].replace("-", "_"), text)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def write_completions(folder: Path) -> None:
    """Under the names that each shell looks for."""
    folder.mkdir(parents=True, exist_ok=True)
    parser = make_parser()
    for name, text in {
        "lvsboot": _with_all_choices(shtab.complete(parser, "bash")),
        "_lvsboot": _with_plain_names(shtab.complete(parser, "zsh")),
        "lvsboot.fish": fish(parser),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_completions(Path(sys.argv[1]))
