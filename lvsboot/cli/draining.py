"""The verbs drain, undrain and weight, from words to calls of commands/draining.py."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import TYPE_CHECKING

from lvsboot.cli.output import log, log_lines
from lvsboot.errors import Exit

if TYPE_CHECKING:
    from lvsboot.commands.draining import Weighed

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_NAME = 64


def drain_arguments(parser: argparse.ArgumentParser) -> None:
    _target_arguments(parser)
    parser.add_argument(
        "--wait",
        metavar="TIME",
        type=_seconds,
        help="return when its last connection is gone, or when TIME is over (90s, 10m, 2h; a "
        "number alone is seconds): then status 1 if some are left",
    )
    _refuse_argument(parser)


def undrain_arguments(parser: argparse.ArgumentParser) -> None:
    _target_arguments(parser)


def weight_arguments(parser: argparse.ArgumentParser) -> None:
    _target_arguments(parser)
    parser.add_argument("weight", metavar="N", type=_weight, help="0 is a drain")
    _refuse_argument(parser)


def _target_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("real_server", metavar="RIP", help="its address, or ADDRESS:PORT")
    parser.add_argument(
        "--service",
        metavar="VIP:PORT",
        action="append",
        default=[],
        help="only there (VIP:PORT/udp, fwmark:N; may be repeated); default: in every service",
    )


def _refuse_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--refuse-clients",
        action="store_true",
        help="also where sh or mh without fallback, or dh, then refuse that server's clients",
    )


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,7})([smhd]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90s, 10m or 2h")
    return float(int(match[1]) * _UNITS[match[2]])


def _weight(text: str) -> int:
    from lvsboot.ipvs.weights import MOST_WEIGHT, is_weight

    if not re.fullmatch(r"[0-9]{1,10}", text) or not is_weight(int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no weight: 0 to {MOST_WEIGHT}")
    return int(text)


def drain(arguments: argparse.Namespace) -> int:
    from lvsboot.cli.text.weights import busy_text, counts_text
    from lvsboot.commands.idle import wait_until_idle

    weighed = _set_weight(arguments, 0)
    if arguments.wait is None or not weighed.is_loaded:
        return Exit.DONE
    left = wait_until_idle(
        weighed.destinations,
        arguments.wait,
        show=lambda rows: log(f"waiting for {counts_text(rows)}"),
    )
    if not left:
        print("no connection is left")
        return Exit.DONE
    log(f"still there after {arguments.wait:.0f} s; the drain stays:")
    log_lines(busy_text(left))
    return Exit.FAILED


def undrain(arguments: argparse.Namespace) -> int:
    from lvsboot.commands.draining import take_back

    _print(take_back(arguments.real_server, services=arguments.service, log=log))
    return Exit.DONE


def weight(arguments: argparse.Namespace) -> int:
    _set_weight(arguments, arguments.weight)
    return Exit.DONE


def _set_weight(arguments: argparse.Namespace, value: int) -> Weighed:
    from lvsboot.commands.draining import set_weight

    weighed = set_weight(
        arguments.real_server,
        value,
        by=_person(),
        services=arguments.service,
        refuse_clients=arguments.refuse_clients,
        log=log,
    )
    _print(weighed)
    return weighed


def _print(weighed: Weighed) -> None:
    from lvsboot.cli.text.weights import weighed_text

    sys.stdout.write(weighed_text(weighed))
    sys.stdout.flush()
    for note in weighed.notes:
        log(note)


def _person() -> str:
    """Who types: the user that sudo names, else the session's, else the process's own."""
    import pwd

    if name := os.environ.get("SUDO_USER"):
        return name[:_LONGEST_NAME]
    try:
        return os.getlogin()
    except OSError:  # no session: a unit, or a script under cron
        pass
    user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
