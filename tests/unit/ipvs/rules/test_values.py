"""The values of options, read as ipvsadm reads them."""

from __future__ import annotations

import pytest

from lvsboot.ipvs.address import parse_address
from tests.unit.ipvs.rules.reading import ADD, problems


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-A -t 80", "1:7: '80' is not an address"),
        ("-A -t 192.0.2.256:80", "1:7: '192.0.2.256' is not an IP address"),
        ("-A -t [192.0.2.1]:80", "1:7: '[192.0.2.1]:80': brackets are for IPv6"),
        ("-A -t [::1]", "1:7: '[::1]' is not [ADDRESS]:PORT"),
        ("-A -t 192.0.2.1:80 -b x", "1:23: 'x' is not a scheduler flag"),
        ("-A -t 192.0.2.1:80 -b sh-port", "1:23: sh-port does not go with scheduler wlc"),
        ("-A -t 192.0.2.1:80 -s w\udcfflc",
         "1:23: scheduler 'w\udcfflc' is not printable ASCII, as a kernel's names are"),
        ("-A -t 192.0.2.1:80 -s rr\0x",
         "1:23: scheduler 'rr\0x' is not printable ASCII, as a kernel's names are"),
        ("--start-daemon master --mcast-interface e\x1b[2J",
         "1:41: mcast-interface 'e\x1b[2J' is not printable ASCII, as a kernel's names are"),
        ("-A -f 1 -sipvsadm", "1:9: scheduler 'ipvsadm': `ipvsadm -R` drops that word"),
        ("-A -t 192.0.2.1:80 -s 1234567890123456",
         "1:23: scheduler '1234567890123456' is longer than 15 bytes"),
        ("-A -t 192.0.2.1:80 -p 0", "1:23: persistent '0' is not a number from 1 to 2678400"),
        ("-A -t [::1]:80 -M 129", "1:19: netmask '129' is not a number from 1 to 128"),
        ("-A -f 0", "1:7: service-address '0' is not a number from 1 to 4294967295"),
        ("--set 1 2 x", "1:11: timeout 'x' is not a number from 0 to 2678400"),
        ("--start-daemon main", "1:16: 'main' is neither master nor backup"),
        ("--start-daemon master --mcast-group 10.0.0.1",
         "1:37: '10.0.0.1' is not a multicast address"),
    ],
)  # fmt: skip
def test_a_wrong_value_of_a_service(line: str, message: str) -> None:
    assert problems(line) == [message]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-r host:80", "2:23: 'host' is a host name: rules are loaded before there is a network"
         " to resolve it"),
        ("-r 10.0.0.1 -w 2147483648",
         "2:35: weight '2147483648' is not a number from 0 to 2147483647"),
        ("-r 10.0.0.1 -w -1", "2:35: weight '-1' is not a number from 0 to 2147483647"),
        ("-r 10.0.0.1 -w 8_0", "2:35: weight '8_0' is not a number from 0 to 2147483647"),
        ("-r 10.0.0.1 -w \N{ARABIC-INDIC DIGIT ONE}",
         "2:35: weight '\N{ARABIC-INDIC DIGIT ONE}' is not a number from 0 to 2147483647"),
        ("-r 10.0.0.1 -i --tun-type x", "2:46: 'x' is not a tunnel type"),
    ],
)  # fmt: skip
def test_a_wrong_value_of_a_destination(words: str, message: str) -> None:
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
