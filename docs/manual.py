"""Writes the manual pages into a folder: `python docs/manual.py FOLDER`.

lvsboot(8) comes from the command line's parser, lvs-role(5) from the schema, and lvs.service(8)
from the page beside this file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import reference
import roff

import lvsboot
from lvsboot.cli.parser import verb_groups
from lvsboot.errors import Exit
from lvsboot.resources import ROLE_SCHEMA

if TYPE_CHECKING:
    from lvsboot.cli.parser import Verbs

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "examples" / "dr" / "director.yaml"

STATUSES = {
    Exit.DONE: (
        "Done; `import` also where a role cannot have some services: its last line counts them."
    ),
    Exit.FAILED: (
        "Failed: the message on standard error says what and why. "
        "Also where a result or a message could not be written."
    ),
    Exit.DIFFERS: (
        "Done, with differences: `plan --exit-code`, `status` on a real server, and a failure that "
        "`verify` finds."
    ),
    Exit.USAGE: "Wrong usage.",
    Exit.REFUSED: (
        "Refused: more than half of the live services or VIPs would go. "
        "Nothing was changed, and `--allow-removal` does it."
    ),
    Exit.NOT_PERMITTED: "Not permitted, by a file or by the kernel: the message says who may.",
    Exit.BAD_INPUT: "The role file, or the rules file, is wrong; `import` found no service.",
}
FILES = {
    "/etc/lvs/role.yaml": "The host's role, see `lvs-role`(5).",
    "/etc/lvs/ipvs.rules": "A director's rules, which `ipvsadm -R` can read, too.",
    "/var/lib/lvs/role.yaml": "The role that was applied last.",
    "/var/lib/lvs/manifest.json": "What lvsboot has written, and what it has moved aside.",
    "/var/lib/lvs/saved.rules": "What `lvsboot save` has saved for the next start.",
    "/var/lib/lvs/weights.json": "The weights that `lvsboot drain` and `weight` have set.",
    "/run/lvs/loaded.rules": "The rules that are loaded: their services are lvsboot's.",
    "FILE.lvs-save": "What a person had written where lvsboot put FILE.",
}


def command_page() -> str:
    """lvsboot(8)."""
    groups = verb_groups()
    return "".join(
        [
            roff.title("LVSBOOT", 8, lvsboot.__version__),
            roff.section("NAME", "lvsboot \\- Linux Virtual Server hosts from one role file\n"),
            roff.section("SYNOPSIS", *_synopses(groups)),
            roff.section(
                "DESCRIPTION",
                roff.prose(
                    "A role file says what one host is in a Linux Virtual Server cluster: a "
                    "director, which balances services by IPVS, or a real server. `lvsboot` checks "
                    "it, and writes what makes the host that at each boot: settings of the "
                    "network, of ARP and of forwarding, virtual addresses, IPVS rules, and units "
                    "of systemd."
                ),
                roff.paragraph(
                    "The verbs on roles write files, the verbs of the service read one of them, "
                    "the rules, and bring the kernel's table to it. `lvs.service`(8) calls these."
                ),
            ),
            roff.section("VERBS", *_groups(groups)),
            roff.section(
                "EXIT STATUS",
                *(roff.item(f"`{status}`", text) for status, text in STATUSES.items()),
            ),
            roff.section("FILES", *(roff.item(f"`{name}`", text) for name, text in FILES.items())),
            roff.section(
                "EXAMPLES",
                roff.prose("Check a role, look at what it would change, and apply it:"),
                roff.literal("lvsboot validate /etc/lvs/role.yaml\nlvsboot plan\nlvsboot apply\n"),
                roff.paragraph("Begin with the rules of a director that has none:"),
                roff.literal("ipvsadm -Sn | lvsboot import - > role.yaml\n"),
            ),
            roff.section(
                "SEE ALSO",
                roff.references(["lvs-role(5)", "lvs.service(8)", "ipvsadm(8)", "nft(8)"]),
            ),
        ]
    )


def _synopses(groups: Mapping[str, Verbs]) -> Iterator[str]:
    for verbs in groups.values():
        for name, (_summary, add_arguments, _run) in verbs.items():
            words = [_synopsis_word(action) for action in _actions(add_arguments)]
            yield f".SY lvsboot\n{name}\n" + "".join(f"{word}\n" for word in words) + ".YS\n"


def _groups(groups: Mapping[str, Verbs]) -> Iterator[str]:
    for group, verbs in groups.items():
        yield roff.subsection(group[0].upper() + group[1:])
        for name, (summary, add_arguments, _run) in verbs.items():
            yield roff.item(f"`lvsboot {name}`", f"{summary[0].upper()}{summary[1:]}.")
            options = [_option(action) for action in _actions(add_arguments)]
            yield f".RS\n{''.join(options)}.RE\n" if options else ""


def _actions(
    add_arguments: Callable[[argparse.ArgumentParser], None],
) -> list[argparse.Action]:
    """A verb's arguments and options, but for --help."""
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    return [action for action in parser._actions if action.help != argparse.SUPPRESS]


