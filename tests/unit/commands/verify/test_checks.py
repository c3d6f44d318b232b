"""Facts in, results out: what the running hosts of tests/kernel cannot easily show."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from typing import Any

import pytest

from lvsboot.commands.verify.checks.active import (
    ActiveFacts,
    check_active,
    endpoints,
    question_links,
)
from lvsboot.commands.verify.facts import Facts, FileFacts, LiveFacts
from lvsboot.commands.verify.results import Outcome, failure, found
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.host.kernel_modules import ModuleState
from lvsboot.host.live_network import LinkAddress, LiveNetwork
from lvsboot.host.nft_table import NftTable
from lvsboot.host.unit_states import UnitState
from lvsboot.ipvs.table import Table
from lvsboot.problem import Problem, Severity, Span
from lvsboot.role.model import Director
from lvsboot.role.reader import parse_role
from tests.golden import REPOSITORY
from tests.unit.commands.verify.facts import ACTIVE, changed, healthy, unknown, wrong

EXAMPLES = sorted((REPOSITORY / "examples").rglob("*.yaml"))
DIRECTOR = (REPOSITORY / "examples/dr/director.yaml").read_text(encoding="utf-8")
SERVER = (REPOSITORY / "examples/dr/rs1.yaml").read_text(encoding="utf-8")
REFUSED = Unseen("you may not", is_refused=True)


def live(facts: Facts) -> LiveFacts:
    assert facts.live is not None
    return facts.live


def network(facts: Facts) -> LiveNetwork:
    found = live(facts).network
    assert not isinstance(found, Unseen)
    return found


@pytest.mark.parametrize("place", EXAMPLES, ids=lambda place: f"{place.parent.name}-{place.stem}")
def test_nothing_is_wrong_with_a_host_as_an_example_says(place: object) -> None:
    facts = healthy(place.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    assert wrong(facts) == {}
    assert unknown(facts) == set()


@pytest.mark.parametrize("text", [DIRECTOR, SERVER], ids=["director", "real server"])
def test_what_cannot_be_seen_is_unknown_and_nothing_else_fails(text: str) -> None:
    facts = healthy(text)
    fields = ("network", "routes", "units", "table", "nft", "udp_ports", "neighbours")
    blind = changed(facts, **dict.fromkeys(fields, REFUSED))
    blind = changed(blind, sysctls=dict.fromkeys(live(blind).sysctls, REFUSED))
    blind = replace(blind, files=REFUSED)
    assert wrong(blind) == {}
    expected = {"files.content", "units.active", "units.enabled", "vip.present", "nic.up"}
    assert expected <= unknown(blind)


@pytest.mark.parametrize("field", ["network", "routes", "units", "table", "nft", "modules"])
def test_what_is_damaged_is_a_failure(field: str) -> None:
    facts = healthy(DIRECTOR)
    results = wrong(changed(facts, **{field: Unseen("it is broken")}))
    assert {result.seen for result in results.values()} == {"it is broken"}
    assert {result.outcome for result in results.values()} == {Outcome.FAILURE}
    assert all(result.fix for result in results.values())


@pytest.mark.parametrize(
    ("state", "check", "words"),
    [
        (UnitState("loaded", "inactive", "dead", "success"), "units.active", "is inactive"),
        (
            UnitState("loaded", "failed", "failed", "exit-code"),
            "units.active",
            "failed (exit-code)",
        ),
        (UnitState("not-found", "inactive", "dead", "success"), "units.active", "not loaded it"),
        (UnitState("masked", "active", "exited", "success"), "units.enabled", "is masked"),
    ],
)
def test_a_unit(state: UnitState, check: str, words: str) -> None:
    facts = changed(healthy(DIRECTOR), units={"lvs.service": state, "lvs-announce.service": ACTIVE})
    results = wrong(facts)
    assert set(results) == {check}
    assert words in results[check].seen
    assert "systemctl" in results[check].fix


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"has_ipvs": False, "table": None, "ipvs_option": "m"}, "modprobe ip_vs"),
        ({"has_ipvs": False, "table": None, "ipvs_option": "n"}, "boot another kernel"),
        ({"has_ipvs": False, "table": None, "ipvs_option": None}, "modprobe ip_vs"),
    ],
)
def test_a_director_without_ipvs(fields: dict[str, object], words: str) -> None:
    facts = changed(healthy(DIRECTOR), **fields)
    results = wrong(facts)
    assert set(results) == {"kernel.ipvs"}
    assert words in results["kernel.ipvs"].fix
    assert {"table.services", "table.real_servers"} <= unknown(facts)


def test_a_module_that_the_kernel_does_not_have() -> None:
    facts = changed(healthy(DIRECTOR), modules={"ip_vs_wlc": ModuleState.MISSING})
    assert "reboot" in wrong(facts)["kernel.modules"].fix


def test_an_image_by_its_kernels() -> None:
    facts = replace(healthy(DIRECTOR), live=None)
    states = {"ip_vs": ModuleState.LOADABLE}
    assert wrong(replace(facts, images={"6.12": states})) == {}
    missing = wrong(replace(facts, images={"6.12": {"ip_vs": ModuleState.MISSING}}))
    assert missing["kernel.modules"].seen == "Linux 6.12 has no module ip_vs"
    assert wrong(facts)["kernel.modules"].outcome is Outcome.WARNING


def test_an_empty_table_names_some_and_counts_the_rest() -> None:
    servers = ", ".join(f"{{address: 10.0.0.{i}}}" for i in range(1, 41))
    text = (
        "version: 1\ndirector:\n  method: nat\n  vips: [{address: 192.0.2.1, interface: eth0}]\n"
        f"  services: [{{vip: 192.0.2.1, port: 80, real_servers: [{servers}]}}]\n"
    )
    facts = healthy(text)
    table = live(facts).table
    assert table is not None
    assert not isinstance(table, Unseen)
    [(key, service)] = table.desired.services.items()
    emptied = Table({key: service._replace(destinations={})})
    results = list(
        found(
            "x",
            [failure("x", str(i), "", "") for i in range(40)],
            "",
        )
    )
    assert len(results) == 11
    assert results[-1].seen == "and 30 more"
    seen = wrong(changed(facts, table=replace(table, actual=emptied)))
    assert set(seen) == {"table.real_servers"}


def test_weights_that_are_kept_are_a_warning() -> None:
    facts = healthy(DIRECTOR.replace("method: dr", "method: dr\n  weights: keep"))
    table = live(facts).table
    assert table is not None
    assert not isinstance(table, Unseen)
    services = {
        key: service._replace(
            destinations={
                where: row._replace(weight=0) for where, row in service.destinations.items()
            }
        )
        for key, service in table.actual.services.items()
    }
    actual = table.actual._replace(services=services)
    results = wrong(changed(facts, table=replace(table, actual=actual)))
    assert set(results) == {"table.weights"}
    assert results["table.weights"].outcome is Outcome.WARNING


def test_an_address_that_another_host_has() -> None:
    facts = healthy(DIRECTOR)
    vip = ip_interface("172.16.14.1/32")
    addresses = {
        each._replace(is_usable=each.interface != vip) for each in network(facts).addresses
    }
    live_network = network(facts)._replace(addresses=frozenset(addresses))
    results = wrong(changed(facts, network=live_network))
    assert "duplicate" in results["vip.present"].seen


def test_a_vip_that_another_program_moves_may_be_away_but_on_no_other_device() -> None:
    text = (REPOSITORY / "examples/sync/director1.yaml").read_text(encoding="utf-8")
    role = parse_role(text.encode(), "role").role
    external = {vip.address for vip in role.kind.vips}  # type: ignore[union-attr]
    facts = healthy(text)
    away = {each for each in network(facts).addresses if each.interface.ip not in external}
    assert wrong(changed(facts, network=network(facts)._replace(addresses=frozenset(away)))) == {}
    moved = {*away, *(LinkAddress("eth9", ip_interface(vip)) for vip in external)}
    live_network = network(facts)._replace(addresses=frozenset(moved))
    assert "vip.device" in wrong(changed(facts, network=live_network))


def test_a_nic_that_waits_for_its_name() -> None:
    text = SERVER.replace("eth0:", 'eth0:\n      mac: "52:54:00:12:34:56"')
    facts = healthy(text)
    links = {name: link for name, link in network(facts).links.items() if name != "eth0"}
    results = wrong(changed(facts, network=network(facts)._replace(links=links)))
    assert "gets this name at a boot" in results["nic.up"].fix


def test_a_cloud_is_hinted_at() -> None:
    facts = changed(healthy(DIRECTOR), dmi={"sys_vendor": "Amazon EC2"})
    assert "source/destination check" in wrong(facts)["platform.cloud"].fix
    nat = (REPOSITORY / "examples/nat/director.yaml").read_text(encoding="utf-8")
    assert wrong(changed(healthy(nat), dmi={"sys_vendor": "Amazon EC2"})) == {}
    assert wrong(changed(healthy(DIRECTOR), dmi={"sys_vendor": "QEMU"})) == {}


def test_a_table_that_differs_shows_the_lines() -> None:
    text = (REPOSITORY / "examples/fwmark/director.yaml").read_text(encoding="utf-8")
    nft = NftTable("a\n\tmark 1\n", "a\n\tmark 2\n")
    seen = wrong(changed(healthy(text), nft=nft))["nft.table"].seen
    assert "- mark 2; + mark 1" in seen


def test_problems_of_files_keep_their_severity() -> None:
    facts = healthy(SERVER)
    files = facts.files
    assert isinstance(files, FileFacts)
    error = Problem("/etc/sysctl.d/99-x.conf", Span(3), "sets it", hint="remove the line")
    mild = error._replace(severity=Severity.WARNING)
    changed_files = replace(files, sysctl_problems=(error,), conflicts=(mild,))
    results = wrong(replace(facts, files=changed_files))
    assert results["sysctl.boot"].outcome is Outcome.FAILURE
    assert results["sysctl.boot"].seen == "/etc/sysctl.d/99-x.conf:3: sets it"
    assert results["files.owner"].outcome is Outcome.WARNING


@pytest.mark.parametrize(
    ("text", "answers", "outcome", "words"),
    [
        (DIRECTOR, (), Outcome.OK, "172.16.14.1 is at 02:02:02:02:02:02 (this host)"),
        (DIRECTOR, ("02:0b",), Outcome.FAILURE, "02:02:02:02:02:02 and at 02:0b"),
        (SERVER, ("02:0a",), Outcome.OK, "172.16.14.1 is at 02:0a"),
        (SERVER, (), Outcome.FAILURE, "nobody answers"),
        (SERVER, ("02:0a", "02:0b"), Outcome.FAILURE, "02:0a and at 02:0b"),
        (SERVER, REFUSED, Outcome.UNKNOWN, "you may not"),
    ],
)
def test_who_has_a_vip(text: str, answers: Any, outcome: Outcome, words: str) -> None:
    facts = healthy(text)
    [(vip, names)] = question_links(facts.role, network(facts)).items()
    assert names == ("eth0",)
    active = ActiveFacts({vip: answers}, {})
    [result] = check_active(facts.role, network(facts), active)
    assert (result.id, result.outcome) == ("active.vip", outcome)
    assert words in result.seen


def test_a_real_server_that_takes_no_connection() -> None:
    facts = healthy(DIRECTOR)
    assert isinstance(facts.role.kind, Director)
    first, second = endpoints(facts.role.kind)
    active = ActiveFacts({}, {first: None, second: "Connection refused"})
    [result] = check_active(facts.role, network(facts), active)
    assert result.outcome is Outcome.WARNING
    assert result.seen == "172.16.14.12:80: Connection refused"
