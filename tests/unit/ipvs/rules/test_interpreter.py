"""Commands on a table in memory."""

from __future__ import annotations

from lvsboot.ipvs.table import Destination, DestinationKey, Service, ServiceOptions, Timeouts
from tests.unit.ipvs.rules.reading import ADD, RIP, WEB, parse, problems


def test_a_destination_is_deleted_at_the_port_that_is_said() -> None:
    text = f"{ADD}-a -t 192.0.2.1:80 -r 10.0.0.11\n-d -t 192.0.2.1:80 -r 10.0.0.11:"
    assert parse(f"{text}80\n").services[WEB].destinations == {}
    assert problems(f"{text}81\n") == ["3:1: the service has no such destination"]


def test_an_edit_replaces_everything() -> None:
    table = parse(
        "-A -t 192.0.2.1:80 -s rr -p 9\n-a -t 192.0.2.1:80 -r 10.0.0.11 -w 9 -x 9\n"
        "-E -t 192.0.2.1:80\n-e -t 192.0.2.1:80 -r 10.0.0.11\n"
    )
    service = table.services[WEB]
    assert service == Service(ServiceOptions(), {DestinationKey(RIP, 80): Destination()})


def test_clearing_and_deleting() -> None:
    assert parse(f"{ADD}-Z\n-Z -t 192.0.2.1:80\n-D -t 192.0.2.1:80\n").services == {}
    assert parse(f"{ADD}-C\n{ADD}").services == {WEB: Service(ServiceOptions(), {})}


def test_timeouts_add_up_and_zero_leaves_them() -> None:
    assert parse("--set 900 0 300\n10 --set 20 0\n").timeouts == Timeouts(10, 20, 300)


def test_a_second_time_the_same() -> None:
    line = "-a -t 192.0.2.1:80 -r 10.0.0.11:80 -g -w 1\n"
    assert problems(ADD + ADD) == ["2:1: the service -t 192.0.2.1:80 is there already"]
    assert problems(ADD + line + line) == ["3:1: the service has this destination already"]


def test_a_service_that_is_not_there_cannot_be_deleted() -> None:
    message = "1:1: there is no service -t 192.0.2.1:80 at this line"
    assert problems("-D -t 192.0.2.1:80") == [message]
