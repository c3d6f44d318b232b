"""What ifupdown would do to a NIC of the role besides lvsboot: every stanza that it applies."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.host.network import interfaces
from lvsboot.host.network.interfaces import Line, Stanza, parse_interfaces
from tests.images import put
from tests.unit.host.network.test_ownership import ROLE, SOURCE, STANZA, image, told

__all__ = ["image"]

ALIAS = "auto eth0:0\niface eth0:0 inet static\n  address 192.0.2.1/32\n"


@pytest.mark.parametrize("backend", ["networkd", "netplan"])
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"interfaces": ALIAS}, "interfaces:2:1: error: ifupdown configures eth0, too, and so"),
        (
            {"interfaces": ALIAS.replace("inet static", "inet6 manual").replace("  ", "  up ip ")},
            "interfaces:2:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {"interfaces": "source sub/*/x*\nauto eth0", "sub/a/x1": STANZA.partition("\n")[2]},
            "sub/a/x1:1:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {
                "interfaces": "source-directory su?",
                "sub/more": f"source {'x' * 3}",
                "sub/xxx": ALIAS,
            },
            "sub/xxx:2:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {"interfaces": "auto /eth*\niface eth0 inet6 auto\n"},
            "interfaces:2:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {"interfaces": "auto /eth*=lan\niface lan inet dhcp\n"},
            "interfaces:2:1: error: ifupdown configures eth0 by the stanza of lan, too, and so",
        ),
        (
            {"interfaces": "auto eth0\niface eth0 inet manual inherits lan\n"},
            "interfaces:2:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {"interfaces": "auto eth0\nmapping eth*\n  script /x\niface home inet dhcp\n"},
            "interfaces:2:1: error: ifupdown configures eth0 by this mapping, too, and so would",
        ),
    ],
)
def test_what_ifupdown_would_do_besides(
    image: Path, backend: str, files: dict[str, str], said: str
) -> None:
    for name, text in files.items():
        put(image, f"etc/network/{name}", text)
    assert f"/etc/network/{said}" in told(image, ROLE.format(backend=backend))


@pytest.mark.parametrize(
    "text",
    [
        # Nobody starts these.
        "iface eth0:0 inet static\n  address 192.0.2.1/32\nauto eth0\n",
        "auto eth1=lan\niface lan inet dhcp\n",
        "mapping eth*\n  script /x\n",
        "auto eth1:0\niface eth1:0 inet static\n  address 192.0.2.7/24\n",
    ],
)
def test_what_ifupdown_leaves_alone(image: Path, text: str) -> None:
    put(image, "etc/network/interfaces", text)
    assert told(image, ROLE.format(backend="networkd")) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ALIAS, "ifupdown applies this stanza of eth0 besides lvsboot's"),
        (
            "auto eth0=lan\niface lan inet dhcp\n",
            "ifupdown applies this stanza of lan, which is used for eth0, besides",
        ),
        ("mapping eth0\n  script /x\n", "this mapping may give eth0 another stanza than lvsboot's"),
    ],
)
def test_ifupdown_besides_its_own_backend(image: Path, text: str, said: str) -> None:
    put(image, "etc/network/interfaces", SOURCE + text)
    assert f"error: {said}" in told(image, ROLE.format(backend="ifupdown"))


def test_the_work_on_a_long_stanza_grows_with_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stanza is made once, with all its lines: anew for each line would be quadratic."""
    taken = 0

    def stanza(head: Line, options: tuple[Line, ...]) -> Stanza:
        nonlocal taken
        taken += len(options)
        return Stanza(head, options)

    monkeypatch.setattr(interfaces, "Stanza", stanza)
    found = parse_interfaces("iface lo inet loopback\n" + " up true\n" * 500).stanzas
    assert [len(it.options) for it in found] == [500]
    assert taken == 500
