"""Lines of a shell script to the ipvsadm commands that it runs. Pure.

Read are commands with `;`, `&&` and `||` between them, by any path, behind `sudo` or the like, with
quotes, comments, redirections and variables that the script itself has set to a text. Where only a
shell knows what the script runs, that is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from lvsboot.ipvs.rules.options import CommandError
from lvsboot.ipvs.rules.shell_words import (
    BLANKS,
    OPERATORS,
    OUTPUT,
    is_plain,
    split_blanks,
    split_line,
    unmasked,
)

_IPVSADM = "ipvsadm"
_RUN_IT = "run it on a director and import what `ipvsadm -Sn` prints there"
# After these a command goes on in the next line.
_JOINING = frozenset({"&&", "||", "|"})
_RESERVED = frozenset({"!", "{", "}"})
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)(\+?)=(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z_0-9]*)\}|([A-Za-z_][A-Za-z_0-9]*))")
_DECIDING = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac"}
    | {"function", "select"}
)
_DECLARING = frozenset({"export", "readonly", "local", "declare", "typeset"})
_ENDING = frozenset({"exit", "return"})
_FORGETTING = frozenset({"unset", "read"})
# Commands that have ipvsadm's name as an argument and do not run it.
_NAMING = frozenset({"echo", "printf", "logger", "[", "[[", "test", "which", "type"})
# Longer than any word of a rule: a few lines could double a text again and again.
_LONGEST_VALUE = 512


class DecidesError(CommandError):
    """What the script runs depends on more than the file."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{unmasked(what)}: only a shell knows what the script runs", hint=_RUN_IT)


# Of lines that are not plain: shlex takes some 1 µs for each.
MAX_CHARACTERS = 1024 * 1024


def program(words: list[str]) -> str:
    """The name of what the words call, without its folder."""
    return words[0].rpartition("/")[2]


def calls_ipvsadm(words: list[str]) -> bool:
    """Not where the word sets a variable to its path, as IPV=/sbin/ipvsadm does."""
    return program(words) == _IPVSADM and "=" not in words[0]


class _Group(NamedTuple):
    """An open `{` or `(`: whether its commands are run, None where that is not known."""

    is_run: bool | None
    is_negated: bool
    is_subshell: bool
    operator: str


