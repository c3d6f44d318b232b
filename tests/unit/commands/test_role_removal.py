"""What an apply would remove, by a kernel in memory and files in a folder."""

from __future__ import annotations

from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import pytest

from lvsboot.cli.text.plan import plan_text, plan_value
from lvsboot.commands.plan import Plan
from lvsboot.commands.role_removal import role_refusal
from lvsboot.host.live_network import LinkAddress, LiveNetwork
from lvsboot.role.reader import RoleFile, parse_role
from tests.unit.commands.host import Host, start
from tests.unit.commands.test_removal_guard import services


def director(ports: str, vips: str = "1", owner: str = "lvsboot") -> str:
    """A service for each port, all on the first VIP."""
    carried = ", ".join(
        f"{{address: 192.0.2.{vip}, interface: lo, owner: {owner}}}" for vip in vips.split()
    )
    served = ", ".join(
        f"{{vip: 192.0.2.{vips[0]}, port: {port}, real_servers: [{{address: 192.0.2.99}}]}}"
        for port in ports.split()
    )
    return f"version: 1\ndirector: {{method: dr, vips: [{carried}], services: [{served}]}}\n"


def real_server(vips: str) -> str:
    addresses = ", ".join(f"192.0.2.{vip}" for vip in vips.split())
    return f"version: 1\nreal_server: {{method: dr, vips: [{addresses}]}}\n"


def role(text: str) -> RoleFile:
    return parse_role(text.encode(), "role.yaml")


def no_network() -> LiveNetwork:
    raise AssertionError("nothing goes: there is nothing to look at")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A director that has loaded three services."""
    host = Host(tmp_path)
    host.write(rules=services("1:80", "1:443", "1:22"))
    start(host)
    return host


def refusal(host: Host, text: str, **read: Any) -> str | None:
    folder = Path(host.places.rules).parent
    ipvs = read.pop("ipvs", host.places.rules)
    return role_refusal(
        role(text), places=host.places, applied=str(folder / "applied"), ipvs=ipvs,
        read_table=host.kernel.read_table, **({"read_network": no_network} | read),
    )  # fmt: skip


def test_services_are_counted_as_a_reload_would(host: Host) -> None:
    assert refusal(host, director("80 443 22")) is None
    assert refusal(host, director("80 443")) is None
    assert refusal(host, director("8080 443 22")) is None
    text = "removes 2 of 3 services (-t 192.0.2.1:80, -t 192.0.2.1:443)"
    assert refusal(host, director("22")) == text


def test_a_host_that_becomes_a_real_server_serves_nothing(host: Host) -> None:
    assert str(refusal(host, real_server("1"))).startswith("removes 3 of 3 services (")


def test_a_kernel_without_a_table_has_no_services(host: Host) -> None:
    assert refusal(host, director("22"), ipvs="/nowhere") is None


def network(*vips: int) -> LiveNetwork:
    found = (LinkAddress("lo", ip_interface(f"192.0.2.{vip}/32")) for vip in vips)
    return LiveNetwork({}, frozenset(found))


@pytest.mark.parametrize(
    ("before", "after", "live", "refused"),
    [
        (real_server("1 2 3"), real_server("1 2"), (1, 2, 3), None),
        (real_server("1 2 3"), real_server("1"), (1, 2, 3), "2 of 3 VIPs (192.0.2.2, 192.0.2.3)"),
        (real_server("1 2 3"), real_server("1"), (1,), None),
        (real_server("1"), real_server("2"), (1, 9), None),
        (real_server("1 2"), real_server("3 4"), (1, 2), "2 of 2 VIPs (192.0.2.1, 192.0.2.2)"),
        (director("80"), "version: 1\nreal_server: {method: nat, director: 192.0.2.8}\n", (1,),
         "1 of 1 VIPs (192.0.2.1)"),
        # VRRP's are its own, and a role may hand ours to it.
        (director("80", "1 2", "external"), director("80", "3"), (1, 2), None),
        (director("80", "1 2"), director("80", "1 2", "external"), (1, 2), None),
    ],
)  # fmt: skip
def test_vips_are_those_of_the_applied_role_that_are_up(
    tmp_path: Path, before: str, after: str, live: tuple[int, ...], refused: str | None
) -> None:
    host = Host(tmp_path)
    (tmp_path / "applied").write_text(before, encoding="utf-8")
    assert refusal(host, before) is None
    text = refusal(host, after, read_network=lambda: network(*live))
    assert text == (f"removes {refused}" if refused else None)


def test_a_host_without_an_applied_role_has_no_vips_of_ours(tmp_path: Path) -> None:
    assert refusal(Host(tmp_path), real_server("1")) is None


def test_an_applied_role_that_is_not_understood_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "applied").write_text("version: 2\n", encoding="utf-8")
    said = refusal(Host(tmp_path), real_server("1"))
    assert str(said).startswith("removes VIPs that cannot be counted: ")


def test_a_plan_says_it() -> None:
    plan = Plan((), (), (), refusal="removes 2 of 2 VIPs (a, b)")
    said = "apply would refuse: removes 2 of 2 VIPs (a, b); --allow-removal if that is meant\n"
    assert plan_text(plan).endswith(said)
    assert plan_value(plan)["refusal"] == "removes 2 of 2 VIPs (a, b)"
    assert plan_value(Plan((), (), ()))["refusal"] is None
