"""What verify knows of a host, before anything is compared. Types only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lvsboot.commands.verify.unseen import Seen
from lvsboot.host.kernel_modules import ModuleState
from lvsboot.host.live_network import LiveNetwork
from lvsboot.host.live_routes import LiveRoute, Neighbour
from lvsboot.host.nft_table import NftTable
from lvsboot.host.sysctl_files import SysctlFiles
from lvsboot.host.unit_states import UnitState
from lvsboot.install.files import Change
from lvsboot.install.tree import Tree
from lvsboot.ipvs.table import ServiceKey, Table
from lvsboot.problem import Problem
from lvsboot.role.model import Role


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What stands below the root. `changes` are those that an apply would make to the files.

    `conflicts` are lines of other programs' files, and `sysctl_problems` those of sysctl.d.
    `ipvsadm_service` says what Debian's service would do at a boot, None for nothing.
    """

    tree: Tree
    changes: tuple[Change, ...]
    conflicts: tuple[Problem, ...]
    sentences: tuple[str, ...]
    sysctl_problems: tuple[Problem, ...]
    ipvsadm_service: str | None


@dataclass(frozen=True, slots=True)
class TableFacts:
    """The kernel's table and the one that it should be; `ours` are the services of lvsboot.

    `saved_from` is the path of saved rules that count in place of the role's, None for the role's.
    `next_start` are sentences on other rules that the next start would load.
    """

    actual: Table
    desired: Table
    ours: frozenset[ServiceKey]
    saved_from: str | None
    next_start: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """The running system. A sysctl is None where the kernel has no such parameter.

    `arp_opening` is why the host would answer or announce ARP for a VIP, None where it does not.
    `ipvs_option` is CONFIG_IP_VS of the running kernel, None where its configuration is not there.
    `table`, `nft` and `arp_opening` are None too where the role has nothing of the kind.
    """

    network: Seen[LiveNetwork]
    routes: Seen[tuple[LiveRoute, ...]]
    neighbours: Seen[tuple[Neighbour, ...]]
    sysctls: Mapping[str, Seen[str | None]]
    sysctl_files: Seen[SysctlFiles]
    units: Seen[Mapping[str, UnitState]]
    modules: Seen[Mapping[str, ModuleState]]
    has_ipvs: bool
    ipvs_option: str | None
    table: Seen[TableFacts] | None
    table_size: str | None
    nft: Seen[NftTable] | None
    arp_opening: str | None
    udp_ports: Seen[frozenset[int]]
    dmi: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """`live` is None for an image; `images` are its kernels' modules by release."""

    role: Role
    files: Seen[FileFacts]
    live: LiveFacts | None
    images: Seen[Mapping[str, Seen[Mapping[str, ModuleState]]]]
