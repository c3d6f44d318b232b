"""The verbs of the running service, from words to calls of commands/service.py."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from lvsboot import paths
from lvsboot.errors import Exit

if TYPE_CHECKING:
    import argparse


VERBS = frozenset({"start", "reload", "stop", "save", "status", "zero"})


def add_verbs(verbs: argparse._SubParsersAction[Any]) -> None:
    start = verbs.add_parser("start", help="bring the kernel's table to the rules")
    _loading_arguments(start)
    start.set_defaults(run=_start)

    reload = verbs.add_parser("reload", help="the same, all or nothing")
    _loading_arguments(reload)
    reload.set_defaults(run=_reload)

    stop = verbs.add_parser("stop", help="remove our services from the kernel's table")
    stop.add_argument("--unit", help="as this unit's ExecStop=: do nothing in a restart")
    stop.set_defaults(run=_stop)

    save = verbs.add_parser("save", help="keep the live table for the next start")
    save.add_argument("--output", metavar="FILE", help="write it there; - for standard output")
    save.set_defaults(run=_save)

    status = verbs.add_parser("status", help="show the live table and how it has drifted")
    shown = status.add_mutually_exclusive_group()
    shown.add_argument("--stats", action="store_true", help="totals since the last zero")
    shown.add_argument("--rate", action="store_true", help="traffic in a second")
    shown.add_argument("--connections", action="store_true", help="list the connections")
    status.add_argument("--json", action="store_true", help="all of it as JSON")
    status.set_defaults(run=_status)

    zero = verbs.add_parser("zero", help="set all counters to zero")
    zero.set_defaults(run=_zero)


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


def _start(arguments: argparse.Namespace) -> int:
    return _load(arguments, whole=False)


def _reload(arguments: argparse.Namespace) -> int:
    return _load(arguments, whole=True)


def _load(arguments: argparse.Namespace, *, whole: bool) -> int:
    """Says what it did on standard error, for the journal: the result is the table."""
    import gc

    # Of all that is made here nothing is garbage, and walking 100,000 rules for it takes long.
    gc.disable()
    from lvsboot.commands import service
    from lvsboot.policy import Foreign, Weights
    from lvsboot.service_text import loaded_text

    loaded = (service.reload if whole else service.start)(
        rules=arguments.rules,
        foreign=Foreign(arguments.foreign),
        weights=Weights(arguments.weights),
    )
    sys.stderr.write(loaded_text(loaded))
    return Exit.DONE


def _stop(arguments: argparse.Namespace) -> int:
    if arguments.unit is not None:
        from lvsboot.commands.unit_job import is_plain_stop

        if not is_plain_stop(arguments.unit):
            print(f"{arguments.unit} is not just stopped: its rules stay", file=sys.stderr)
            return Exit.DONE
    from lvsboot.commands import service
    from lvsboot.ipvs.text import done_text

    print(done_text(service.stop()), file=sys.stderr)
    return Exit.DONE


def _save(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import service

    if arguments.output == "-":
        sys.stdout.write(service.live_rules())
    else:
        print(f"saved as {service.save(output=arguments.output)}", file=sys.stderr)
    return Exit.DONE


def _zero(_arguments: argparse.Namespace) -> int:
    from lvsboot.commands import service

    service.zero()
    return Exit.DONE


def _status(arguments: argparse.Namespace) -> int:
    from lvsboot.commands.status import read_status
    from lvsboot.ipvs.live_text import Columns
    from lvsboot.status_text import status_text, status_value

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
