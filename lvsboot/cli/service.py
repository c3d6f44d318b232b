"""The verbs of the running service, from words to calls of commands/service.py."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from lvsboot import paths
from lvsboot.cli.output import say, tell
from lvsboot.errors import Exit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

    from lvsboot.commands.service import Loaded


class _Verb:
    """Mentions a role file that waits to be applied, and then runs the verb."""

    def __init__(self, run: Callable[[Any], int]) -> None:
        self._run = run

    def __call__(self, arguments: argparse.Namespace) -> int:
        from lvsboot.commands.pending import unapplied_role

        if sentence := unapplied_role():
            tell(sentence)
        return self._run(arguments)


def _loading_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rules",
        metavar="FILE",
        help=f"default: {paths.RULES}, or {paths.SAVED_RULES} while it has grown from that",
    )
    parser.add_argument(
        "--foreign",
        choices=("keep", "remove"),
        default="keep",
        help="services that others have put into the table (default: keep)",
    )
    parser.add_argument(
        "--weights",
        choices=("declared", "keep"),
        default="declared",
        help="whether weights that were set live are undone (default: declared)",
    )


def _reload_arguments(parser: argparse.ArgumentParser) -> None:
    _loading_arguments(parser)
    removal_argument(parser)


def removal_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-removal",
        action="store_true",
        help="also where more than half of the live services or VIPs would go",
    )


def _save_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--output",
        metavar="FILE",
        help="write the whole live table there instead; - for standard output",
    )
    what.add_argument("--all", action="store_true", help="make services of other programs ours")


def _status_arguments(parser: argparse.ArgumentParser) -> None:
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--stats", action="store_true", help="totals since the last zero")
    shown.add_argument("--rate", action="store_true", help="traffic in a second")
    shown.add_argument("--connections", action="store_true", help="list the connections")
    parser.add_argument("--json", action="store_true", help="all of it as JSON")


def _announce_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "addresses", nargs="*", metavar="VIP", help="default: those of the rules that are loaded"
    )
    parser.add_argument(
        "--wait", action="store_true", help="until each of them is up on a link, however long"
    )


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    pass


def _start(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import service

    return _load(service.start, arguments)


def _reload(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import service

    return _load(partial(service.reload, allow_removal=arguments.allow_removal), arguments)


def _load(load: Callable[..., Loaded], arguments: argparse.Namespace) -> int:
    """Says what it did on standard error, for the journal: the result is the table."""
    import gc

    # Of all that is made here nothing is garbage, and walking 100,000 rules for it takes long.
    gc.disable()
    from lvsboot.cli.text.service import loaded_text
    from lvsboot.commands.table_size import declared_bits, size_sentence
    from lvsboot.policy import Foreign, Weights

    loaded = load(
        rules=arguments.rules,
        foreign=Foreign(arguments.foreign),
        weights=Weights(arguments.weights),
        tell=tell,
    )
    say(loaded_text(loaded))
    if sentence := size_sentence(declared_bits()):
        tell(sentence)
    return Exit.DONE


def _stop(_arguments: argparse.Namespace) -> int:
    from lvsboot.cli.text.changes import done_text
    from lvsboot.commands import service

    say(done_text(service.stop(tell=tell)) + "\n")
    return Exit.DONE


def _save(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import saving

    if arguments.output == "-":
        sys.stdout.write(saving.live_rules())
        return Exit.DONE
    if arguments.output is not None:
        saved = saving.export(arguments.output)
    else:
        saved = saving.save(everything=arguments.all, tell=tell)
    say(f"saved as {saved.path}\n")
    for note in saved.notes:
        tell(note)
    return Exit.DONE


def _arp_guard(_arguments: argparse.Namespace) -> int:
    from lvsboot.commands.arp_guard import require_silence

    require_silence()
    return Exit.DONE


def _zero(_arguments: argparse.Namespace) -> int:
    from lvsboot.commands import service

    service.zero(tell=tell)
    return Exit.DONE


def _announce(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import announce
    from lvsboot.ipvs.address import format_address, parse_full_address

    addresses = []
    for text in arguments.addresses:
        address = parse_full_address(text)
        if address is None:
            tell(f"{text!r} is not an address")
            return Exit.USAGE
        addresses.append(address)
    announce.require_permission()
    addresses = addresses or list(announce.loaded_vips())
    if not addresses:
        tell("no rules with a VIP are loaded: name the VIPs")
        return Exit.FAILED
    announced, absent = announce.announce(addresses, wait=arguments.wait)
    for address, link in announced:
        mac = link.mac.hex(":")
        say(f"announced: {format_address(address)} is at {mac} on {link.name}\n")
    for address in absent:
        reason = "it is up on no Ethernet link that has a carrier"
        tell(f"{format_address(address)} not announced: {reason}")
    return Exit.FAILED if absent else Exit.DONE


def _real_server_status(arguments: argparse.Namespace) -> int | None:
    """The exit status on a real server, which has VIPs in place of a table; None elsewhere."""
    import os

    # What lvs.service is here; a director's role may be large, and says nothing about this.
    if not os.path.exists(paths.REAL_SERVER_DROP_IN):  # noqa: PTH110
        return None
    from lvsboot.cli.text.real_server import real_server_text, real_server_value
    from lvsboot.commands.real_server import applied_real_server, read_real_server

    real_server = applied_real_server()
    if real_server is None:
        return None
    state = read_real_server(real_server)
    if arguments.json:
        import json

        print(json.dumps({"real_server": real_server_value(state)}, indent=2))
    else:
        sys.stdout.write(real_server_text(state))
    return Exit.DONE if state.is_right else Exit.DIFFERS


def _status(arguments: argparse.Namespace) -> int:
    outcome = _real_server_status(arguments)
    if outcome is not None:
        return outcome
    from lvsboot.cli.text.live_table import Columns
    from lvsboot.cli.text.status import status_text, status_value
    from lvsboot.commands.status import read_status

    status = read_status(connections=arguments.connections)
    if arguments.json:
        import json

        print(json.dumps(status_value(status), indent=2))
        return Exit.DONE
    columns = Columns.CONNECTIONS
    if arguments.stats or arguments.rate:
        columns = Columns.STATS if arguments.stats else Columns.RATE
    sys.stdout.write(status_text(status, columns))
    return Exit.DONE


# Name: summary, arguments, what runs.
VERBS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None], Callable[[Any], int]]] = {
    "start": ("bring the kernel's table to the rules", _loading_arguments, _Verb(_start)),
    "reload": ("bring the table to the rules, all or nothing", _reload_arguments, _Verb(_reload)),
    "stop": ("remove our services from the kernel's table", _no_arguments, _Verb(_stop)),
    "save": ("keep the live table for the next start", _save_arguments, _Verb(_save)),
    "status": (
        "show the live table and its drift, or a real server's VIPs",
        _status_arguments,
        _Verb(_status),
    ),
    "announce": (
        "tell the segment's hosts where our VIPs are",
        _announce_arguments,
        _Verb(_announce),
    ),
    "arp-guard": ("fail where this host would answer ARP for its VIPs", _no_arguments, _arp_guard),
    "zero": ("set all counters to zero", _no_arguments, _Verb(_zero)),
}
