"""The verbs of the running service, from words to calls of commands/service.py."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from lvsboot import paths
from lvsboot.cli import draining, status
from lvsboot.cli.output import log, log_lines
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
            log(sentence)
        return self._run(arguments)


def _loading_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rules",
        metavar="FILE",
        help=f"default: {paths.RULES}, or {paths.SAVED_RULES} if saved from its present text",
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
        log=log,
    )
    log_lines(loaded_text(loaded))
    if sentence := size_sentence(declared_bits()):
        log(sentence)
    return Exit.DONE


def _stop(_arguments: argparse.Namespace) -> int:
    from lvsboot.cli.text.changes import done_text
    from lvsboot.commands import service

    log_lines(done_text(service.stop(log=log)) + "\n")
    return Exit.DONE


def _save(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import saving

    if arguments.output == "-":
        sys.stdout.write(saving.live_rules())
        return Exit.DONE
    if arguments.output is not None:
        saved = saving.export(arguments.output)
    else:
        saved = saving.save(everything=arguments.all, log=log)
    log_lines(f"saved as {saved.path}\n")
    for note in saved.notes:
        log(note)
    return Exit.DONE


def _arp_guard(_arguments: argparse.Namespace) -> int:
    from lvsboot.commands.arp_guard import require_silence

    require_silence()
    return Exit.DONE


def _zero(_arguments: argparse.Namespace) -> int:
    from lvsboot.commands import service

    service.zero(log=log)
    return Exit.DONE


def _announce(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import announce
    from lvsboot.ipvs.address import format_address, parse_full_address

    addresses = []
    for text in arguments.addresses:
        address = parse_full_address(text)
        if address is None:
            log(f"{text!r} is not an address")
            return Exit.USAGE
        addresses.append(address)
    announce.require_permission()
    addresses = addresses or list(announce.loaded_vips())
    if not addresses:
        log("no rules with a VIP are loaded: name the VIPs")
        return Exit.FAILED
    announced, absent = announce.announce(addresses, wait=arguments.wait)
    for address, link in announced:
        mac = link.mac.hex(":")
        log_lines(f"announced: {format_address(address)} is at {mac} on {link.name}\n")
    for address in absent:
        reason = "it is up on no Ethernet link that has a carrier"
        log(f"{format_address(address)} not announced: {reason}")
    return Exit.FAILED if absent else Exit.DONE


# Name: summary, arguments, what runs.
VERBS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None], Callable[[Any], int]]] = {
    "start": ("bring the kernel's table to the rules", _loading_arguments, _Verb(_start)),
    "reload": ("bring the table to the rules, all or nothing", _reload_arguments, _Verb(_reload)),
    "stop": ("remove our services from the kernel's table", _no_arguments, _Verb(_stop)),
    "save": ("keep the live table for the next start", _save_arguments, _Verb(_save)),
    "status": (
        "show the live table and its drift, or a real server's VIPs",
        status.add_arguments,
        _Verb(status.run),
    ),
    "drain": (
        "give a real server no new connections",
        draining.drain_arguments,
        _Verb(draining.drain),
    ),
    "undrain": (
        "give a real server its weight again",
        draining.undrain_arguments,
        _Verb(draining.undrain),
    ),
    "weight": (
        "set a real server's weight until undrain",
        draining.weight_arguments,
        _Verb(draining.weight),
    ),
    "announce": (
        "tell the segment's hosts where our VIPs are",
        _announce_arguments,
        _Verb(_announce),
    ),
    "arp-guard": ("fail where this host would answer ARP for its VIPs", _no_arguments, _arp_guard),
    "zero": ("set all counters to zero", _no_arguments, _Verb(_zero)),
}
