"""ipvsadm's language, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.commands import rulefiles
from lvsboot.commands.rulefiles import RulesFile
from lvsboot.errors import InputError
from lvsboot.ipvs.address import parse_address
from lvsboot.ipvs.rules import format_rules, locate_rules, parse_rules
from lvsboot.ipvs.rules.command import parse_command
from lvsboot.ipvs.rules.interpreter import Interpreter
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
    Table,
    Timeouts,
    Tunnel,
    TunnelChecksum,
    TunnelType,
    VirtualAddress,
)
from tests.unit.ipvs.tables import tables

VIP = b"\xc0\x00\x02\x01"  # 192.0.2.1
RIP = b"\x0a\x00\x00\x0b"  # 10.0.0.11
WEB = VirtualAddress(Protocol.TCP, VIP, 80)
ADD = "-A -t 192.0.2.1:80\n"


def port_of(name: str, protocol: Protocol) -> int | None:
    return {("http", Protocol.TCP): 80, ("domain", Protocol.UDP): 53}.get((name, protocol))


def parse(text: str) -> Table:
    return parse_rules(text, file="rules", port_of=port_of)


def problems(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse(text)
    return [f"{p.span.line}:{p.span.column}: {p.message}" for p in caught.value.problems]


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


@given(tables())
def test_the_shortcut_reads_what_the_parser_reads(table: Table) -> None:
    text = format_rules(table)
    interpreter = Interpreter()
    for line in text.splitlines():
        command = parse_command(line, port_of)
        assert command is not None
        interpreter.run(command)
    assert parse(text) == interpreter.table()


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


def test_a_destination_is_deleted_at_the_port_that_is_said() -> None:
    text = f"{ADD}-a -t 192.0.2.1:80 -r 10.0.0.11\n-d -t 192.0.2.1:80 -r 10.0.0.11:"
    assert parse(f"{text}80\n").services[WEB].destinations == {}
    assert problems(f"{text}81\n") == ["3:1: the service has no such destination"]


def test_before_the_service_a_destination_has_neither_its_port_nor_its_protocol() -> None:
    text = f"{ADD}-a -m -r 10.0.0.11 -t 192.0.2.1:80\n"
    assert [*parse(text).services[WEB].destinations] == [DestinationKey(RIP, 0)]


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


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("# comment", "1:1: a comment: `ipvsadm -R` would stop here"),
        ("\ufeff-A -f 1", "1:1: a byte order mark: `ipvsadm -R` would stop here"),
        ("foo", "1:1: the line does not start with a command such as -A or -a"),
        ("-t 192.0.2.1:80", "1:1: the line does not start with a command such as -A or -a"),
        ("-L", "1:1: --list has no place in a rules file"),
        ("-A -a", "1:4: a second command in one line"),
        ("-A", "1:1: the command names no service"),
        ("-Q", "1:1: ipvsadm has no option -Q"),
        ("-A --tcp 1:1", "1:4: ipvsadm has no option --tcp"),
        ("-A --ops=1 -t 192.0.2.1:80", "1:4: --ops takes no value"),
        ("-A -t", "1:4: -t needs a value"),
        ("-A -t 192.0.2.1:80 x", "1:20: 'x' belongs to no option"),
        ("-A -t 192.0.2.1:80 -s rr -s rr", "1:29: a second scheduler option"),
        ("-A -t 192.0.2.1:80 -r 10.0.0.1", "1:23: --real-server does not go with --add-service"),
        ("-A -t 80", "1:7: '80' is not an address"),
        ("-A -t 192.0.2.1:", "1:7: '' is neither a port nor a service's name"),
        ("-A -t 192.0.2.1:65536", "1:7: '65536' is neither a port nor a service's name"),
        ("-A -t 192.0.2.1:domain", "1:7: 'domain' is neither a port nor a service's name"),
        ("-A -t 192.0.2.256:80", "1:7: '192.0.2.256' is not an IP address"),
        ("-A -t [192.0.2.1]:80", "1:7: '[192.0.2.1]:80': brackets are for IPv6"),
        ("-A -t [::1]", "1:7: '[::1]' is not [ADDRESS]:PORT"),
        ("-A -t 192.0.2.1:0", "1:1: port 0 means every port, and needs persistence"),
        ("-A -t 192.0.2.1:80 -o", "1:1: one-packet scheduling is for UDP and firewall marks only"),
        ("-A -t 192.0.2.1:80 -b x", "1:23: 'x' is not a scheduler flag"),
        ("-A -t 192.0.2.1:80 -b sh-port", "1:23: sh-port does not go with scheduler wlc"),
        ("-A -t 192.0.2.1:80 -s w\udcfflc",
         "1:23: scheduler 'w\udcfflc' is not printable ASCII, as a kernel's names are"),
        ("-A -t 192.0.2.1:80 -s rr\0x",
         "1:23: scheduler 'rr\0x' is not printable ASCII, as a kernel's names are"),
        ("--start-daemon master --mcast-interface e\x1b[2J",
         "1:41: mcast-interface 'e\x1b[2J' is not printable ASCII, as a kernel's names are"),
        ("-A -f 1 -sipvsadm", "1:9: scheduler 'ipvsadm': `ipvsadm -R` drops that word"),
        ("-A -t 192.0.2.1:80 -" + "o" * 5000, "1:1: the line is longer than 4,096 characters"),
        ("-A -u 192.0.2.1:80 -" + "o" * 100, "1:20: more than 64 options in one line"),
        ("-A -f 1" + " -6" * 100, "1:195: more than 64 options in one line"),
        ("-A -t 192.0.2.1:80 -s 1234567890123456",
         "1:23: scheduler '1234567890123456' is longer than 15 bytes"),
        ("-A -t 192.0.2.1:80 -p 0", "1:23: persistent '0' is not a number from 1 to 2678400"),
        ("-A -t [::1]:80 -M 129", "1:19: netmask '129' is not a number from 1 to 128"),
        ("-A -f 0", "1:7: service-address '0' is not a number from 1 to 4294967295"),
        ("-A -6 -f 1", "1:4: -6 goes behind -f: it makes a firewall mark's service IPv6"),
        ("--set 1 2", "1:1: --set needs three timeouts: TCP, TCP FIN, UDP"),
        ("--set 1 2 x", "1:11: timeout 'x' is not a number from 0 to 2678400"),
        ("--start-daemon main", "1:16: 'main' is neither master nor backup"),
        ("--start-daemon master --mcast-group 10.0.0.1",
         "1:37: '10.0.0.1' is not a multicast address"),
        ("-D -t 192.0.2.1:80", "1:1: there is no service -t 192.0.2.1:80 at this line"),
    ],
)  # fmt: skip
def test_a_wrong_line(line: str, message: str) -> None:
    assert problems(line) == [message]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-r host:80", "2:23: 'host' is a host name: rules are loaded before there is a network"
         " to resolve it"),
        ("", "2:1: the command names no real server"),
        ("-r 10.0.0.1 -w 2147483648",
         "2:35: weight '2147483648' is not a number from 0 to 2147483647"),
        ("-r 10.0.0.1 -w -1", "2:35: weight '-1' is not a number from 0 to 2147483647"),
        ("-r 10.0.0.1 -w 8_0", "2:35: weight '8_0' is not a number from 0 to 2147483647"),
        ("-r 10.0.0.1 -w \N{ARABIC-INDIC DIGIT ONE}",
         "2:35: weight '\N{ARABIC-INDIC DIGIT ONE}' is not a number from 0 to 2147483647"),
        ("-r 10.0.0.1 -y 1", "2:1: the lower threshold is above the upper one"),
        ("-r [::1]:80", "2:1: only a tunnel (-i) leads to the other address family"),
        ("-r 10.0.0.1 -g -i", "2:35: a second forwarding-method option"),
        ("-r 10.0.0.1 --tun-csum", "2:32: tunnel options are for -i only"),
        ("-r 10.0.0.1 -i --tun-type x", "2:46: 'x' is not a tunnel type"),
        ("-r 10.0.0.1 -i --tun-type gue", "2:1: a GUE tunnel needs --tun-port"),
        ("-r 10.0.0.1 -i --tun-port 1", "2:46: --tun-port is for GUE only"),
        ("-r 10.0.0.1 -i --tun-csum", "2:35: a tunnel of type ipip has no tun-csum"),
        ("-r 10.0.0.1 -i --tun-csum --tun-nocsum",
         "2:35: only one of the checksum options can be given"),
    ],
)  # fmt: skip
def test_a_wrong_destination(words: str, message: str) -> None:
    assert problems(f"{ADD}-a -t 192.0.2.1:80 {words}\n") == [message]


BLANKS = "\v\f\x1c\x1d\x1e\x1f\x85\xa0\u2003\u2028\u2029\u3000\0\x1b\x7f"


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
@pytest.mark.parametrize("address", ["{}192.0.2.1", "192.0.2.1{}", "192.0.2.1{}junk", "192.0{}2.1"])
def test_an_address_ends_at_no_blank(blank: str, address: str) -> None:
    """inet_aton(3) stops at some of these and ignores the rest, and str.split() at others."""
    host = address.format(blank)
    text = (
        f"-A -t 192.0.2.1:80\n-A -u {host}:80\n-a -t 192.0.2.1:80 -r {host}:80\n-A -f 1 -M {host}"
    )
    assert [problem[:2] for problem in problems(text)] == ["2:", "3:", "4:"]
    assert parse_address(host) is None


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
@pytest.mark.parametrize(
    "line",
    [
        "-A -t 192.0.2.1:{}80",
        "-A -t 192.0.2.1:80{}",
        "-A -t 192.0.2.1:http{}",
        "-A -f {}1",
        "-A -t 192.0.2.1:80 -p {}5",
        "-A -t 192.0.2.1:80 -s rr{}",
        "-A -t 192.0.2.1:80{} -s rr",
        "-A{} -t 192.0.2.1:80",
        "{}-A -t 192.0.2.1:80",
        "-A -t [::1{}]:80",
        "--set 1 2 {}3",
    ],
)
def test_a_word_ends_at_no_blank_that_ipvsadm_does_not_know(blank: str, line: str) -> None:
    assert len(problems(line.format(blank))) == 1


@pytest.mark.parametrize("name", ["h\udcfft", "http\0", "\0", "\udc80"])
def test_a_ports_name_that_no_name_can_be(name: str) -> None:
    """With the look-up that the verbs use."""
    assert rulefiles.port_of(name, Protocol.TCP) is None
    with pytest.raises(InputError, match="1 problem"):
        RulesFile("rules", f"-A -t 192.0.2.1:{name}\n").table()


def test_a_ports_name_is_looked_up_once() -> None:
    asked = []

    def count(name: str, protocol: Protocol) -> int | None:
        asked.append((name, protocol))
        return port_of(name, protocol)

    lines = "".join(f"-a -t 192.0.2.1:http -r 10.0.0.{last}:http\n" for last in range(9))
    parse_rules(f"-A -t 192.0.2.1:http\n{lines}", file="rules", port_of=count)
    assert asked == [("http", Protocol.TCP)]


def test_of_a_thousand_problems_no_more_are_looked_for() -> None:
    found = problems("x\n" * 1500)
    assert found[-2:] == [
        "1000:1: the line does not start with a command such as -A or -a",
        "1000:2: these are the first 1,000 problems: there may be more",
    ]
    assert len(problems("x\n" * 999)) == 999


def test_more_lines_than_any_role_has_are_not_read() -> None:
    text = "\n" * 500_001
    assert problems(text) == ["500001:1: the file has 500,001 lines; rules have at most 500,000"]
    assert parse(text[1:]) == Table({})


def test_every_problem_is_found_and_no_consequence_is_one() -> None:
    text = "-A -t x:80\n-a -t 192.0.2.1:80 -r 10.0.0.1\n-a -f 1 -r 10.0.0.1 -w x\n"
    assert [problem.partition(":")[0] for problem in problems(text)] == ["1", "3"]


def test_a_second_time_the_same() -> None:
    line = "-a -t 192.0.2.1:80 -r 10.0.0.11:80 -g -w 1\n"
    assert problems(ADD + ADD) == ["2:1: the service -t 192.0.2.1:80 is there already"]
    assert problems(ADD + line + line) == ["3:1: the service has this destination already"]


@pytest.mark.parametrize(
    "line",
    [
        "-a -t 192.0.2.1:80 -r 10.0.0.3:80_0 -g -w 1",
        "-a -t 192.0.2.1:80 -r [10.0.0.3]:80 -g -w 1",
        "-a -t 192.0.2.1:80 -r 10.0.0.3:80 -g -w 1 x",
        "-a -t 192.0.2.1:80 -r 10.0.0.3 :80 -g -w 1",
        f"-a -t 192.0.2.1:80 -r 10.0.0.3:{'8' * 5000} -g -w 1",
        "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1",
        "-a -t 192.0.2.1:80 -r [::1]:80 -g -w 1",
        "-a -t 192.0.2.2:80 -r 10.0.0.3:80 -g -w 1",
        "-A -t 192.0.2.3:80 -s rr -o",
        "-A -t 192.0.2.1:80 -s rr",
        "-A -f 192.0.2.3:80 -s rr",
    ],
)
def test_the_shortcut_lets_nothing_wrong_through(line: str) -> None:
    learned = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1\n"
    assert len(problems(f"{learned}{line}\n")) == 1


def test_the_shortcut_takes_the_service_port_too() -> None:
    table = parse(
        "-A -t 192.0.2.1:80 -s rr\n"
        "-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -g -w 1\n"
        "-a -t 192.0.2.1:80 -r 10.0.0.3:8080 -g -w 1\n"
    )
    assert [key.port for key in table.services[WEB].destinations] == [80, 80]


@given(
    st.text(
        alphabet="-AaEeDdtufprgimwxy6:.[]0123456789 \t\r\n=,#_\N{ROMAN NUMERAL ONE}\0", max_size=80
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except InputError as error:
        assert error.problems


def test_a_rule_is_found_again() -> None:
    text = f"{ADD}-a -t 192.0.2.1:80 -r 10.0.0.11\n\n-e -t 192.0.2.1:80 -r 10.0.0.11:80 -w 3\n"
    rules = [(WEB, None), (WEB, DestinationKey(RIP, 80))]
    assert locate_rules(text, rules, port_of=port_of) == {rules[0]: 1, rules[1]: 4}
