"""The verb cloud-init: user-data to standard output, or a NoCloud folder."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lvsboot.cli.output import log
from lvsboot.cli.tools import path_of, shown_name
from lvsboot.errors import Exit, UsageError
from lvsboot.system.printable import printable_line

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from lvsboot.commands.cloud_init import UserData
    from lvsboot.role.reader import RoleFile


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="write a NoCloud folder with meta-data and network-config (default: print user-data)",
    )
    parser.add_argument(
        "--package",
        metavar="NAME|URL",
        help="for an image without lvsboot: its package's name, or the address of its .deb",
    )
    parser.add_argument(
        "--apt-source",
        metavar="SOURCE",
        help="the repository that has NAME: 'URI SUITE COMPONENT...'; with --apt-key",
    )
    parser.add_argument("--apt-key", metavar="FILE", help="the public key of that repository")
    parser.add_argument(
        "--embed",
        metavar="FILE.deb",
        help="for an image without lvsboot: put the package itself in",
    )
    parser.add_argument(
        "--merge", metavar="FILE", help="your own cloud-config, which the user-data is to hold, too"
    )
    parser.add_argument(
        "--for",
        dest="target",
        metavar="NAME",
        choices=("ec2", "azure", "openstack", "nocloud"),
        help="ec2, azure, openstack or nocloud: refuse what is too large for it",
    )


def run(arguments: argparse.Namespace, role_file: RoleFile) -> int:
    from lvsboot.commands.cloud_init import Request, make_user_data
    from lvsboot.render.user_data.limits import Target, size_sentence

    target = None if arguments.target is None else Target(arguments.target)
    if arguments.output is not None and target not in {None, Target.NOCLOUD}:
        raise UsageError(
            f"-o writes a NoCloud folder: without -o user-data for {target} is printed"
        )
    folder = None if arguments.output is None else path_of(arguments.output)
    request = Request(
        package=arguments.package,
        apt_source=arguments.apt_source,
        apt_key=arguments.apt_key,
        embed=arguments.embed,
        merge=arguments.merge,
        target=target,
    )
    user_data = make_user_data(role_file, shown_name(arguments.role), request)
    if target is not None:
        log(size_sentence(user_data.text, target))
    if folder is None:
        _print(role_file, user_data)
    else:
        _write(role_file, user_data, folder)
    return Exit.DONE


def _print(role_file: RoleFile, user_data: UserData) -> None:
    from lvsboot.render.cloudinit import user_data_warnings

    sys.stdout.write(user_data.text)
    for warning in user_data_warnings(role_file.role):
        log(warning)


def _write(role_file: RoleFile, user_data: UserData, folder: Path) -> None:
    from lvsboot.commands.cloud_init import write_seed
    from lvsboot.render.cloudinit import seed_warnings

    written = write_seed(role_file, user_data, folder)
    for place in written:
        print(printable_line(str(place)))
    network = folder / "network-config"
    if network not in written and network.exists():
        log(f"{network} is none of this role's, and cloud-init would read it: is it yours?")
    for warning in seed_warnings(role_file.role):
        log(warning)
