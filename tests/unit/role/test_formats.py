"""The texts that a role may hold, one by one."""

from __future__ import annotations

import pytest

from lvsboot.role.formats import parse_domain, parse_hostname, parse_interface_name


@pytest.mark.parametrize(
    "name", ["lan0", "eth0.100", "lan0.1.2", "_x", "0a", "a-b_c@d+e", "enx525400123456", "a" * 15]
)
def test_a_name_that_every_program_reads_literally(name: str) -> None:
    assert parse_interface_name(name) == name


@pytest.mark.parametrize("char", [*" \t\n!\"#$%&'()*,/:;<=>?[\\]^`{|}~", "é", "\x7f", "\u00a0"])
@pytest.mark.parametrize("form", ["{}", "{}x", "x{}", "x{}y"])
def test_a_name_that_some_program_expands(char: str, form: str) -> None:
    with pytest.raises(ValueError, match="letters, digits, dots and"):
        parse_interface_name(form.format(char))


@pytest.mark.parametrize("name", [".", "..", ".x", "-e", "+x", "@x", "x.", "x..y", "x.-y.", "...."])
def test_a_name_with_a_dot_or_a_sign_where_none_may_be(name: str) -> None:
    with pytest.raises(ValueError, match="is not an interface name"):
        parse_interface_name(name)


@pytest.mark.parametrize("name", ["", "a" * 16, "all", "default", "12"])
def test_a_name_that_is_too_long_or_reserved(name: str) -> None:
    with pytest.raises(ValueError, match="is not an interface name"):
        parse_interface_name(name)


@pytest.mark.parametrize("name", ["a" * 61 + ".b", "web_1", "_dmarc.example.net", "a" * 63])
def test_names_and_domains(name: str) -> None:
    assert parse_hostname(name) == name
    assert parse_domain(name) == name


@pytest.mark.parametrize("name", ["", "a.", ".a", "a..b", "-a", "a-", "a b", "a\n", "é", "a" * 64])
def test_texts_that_are_neither(name: str) -> None:
    for parse in (parse_hostname, parse_domain):
        with pytest.raises(ValueError, match="is not a"):
            parse(name)


@pytest.mark.parametrize("name", ["_", "_._"])
def test_a_host_name_of_nothing_but_underscores(name: str) -> None:
    with pytest.raises(ValueError, match="is not a host name"):
        parse_hostname(name)


def test_how_long_they_may_be() -> None:
    parse_hostname("ab" + ".a" * 31)
    parse_domain("abc" + ".a" * 125)
    with pytest.raises(ValueError, match="is not a host name"):
        parse_hostname("abc" + ".a" * 31)
    with pytest.raises(ValueError, match="is not a domain"):
        parse_domain("abcd" + ".a" * 125)
