"""All checks, in the order in which they are shown: what comes first may be why the rest fails."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.commands.verify.checks.addresses import check_vips
from lvsboot.commands.verify.checks.files import check_files
from lvsboot.commands.verify.checks.kernel import check_kernel
from lvsboot.commands.verify.checks.nft import check_nft
from lvsboot.commands.verify.checks.nics import check_nics
from lvsboot.commands.verify.checks.segment import check_segment
from lvsboot.commands.verify.checks.sysctls import check_sysctls
from lvsboot.commands.verify.checks.table import check_table
from lvsboot.commands.verify.checks.tunnels import check_tunnel
from lvsboot.commands.verify.checks.units import check_units
from lvsboot.commands.verify.facts import Facts
from lvsboot.commands.verify.results import Result
from lvsboot.role.model import Director


def check_all(facts: Facts) -> Iterator[Result]:
    role, live = facts.role, facts.live
    yield from check_files(facts)
    yield from check_kernel(facts)
    if live is None:
        return
    yield from check_units(live)
    yield from check_sysctls(role, live)
    if isinstance(role.kind, Director):
        yield from check_table(role.kind, live)
    yield from check_nics(role, live)
    yield from check_vips(role, live)
    yield from check_tunnel(role, live)
    yield from check_nft(live)
    yield from check_segment(role, live)
