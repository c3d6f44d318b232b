"""The verb status: a director's live table, or a real server's VIPs and tunnel."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from lvsboot import paths
from lvsboot.cli.output import print_json
from lvsboot.errors import Exit

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--stats", action="store_true", help="totals since the last zero")
    shown.add_argument("--rate", action="store_true", help="traffic in a second")
    shown.add_argument("--connections", action="store_true", help="list the connections")
    parser.add_argument("--json", action="store_true", help="all of it as JSON")


def _real_server_status(arguments: argparse.Namespace) -> int | None:
    """The exit status on a real server, which has VIPs in place of a table; None elsewhere."""
    # A real server's drop-in of lvs.service; reading a director's role may take long.
    if not os.path.exists(paths.REAL_SERVER_DROP_IN):  # noqa: PTH110
        return None
    from lvsboot.cli.text.real_server import real_server_text, real_server_value
    from lvsboot.cli.text.role_source import role_source_text, role_source_value
    from lvsboot.commands.credential_record import read_role_source
    from lvsboot.commands.real_server import applied_real_server, read_real_server

    real_server = applied_real_server()
    if real_server is None:
        return None
    state, source = read_real_server(real_server), read_role_source()
    if arguments.json:
        print_json({"real_server": real_server_value(state), "role": role_source_value(source)})
    else:
        sys.stdout.write(real_server_text(state) + role_source_text(source))
    return Exit.DONE if state.is_right else Exit.DIFFERS


def run(arguments: argparse.Namespace) -> int:
    outcome = _real_server_status(arguments)
    if outcome is not None:
        return outcome
    from lvsboot.cli.text.live_table import Columns
    from lvsboot.cli.text.role_source import role_source_text, role_source_value
    from lvsboot.cli.text.status import status_text, status_value
    from lvsboot.commands.credential_record import read_role_source
    from lvsboot.commands.status import read_status

    status, source = read_status(connections=arguments.connections), read_role_source()
    if arguments.json:
        print_json({**status_value(status), "role": role_source_value(source)})
        return Exit.DONE
    columns = Columns.CONNECTIONS
    if arguments.stats or arguments.rate:
        columns = Columns.STATS if arguments.stats else Columns.RATE
    sys.stdout.write(status_text(status, columns) + role_source_text(source))
    return Exit.DONE
