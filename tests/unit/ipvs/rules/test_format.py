"""A table as canonical rules."""

from __future__ import annotations

from hypothesis import given

from lvsboot.ipvs.rules import format_rules
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Family,
    FirewallMark,
    ForwardingMethod,
    Persistence,
    SchedulerFlag,
    Service,
    ServiceOptions,
    Table,
    Timeouts,
    Tunnel,
    TunnelChecksum,
    TunnelType,
)
from tests.unit.ipvs.rules.reading import RIP, WEB, parse
from tests.unit.ipvs.tables import tables


@given(tables())
def test_what_is_written_is_read_again(table: Table) -> None:
    assert parse(format_rules(table)) == table


@given(tables())
def test_what_is_written_does_not_depend_on_the_order(table: Table) -> None:
    turned = Table(
        {
            key: Service(row.options, dict(reversed([*row.destinations.items()])))
            for key, row in reversed([*table.services.items()])
        },
        table.timeouts,
        dict(reversed([*table.daemons.items()])),
    )
    assert format_rules(turned) == format_rules(table)


def test_canonical_text() -> None:
    options = ServiceOptions(
        "mh",
        frozenset({SchedulerFlag.PORT, SchedulerFlag.FALLBACK}),
        persistence=Persistence(300, 0xFFFFFF00),
        engine="sip",
    )
    tunnel = Tunnel(TunnelType.GUE, 6080, TunnelChecksum.REMOTE)
    pool = {
        DestinationKey(RIP, 80): Destination(weight=2, upper_threshold=9, lower_threshold=3),
        DestinationKey(bytes(15) + b"\1", 80): Destination(ForwardingMethod.TUN, 0, tunnel=tunnel),
    }
    mark = FirewallMark(7, Family.IPV6)
    table = Table(
        {mark: Service(ServiceOptions("rr"), {}), WEB: Service(options, pool)}, Timeouts(0, 60, 0)
    )
    assert format_rules(table) == (
        "--set 0 60 0\n"
        "-A -t 192.0.2.1:80 -s mh -p 300 -M 255.255.255.0 --pe sip -b mh-fallback,mh-port\n"
        "-a -t 192.0.2.1:80 -r 10.0.0.11:80 -g -w 2 -x 9 -y 3\n"
        "-a -t 192.0.2.1:80 -r [::1]:80 -i -w 0 --tun-type gue --tun-port 6080 --tun-remcsum\n"
        "-A -f 7 -6 -s rr\n"
    )
