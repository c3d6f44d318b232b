"""Services and destinations from their options, in ipvsadm's order."""

from __future__ import annotations

import pytest

from lvsboot.commands import rulefiles
from lvsboot.commands.rulefiles import RulesFile
from lvsboot.errors import InputError
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Family,
    FirewallMark,
    ForwardingMethod,
    Persistence,
    Protocol,
    SchedulerFlag,
    Service,
    ServiceOptions,
    Tunnel,
    TunnelChecksum,
    TunnelType,
    VirtualAddress,
)
from tests.unit.ipvs.rules.reading import ADD, RIP, VIP, WEB, parse, problems


@pytest.mark.parametrize(
    ("text", "key", "options"),
    [
        ("-A -t 192.0.2.1:80", WEB, ServiceOptions()),
        ("ipvsadm\t--add-service --tcp-service=192.0.2.1:http\r", WEB, ServiceOptions()),
        ("-At 192.0.2.1:80 -srr", WEB, ServiceOptions("rr")),
        ("-A -t 192.0.2.1:80 -s=rr", WEB, ServiceOptions("rr")),
        ("-A -t 192.0.2.1:+80 -p", WEB, ServiceOptions(persistence=Persistence(360, 0xFFFFFFFF))),
        (
            "-A -p 10 -t 192.0.2.1:80 -M 255.255.0.0",
            WEB,
            ServiceOptions(persistence=Persistence(10, 0xFFFF0000)),
        ),
        # A netmask without -p is read, and means nothing.
        ("-A -t 192.0.2.1:80 -M 255.0.0.0", WEB, ServiceOptions()),
        # The address decides on the netmask's form, and sets it, so -M counts only behind it.
        (
            "-A -M 255.0.0.0 -t [::1]:80 -p 5",
            VirtualAddress(Protocol.TCP, bytes(15) + b"\1", 80),
            ServiceOptions(persistence=Persistence(5, 128)),
        ),
        (
            "-A -t ::1 -p 5 -M 64",
            VirtualAddress(Protocol.TCP, bytes(15) + b"\1", 0),
            ServiceOptions(persistence=Persistence(5, 64)),
        ),
        (
            "-A -f 1 -M 255.0.0.0 -6 -p 5",
            FirewallMark(1, Family.IPV6),
            ServiceOptions(persistence=Persistence(5, 128)),
        ),
        (
            "-A -u 192.0.2.1:domain -o",
            VirtualAddress(Protocol.UDP, VIP, 53),
            ServiceOptions(one_packet=True),
        ),
        ("-A -f 4294967295 -o", FirewallMark(2**32 - 1), ServiceOptions(one_packet=True)),
        (
            "-A --sctp-service 192.0.2.1:80 --sched-flags flag-3,sh-port -s sh --pe sip",
            VirtualAddress(Protocol.SCTP, VIP, 80),
            ServiceOptions(
                "sh", frozenset({SchedulerFlag.PORT, SchedulerFlag.THIRD}), engine="sip"
            ),
        ),
        # inet_aton(3) knows shorter forms.
        ("-A -t 192.513:80", VirtualAddress(Protocol.TCP, b"\xc0\0\2\1", 80), ServiceOptions()),
    ],
)
def test_a_service(text: str, key: object, options: ServiceOptions) -> None:
    assert dict(parse(text + "\n").services) == {key: Service(options, {})}


@pytest.mark.parametrize(
    ("words", "where", "destination"),
    [
        ("-r 10.0.0.11", DestinationKey(RIP, 80), Destination()),
        ("-r 10.0.0.11:8080 -m", DestinationKey(RIP, 8080), Destination(ForwardingMethod.NAT)),
        # DR and TUN go to the service's port, whatever is said: ipvsadm(8), --real-server.
        ("-r 10.0.0.11:8080 -g", DestinationKey(RIP, 80), Destination()),
        (
            "-r 10.0.0.11:http -w0 -x 7 -y 7",
            DestinationKey(RIP, 80),
            Destination(ForwardingMethod.DR, 0, 7, 7),
        ),
        ("-r 10.0.0.11 -w 65536", DestinationKey(RIP, 80), Destination(weight=65536)),
        ("-r 10.0.0.11 -w 2147483647", DestinationKey(RIP, 80), Destination(weight=2**31 - 1)),
        (
            "--ipip --real-server [::1]:80",
            DestinationKey(bytes(15) + b"\1", 80),
            Destination(ForwardingMethod.TUN),
        ),
        (
            "-r 10.0.0.11 -i --tun-type gre --tun-csum",
            DestinationKey(RIP, 80),
            Destination(
                ForwardingMethod.TUN, tunnel=Tunnel(TunnelType.GRE, 0, TunnelChecksum.FULL)
            ),
        ),
    ],
)  # fmt: skip
def test_a_destination(words: str, where: DestinationKey, destination: Destination) -> None:
    table = parse(f"{ADD}-a -t 192.0.2.1:80 {words}\n")
    assert dict(table.services[WEB].destinations) == {where: destination}


def test_before_the_service_a_destination_has_neither_its_port_nor_its_protocol() -> None:
    text = f"{ADD}-a -m -r 10.0.0.11 -t 192.0.2.1:80\n"
    assert [*parse(text).services[WEB].destinations] == [DestinationKey(RIP, 0)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-A -t 192.0.2.1:", "1:7: '' is neither a port nor a service's name"),
        ("-A -t 192.0.2.1:65536", "1:7: '65536' is neither a port nor a service's name"),
        ("-A -t 192.0.2.1:domain", "1:7: 'domain' is neither a port nor a service's name"),
        ("-A -t 192.0.2.1:0", "1:1: port 0 means every port, and needs persistence"),
        ("-A -t 192.0.2.1:80 -o", "1:1: one-packet scheduling is for UDP and firewall marks only"),
        ("-A -6 -f 1", "1:4: -6 goes behind -f: it makes a firewall mark's service IPv6"),
    ],
)  # fmt: skip
def test_a_wrong_service(line: str, message: str) -> None:
    assert problems(line) == [message]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "2:1: the command names no real server"),
        ("-r 10.0.0.1 -y 1", "2:1: the lower threshold is above the upper one"),
        ("-r [::1]:80", "2:1: only a tunnel (-i) leads to the other address family"),
        ("-r 10.0.0.1 --tun-csum", "2:32: tunnel options are for -i only"),
        ("-r 10.0.0.1 -i --tun-type gue", "2:1: a GUE tunnel needs --tun-port"),
        ("-r 10.0.0.1 -i --tun-port 1", "2:46: --tun-port is for GUE only"),
        ("-r 10.0.0.1 -i --tun-csum", "2:35: a tunnel of type ipip has no tun-csum"),
        ("-r 10.0.0.1 -i --tun-csum --tun-nocsum",
         "2:35: only one of the checksum options can be given"),
    ],
)  # fmt: skip
def test_a_wrong_destination(words: str, message: str) -> None:
    assert problems(f"{ADD}-a -t 192.0.2.1:80 {words}\n") == [message]


@pytest.mark.parametrize("name", ["h\udcfft", "http\0", "\0", "\udc80"])
def test_a_ports_name_that_no_name_can_be(name: str) -> None:
    """With the look-up that the verbs use."""
    assert rulefiles.port_of(name, Protocol.TCP) is None
    with pytest.raises(InputError, match="1 problem"):
        RulesFile("rules", f"-A -t 192.0.2.1:{name}\n").table()