@dataclass(slots=True)
class Shell:
    """Follows a script line by line: its variables, its groups and the status of each command.

    `succeeded` is the status of the last command, None where that is not known. `is_over` after
    an `exit` that is run, or an `exec`. A variable is None where only a shell knows its value.
    `here_is_rules` while a here-document is ipvsadm's input and not another command's.
    """

    succeeded: bool | None = None
    is_over: bool = False
    here_is_rules: bool = False
    _here_ends: list[str] = field(default_factory=list)
    _groups: list[_Group] = field(default_factory=list)
    _operator: str = ";"
    _is_negated: bool = False
    _variables: dict[str, str | None] = field(default_factory=dict)
    _characters: int = 0

    @property
    def runs_next_line(self) -> bool:
        """Whether a line that is a plain command is one that the script runs."""
        is_text = bool(self._here_ends) and not self.here_is_rules
        is_condition = self._operator in _JOINING or self._is_negated
        return not (self.is_over or is_text or is_condition or self._groups)

    def is_here_text(self, line: str) -> bool:
        """Whether the line ends a here-document, or is in one that ipvsadm does not read."""
        if not self._here_ends:
            return False
        if line.strip(BLANKS) == self._here_ends[0]:
            del self._here_ends[0]
            return True
        return not self.here_is_rules

    def commands(self, line: str) -> Iterator[list[str]]:
        """The words of the line's commands, ipvsadm's from that word on; raises CommandError.

        Assignments are none. Who carries out a command sets `succeeded`, which decides what
        `&&` and `||` run.
        """
        command: list[str] = []
        for word in (*self._tokens(line), "\n"):
            if not command and word in _RESERVED:
                self._reserved(word)
            elif word not in OPERATORS:
                command.append(word)
            else:
                if command:
                    if word == "(":
                        raise DecidesError(f"a function ({command[0]})")
                    yield from self._command(command)
                    command, self._operator = [], ";"
                    if self.is_over:
                        return
                if word in "()":
                    self._reserved(word)
                elif word != "\n":
                    self._operator = word

    def _reserved(self, word: str) -> None:
        """What opens or closes a group, or negates the status of what follows."""
        if word == "!":
            self._is_negated = not self._is_negated
        elif word in {"{", "("}:
            operator = self._condition()
            self._groups.append(_Group(self._is_run(), self._is_negated, word == "(", operator))
            self._operator, self._is_negated = ";", False
        elif self._groups:
            group = self._groups.pop()
            if group.is_run is None:
                self.succeeded = None
            if group.is_run is not False:
                self._negate(is_negated=group.is_negated)
            self._operator = ";"

    def _negate(self, *, is_negated: bool) -> None:
        if is_negated and self.succeeded is not None:
            self.succeeded = not self.succeeded

    def _command(self, words: list[str]) -> Iterator[list[str]]:
        is_run, is_negated, self._is_negated = self._is_run(), self._is_negated, False
        if words[0] in _DECIDING:
            raise DecidesError(f"`{words[0]}`")
        if is_run is False:
            return
        command = self._simple(words, is_run=is_run)
        if not command:
            # Assignments succeed, unless the value is another command's output.
            is_known = is_run and not any(OUTPUT in word for word in words)
            self.succeeded = True if is_known else None
        else:
            if is_run is None and calls_ipvsadm(command):
                raise DecidesError(f"a command behind `{self._condition()}`")
            ends = is_run and (words[0] in _ENDING or (words[0] == "exec" and len(words) > 1))
            if ends and (words[0] == "return" or self._is_in_subshell()):
                where = "" if words[0] == "return" else " in a subshell"
                raise DecidesError(f"`{words[0]}`{where}")
            self.succeeded = None
            yield [unmasked(word) for word in command]
            self.is_over = bool(ends)
        self._negate(is_negated=is_negated)

    def _is_run(self) -> bool | None:
        """Whether the next command is run; None where that is not known."""
        runs = [self._groups[-1].is_run] if self._groups else []
        if self._operator == "&&":
            runs.append(self.succeeded)
        elif self._operator == "||":
            runs.append(None if self.succeeded is None else not self.succeeded)
        return False if False in runs else None if None in runs else True

    def _is_in_subshell(self) -> bool:
        return self._operator == "|" or any(group.is_subshell for group in self._groups)

    def _condition(self) -> str:
        """The operator that decides whether the next command is run."""
        is_inherited = self._operator not in _JOINING and self._groups
        return self._groups[-1].operator if is_inherited else self._operator

    def _tokens(self, line: str) -> list[str]:
        self._characters += 0 if is_plain(line) else len(line)
        if self._characters > MAX_CHARACTERS:
            raise DecidesError(f"more than {MAX_CHARACTERS:,} characters of shell")
        tokens, here_ends = split_line(line)
        if here_ends:
            self._here_ends += here_ends
            self.here_is_rules = False
        return tokens

    def _simple(self, words: list[str], *, is_run: bool | None) -> list[str]:
        """One command without its assignments, which are noted; its variables are replaced."""
        if words[0] in _DECLARING:
            for word in words[1:]:
                self._assign(word, is_run=is_run)
            return []
        while words and self._assign(words[0], is_run=is_run):
            words = words[1:]
        if words and words[0] in _FORGETTING:
            self._variables.update(dict.fromkeys(words[1:]))
        words = [part for word in words for part in split_blanks(self._known(word))]
        start = _ipvsadm_at(words)
        if start is None:
            return words
        return [part for word in words[start:] for part in split_blanks(self._expanded(word))]

    def _known(self, word: str) -> str:
        """The value of a word that is a variable; `$IPVSADM` may have been set elsewhere."""
        variable = _VARIABLE.fullmatch(word)
        if variable is None:
            return word
        name = variable[1] or variable[2]
        value = self._variables.get(name)
        if value is None:
            return _IPVSADM if name.lower() == _IPVSADM else word
        return value

    def _assign(self, word: str, *, is_run: bool | None) -> bool:
        """Whether the word is an assignment; of one that may be run the value is not known.

        But ipvsadm is ipvsadm, wherever the script finds it.
        """
        assignment = _ASSIGNMENT.fullmatch(word)
        if assignment is None:
            return False
        if is_run is not False:
            value = self._assigned(*assignment.groups())
            is_known = is_run or (value is not None and _ends_in_ipvsadm(value))
            self._variables[assignment[1]] = value if is_known else None
        return True

    def _assigned(self, name: str, plus: str, text: str) -> str | None:
        before = self._variables.get(name, "") if plus else ""
        try:
            value = self._expanded(text)
        except CommandError:
            return None
        if before is None or len(before + value) > _LONGEST_VALUE:
            return None
        return before + value

    def _expanded(self, text: str) -> str:
        if "$" not in text and "`" not in text:
            return text
        if OUTPUT in text:
            raise DecidesError("a word that another command gives")
        if "$" in _VARIABLE.sub("", text) or "`" in text:
            raise DecidesError(f"'{text}'")
        return _VARIABLE.sub(self._value, text)

    def _value(self, name: re.Match[str]) -> str:
        value = self._variables.get(name[1] or name[2])
        if value is None:
            raise DecidesError(f"{name[0]}, which the file does not set to a plain text")
        return value


def _ends_in_ipvsadm(text: str) -> bool:
    words = split_blanks(text)
    return bool(words) and calls_ipvsadm(words[-1:])


def _ipvsadm_at(words: list[str]) -> int | None:
    """Where ipvsadm's own words begin, behind `sudo` and its like; a here-document has no more."""
    if not words or words[0] in _NAMING:
        return None
    if calls_ipvsadm(words) or words[0].startswith("-"):
        return 0
    for index in range(1, len(words) - 1):
        if calls_ipvsadm(words[index:]) and words[index + 1].startswith("-"):
            return index
    return None
