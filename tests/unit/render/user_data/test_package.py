"""--package and --apt-source: what can be installed from, and what cannot."""

from __future__ import annotations

import pytest

from lvsboot.errors import UsageError
from lvsboot.render.user_data.installation import AptPackage, AptSource, DebUrl
from lvsboot.render.user_data.package import parse_apt_source, parse_package

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("lvsboot", AptPackage("lvsboot")),
        ("lvsboot=1:1.0~rc1-1", AptPackage("lvsboot", "1:1.0~rc1-1")),
        ("lvsboot-g++2=1", AptPackage("lvsboot-g++2", "1")),
        ("https://example.net/a.deb", DebUrl("https://example.net/a.deb")),
        (
            f"http://example.net:8080/a.deb#sha256={DIGEST}",
            DebUrl("http://example.net:8080/a.deb", DIGEST),
        ),
    ],
)
def test_a_package(text: str, package: object) -> None:
    assert parse_package(text) == package


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "neither"),
        ("-e", "neither"),
        ("Lvsboot", "neither"),
        ("lvs boot", "neither"),
        ("lvsboot=", "neither"),
        ("lvsboot=-1", "neither"),
        ("lvsboot.deb\n", "neither"),
        ("lvsboot-", "neither"),
        ("lvsboot+", "neither"),
        ("lvsboot=1.0-", "neither"),
        ("lvsboot=1.0+", "neither"),
        ("lvsboot=1.*", "neither"),
        ("lvsboot/bookworm-backports", "neither"),
        ("lvsboot:amd64", "neither"),
        ("lvsboot^", "neither"),
        ("lvs*", "neither"),
        ("lvs.", "neither"),
        ("l.s", "neither"),
        ("^lvsboot$", "neither"),
        ("?name(lvsboot)", "neither"),
        ("~nlvsboot", "neither"),
        ("-o=APT::Get::AllowUnauthenticated=1", "neither"),
        ("--purge", "neither"),
        ("lvsboot ipvsadm", "neither"),
        ("./lvsboot.deb", "not an address"),
        ("lvsboot.deb", "not an address"),
        ("ftp://example.net/a.deb", "not an address"),
        ("https:///a.deb", "not an address"),
        ("https://example.net:99999/a.deb", "not an address"),
        ("https://[::1/a.deb", "not an address"),
        ("https://example.net/a b.deb", "not an address"),
        ("https://example.net/a\n.deb", "not an address"),
        ("https://example.net/a", "does not end in .deb"),
        ("http://example.net/a.deb", "over http"),
        ("https://example.net/a.deb#sha256=12", "64 digits"),
        (f"https://example.net/a.deb#md5={DIGEST}", "64 digits"),
        ("https://user:word@example.net/a.deb", "password"),
    ],
)
def test_what_is_no_package(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_package(text)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("https://a.example stable main", AptSource("https://a.example", "stable", ("main",))),
        ("deb http://a.example/x  sid a b", AptSource("http://a.example/x", "sid", ("a", "b"))),
        ("https://a.example ./", AptSource("https://a.example", "./", ())),
    ],
)
def test_a_source(text: str, source: AptSource) -> None:
    assert parse_apt_source(text) == source


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "wants an address and a suite"),
        ("https://a.example", "wants an address and a suite"),
        ("deb [trusted=yes] https://a.example ./", "no options"),
        ("ppa:somebody/something main", "not an address"),
        ("file:/srv/apt ./", "not an address"),
        ("https://a.example stable", "needs a component"),
        ("https://a.example ./ main", "is a folder"),
        ("https://a.example st\u00e4ble main", "ASCII"),
        ("https://u:p@a.example stable main", "password"),
    ],
)
def test_what_is_no_source(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_apt_source(text)
