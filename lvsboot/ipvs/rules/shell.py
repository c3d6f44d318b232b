"""Lines of a shell script to the ipvsadm commands in them, where these are plain. Pure.

Plain: one command a line, or more with `;` and `&&` between them, by any path, behind `sudo` or the
like, with quotes, comments, redirections and variables that the script itself has set to a text.
Where the script decides what it runs, nobody but a shell can tell, and that is said.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from lvsboot.ipvs.rules.options import CommandError

_IPVSADM = "ipvsadm"
_RUN_IT = "run it on a director and import what `ipvsadm -Sn` prints there"
# What a line must have to mean more to a shell than its words.
_SPECIAL = re.compile(r"['\"\\$`;&|<>(){}]")
_REDIRECTION = re.compile(
    r"(?:(?<![^\s;&|])[0-9]|&)?(?:<<<|<<-?|>>|>\||<|>)(?:&[0-9-]|[ \t]*[^\s;&|<>()]+)"
)
_HERE = re.compile(r"<<-?[ \t]*['\"]?(\w+)")
# What stands for a command's output, which is not known.
_SUBSTITUTION = re.compile(r"`[^`]*`|\$\([^()]*\)")
_OUTPUT = "$?"
_OPERATOR = re.compile(r"[;&|()]+")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)(\+?)=(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z_0-9]*)\}|([A-Za-z_][A-Za-z_0-9]*))")
_DECIDING = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac"}
    | {"function", "select"}
)
_DECLARING = frozenset({"export", "readonly", "local", "declare", "typeset"})
_FORGETTING = frozenset({"unset", "read"})
# Commands that ipvsadm's name is a mere word to.
_NAMING = frozenset({"echo", "printf", "logger", "[", "[[", "test", "which", "type"})
# Longer than any word of a rule: to double a text again and again takes few lines.
_LONGEST_VALUE = 512


class DecidesError(CommandError):
    """What the script runs depends on more than its text."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: only a shell can tell what the script runs", hint=_RUN_IT)


_BLANKS = " \t\r\n"
_TO_BLANKS = str.maketrans(_BLANKS, "    ")
# Of lines that are not plain: shlex takes some 1 µs for each.
_MOST_CHARACTERS = 1024 * 1024


def is_plain(line: str) -> bool:
    """A shell would take the line's words as they are."""
    return _SPECIAL.search(line) is None


def program(words: list[str]) -> str:
    """The name of what the words call, without its folder."""
    return words[0].rpartition("/")[2]


def calls_ipvsadm(words: list[str]) -> bool:
    """Not where the word sets a variable to its path, as IPV=/sbin/ipvsadm does."""
    return program(words) == _IPVSADM and "=" not in words[0]


@dataclass(slots=True)
class Shell:
    """Knows the variables that the script has set; None: to what nobody but a shell can tell.

    `succeeded` is what became of the last command, None where that is not known.
    """

    succeeded: bool | None = None
    _ends: set[str] = field(default_factory=set)
    _variables: dict[str, str | None] = field(default_factory=dict)
    _characters: int = 0

    def ends_here(self, line: str) -> bool:
        """Whether the line ends a here-document, and is no command."""
        return bool(self._ends) and line.strip(_BLANKS) in self._ends

    def commands(self, line: str) -> Iterator[list[str]]:
        """The words of the line's commands, ipvsadm's from that word on; raises CommandError.

        Assignments are none. Who carries out a command sets `succeeded`, which decides what
        `&&` and `||` run.
        """
        previous, operator = "", ";"
        for is_operator, tokens in groupby(self._tokens(line), _is_operator):
            if is_operator:
                operator = "".join(tokens)
                if "(" in operator and previous:
                    raise DecidesError(f"a function ({previous})")
                continue
            is_run = self._is_run(operator)
            said = [*tokens]
            words = self._simple(said, is_run=is_run)
            if not words:
                self._note_assignments(said, is_run=is_run)
                continue
            if words[0] in _DECIDING:
                raise DecidesError(f"`{words[0]}`")
            if is_run is None and calls_ipvsadm(words):
                raise DecidesError(f"a command behind `{operator}`")
            if is_run is False:
                continue
            previous, self.succeeded = program(words), None
            yield words

    def _tokens(self, line: str) -> list[str]:
        """Words and operators."""
        if is_plain(line):
            return _split(line)
        self._characters += len(line)
        if self._characters > _MOST_CHARACTERS:
            raise DecidesError(f"more than {_MOST_CHARACTERS:,} characters of shell")
        self._ends.update(_HERE.findall(line))
        line = _REDIRECTION.sub("", _SUBSTITUTION.sub(_OUTPUT, line))
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
        lexer.whitespace, lexer.whitespace_split = _BLANKS, True
        try:
            return [word for word in lexer if word not in {"{", "}", "!"}]
        except ValueError as error:
            raise CommandError("a quotation that ends in no line of its own") from error

    def _note_assignments(self, words: list[str], *, is_run: bool | None) -> None:
        """They succeed, unless the value is what another command gives."""
        if is_run is not False:
            is_known = is_run and not any(_OUTPUT in word for word in words)
            self.succeeded = True if is_known else None

    def _is_run(self, operator: str) -> bool | None:
        """Whether what follows the operator is run; None where that is not known."""
        if "&&" in operator:
            return self.succeeded
        if "||" in operator:
            return None if self.succeeded is None else not self.succeeded
        return True

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
        if not words or words[0] in _DECIDING:
            return words[:1]
        words = [part for word in words for part in _split(self._known(word))]
        start = _ipvsadm_at(words)
        if start is None:
            return words
        return [part for word in words[start:] for part in _split(self._expanded(word))]

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
        if _OUTPUT in text:
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
    words = _split(text)
    return bool(words) and calls_ipvsadm(words[-1:])


def _split(text: str) -> list[str]:
    """At what a shell splits it; str.split() knows more blanks."""
    return [word for word in text.translate(_TO_BLANKS).split(" ") if word]


def _is_operator(token: str) -> bool:
    return _OPERATOR.fullmatch(token) is not None


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
