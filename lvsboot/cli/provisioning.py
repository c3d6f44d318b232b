"""The verbs provision and credential: a role that the boot brings along."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lvsboot.cli.output import log, print_cautions, print_changes, print_error
from lvsboot.cli.tools import read_role_argument, strict_argument
from lvsboot.errors import ConflictError, Exit, InputError, UsageError

if TYPE_CHECKING:
    import argparse


def provision_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--early",
        action="store_true",
        help="before the network: by credential, or by host name where there is no role file",
    )


def credential_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("role", metavar="ROLE", help="the role file")
    strict_argument(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the string for SMBIOS type 11 there"
    )


def run_provision(arguments: argparse.Namespace) -> int:
    import gc

    # Nothing that is loaded for a role is garbage, and a boot waits for this.
    gc.disable()
    from lvsboot.commands.provision import Provisioner

    provisioner = Provisioner(
        host_name=os.uname().nodename, credentials=os.environ.get("CREDENTIALS_DIRECTORY"), log=log
    )
    try:
        if arguments.early:
            rendering = provisioner.before_network()
        else:
            rendering = provisioner.after_cloud_init()
    except (InputError, ConflictError) as error:
        print_error(error)
        log("nothing was changed: what was applied last stays in force")
        return error.exit_status
    if rendering is not None:
        print_cautions(rendering.cautions)
        print_changes(rendering.changes)
    return Exit.DONE


def run_credential(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from lvsboot.commands.credential import credential_ways, write_oem_string

    if arguments.role == "-":
        raise UsageError("a credential is handed over as a file: name the role's file, not -")
    role_file = read_role_argument(arguments)
    smbios = None if arguments.output is None else Path(arguments.output).absolute()
    if smbios is not None and smbios.exists() and smbios.samefile(arguments.role):
        raise UsageError(f"-o {arguments.output} is the role itself: name another file")
    ways = credential_ways(role_file, Path(arguments.role).absolute(), smbios)
    if smbios is not None:
        write_oem_string(role_file, smbios)
    for way in ways:
        print(f"# {way.name}{f': {way.note}' if way.note else ''}")
        print(way.argument)
    if smbios is None:
        log("for SMBIOS type 11 name a file for its string: -o FILE")
    return Exit.DONE


VERBS = {
    "credential": (
        "show how a hypervisor hands a role over, as a credential of systemd",
        credential_arguments,
        run_credential,
    ),
}
UNIT_VERBS = {
    "provision": (
        "apply the role that this boot brings (run by the provisioner's units)",
        provision_arguments,
        run_provision,
    ),
}