def _synopsis_word(action: argparse.Action) -> str:
    if not action.option_strings:
        word = f"\\fI{action.metavar or action.dest}\\fR"
        if action.nargs == "*":
            return f"[{word} .\\|.\\|.]"
        return word if action.nargs is None else f"[{word}]"
    name = f"\\fB{action.option_strings[-1]}\\fR".replace("-", "\\-")
    value = f" \\fI{_value(action)}\\fR" if action.nargs is None else ""
    return f"{name}{value}" if action.required else f"[{name}{value}]"


def _option(action: argparse.Action) -> str:
    if not action.option_strings:
        return roff.item(str(action.metavar or action.dest), _help(action))
    value = f" {_value(action)}" if action.nargs is None else ""
    return roff.item(", ".join(f"`{name}`{value}" for name in action.option_strings), _help(action))


def _value(action: argparse.Action) -> str:
    return str(action.metavar or "|".join(action.choices or ()))


def _help(action: argparse.Action) -> str:
    text = (action.help or "").strip()
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def role_page() -> str:
    """lvs-role(5)."""
    schema = json.loads(ROLE_SCHEMA.read_text(encoding="utf-8"))
    return "".join(
        [
            roff.title("LVS-ROLE", 5, lvsboot.__version__),
            roff.section(
                "NAME", "lvs-role \\- what one host is in a Linux Virtual Server cluster\n"
            ),
            roff.section("SYNOPSIS", ".I /etc/lvs/role.yaml\n"),
            roff.section(
                "DESCRIPTION",
                roff.prose(
                    "A role is a YAML file of one mapping. Values are read as in YAML 1.2: `true` "
                    "and `false` are truth values, `yes`, `no`, `on` and `off` are texts. "
                    "An unknown key is an error, as are tags and merge keys. "
                    "An anchor names a value, and an alias repeats it."
                ),
                roff.paragraph(
                    "`lvsboot validate` reports every mistake with its line. `lvsboot schema` "
                    "prints the JSON Schema that this page is made from."
                ),
            ),
            *(roff.section(_heading(table), *_table(table)) for table in reference.tables(schema)),
            roff.section(
                "EXAMPLES",
                roff.prose("A director that sends packets on by direct routing:"),
                roff.literal(EXAMPLE.read_text(encoding="utf-8")),
            ),
            roff.section("SEE ALSO", roff.references(["lvsboot(8)", "lvs.service(8)"])),
        ]
    )


def _heading(table: reference.Table) -> str:
    return f"{table.title}, {table.path}".upper() if table.path else table.title.upper()


def _table(table: reference.Table) -> Iterator[str]:
    if table.description:
        yield roff.prose(table.description)
    for key in table.keys:
        facts = [key.kind, *(["required"] if key.is_required else [])]
        facts += [f"default: `{key.default}`"] if key.default else []
        facts += [f"example: {', '.join(f'`{it}`' for it in key.examples)}"] if key.examples else []
        yield roff.item(f"`{key.name}`", f"{key.meaning} ({'; '.join(facts)})")


def service_page() -> str:
    """lvs.service(8)."""
    page = (HERE / "lvs.service.8").read_text(encoding="utf-8")
    return roff.title("LVS.SERVICE", 8, lvsboot.__version__) + page


PAGES = {"lvsboot.8": command_page, "lvs-role.5": role_page, "lvs.service.8": service_page}


def write_pages(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
