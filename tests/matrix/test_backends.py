"""Each network backend on one machine after the other: live, after a boot, beside cloud-init."""

from __future__ import annotations

import io
import re
import socket
import tarfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from lab import image, qemu
from lab.image import Distribution
from lab.machines import run_folder, seed_volume, started
from lab.vm import VM, Machine, Nic
from tests.golden import ROLES
from tests.matrix.journey import (
    CLOUD_INITS,
    HOST,
    MAC,
    MTU,
    NIC,
    ROLE,
    ROUTES,
    SEARCH,
    VIPS,
    Facts,
    Journey,
)

DEBIAN_13 = Distribution("trixie", ("netplan.io", "ifupdown"), renderer="netplan")
DEBIAN_12 = Distribution("bookworm", ("ifupdown",), renderer="eni")
OWN = HOST | VIPS
OTHERS = CLOUD_INITS | VIPS
NETWORKD, NETWORKING = "systemd-networkd.service", "networking.service"

# As on a host that has the program and nothing else of it: systemd knows none of the units.
FORGET = "rm -r /etc/systemd/system/lvs* /etc/systemd/system/*/lvs*; systemctl daemon-reload"
NO_MTU = ", no mtu"

SEED = {
    "meta-data": "instance-id: first\nlocal-hostname: director\n",
    "user-data": "#cloud-config\n{}\n",
    "network-config": f"""\
version: 2
ethernets:
  {NIC}:
    match: {{macaddress: "{MAC}"}}
    set-name: {NIC}
    addresses: [{next(iter(CLOUD_INITS))}]
""",
}
CLOUD_INITS_FILE = {
    "trixie": "/etc/netplan/50-cloud-init.yaml",
    "bookworm": "/etc/network/interfaces.d/50-cloud-init",
}


def travel_trixie(journey: Journey) -> None:
    journey.boots("first boot", CLOUD_INITS)
    journey.runs("never heard of lvsboot", FORGET, CLOUD_INITS)
    journey.applies("external", "external", OTHERS)
    journey.runs("external, networkd restarted", f"systemctl restart {NETWORKD}", OTHERS)
    journey.runs("external, netplan applied", "netplan apply", OTHERS)
    journey.applies("netplan", "netplan", OWN)
    journey.reboots("netplan, booted", OWN)
    journey.runs("netplan, applied", "netplan apply", OWN)
    journey.runs("netplan, networkd restarted", f"systemctl restart {NETWORKD}", OWN)
    journey.applies("networkd", "networkd", OWN)
    journey.reboots("networkd, booted", OWN)
    journey.runs("networkd, restarted", f"systemctl restart {NETWORKD}", OWN)
    journey.applies(f"networkd{NO_MTU}", "networkd", OWN, mtu=None)
    journey.applies("ifupdown", "ifupdown", OWN)
    journey.reboots("ifupdown, booted", OWN)
    journey.runs("ifupdown, restarted", f"systemctl restart {NETWORKING}", OWN)
    journey.applies(f"ifupdown{NO_MTU}", "ifupdown", OWN, mtu=None)
    journey.applies("external again", "external", OTHERS)


def travel_bookworm(journey: Journey) -> None:
    journey.boots("first boot", CLOUD_INITS)
    journey.runs("never heard of lvsboot", FORGET, CLOUD_INITS)
    journey.applies("external", "external", OTHERS)
    journey.runs("external, networking restarted", f"systemctl restart {NETWORKING}", OTHERS)
    journey.applies("ifupdown", "ifupdown", OWN)
    journey.reboots("ifupdown, booted", OWN)
    journey.runs("ifupdown, restarted", f"systemctl restart {NETWORKING}", OWN)
    journey.applies("networkd", "networkd", OWN)
    journey.reboots("networkd, booted", OWN)
    journey.runs("networkd, restarted", f"systemctl restart {NETWORKD}", OWN)
    journey.applies("external again", "external", OTHERS)


TRAVELS = {"trixie": (DEBIAN_13, travel_trixie), "bookworm": (DEBIAN_12, travel_bookworm)}
STEPS = {
    "trixie": (
        *("external", "external, networkd restarted", "external, netplan applied"),
        *("netplan", "netplan, booted", "netplan, applied", "netplan, networkd restarted"),
        *("networkd", "networkd, booted", "networkd, restarted", f"networkd{NO_MTU}"),
        *("ifupdown", "ifupdown, booted", "ifupdown, restarted", f"ifupdown{NO_MTU}"),
        "external again",
    ),
    "bookworm": (
        *("external", "external, networking restarted"),
        *("ifupdown", "ifupdown, booted", "ifupdown, restarted"),
        *("networkd", "networkd, booted", "networkd, restarted", "external again"),
    ),
}
ALL = [(suite, step) for suite, steps in STEPS.items() for step in steps]
EXPLICIT = [(suite, step) for suite, step in ALL if not step.startswith("external")]
EXTERNAL = [(suite, step) for suite, step in ALL if step.startswith("external")]


@pytest.fixture(scope="module")
def journeys(request: pytest.FixtureRequest) -> Iterator[Mapping[str, Journey]]:
    """Both machines' journeys, side by side; where one breaks off, its later steps are missing."""
    failed_before = request.session.testsfailed
    with run_folder("backends") as folder, ThreadPoolExecutor() as pool:
        seed = folder / "seed"
        seed.mkdir()
        for name, text in SEED.items():
            (seed / name).write_text(text)
        volume = seed_volume(seed)
        images = pool.map(image.installed, [distribution for distribution, _ in TRAVELS.values()])
        machines = [
            Machine(
                name=suite,
                image=disk,
                nics=(Nic(qemu.free_port(socket.SOCK_DGRAM), MAC),),
                ssh_port=qemu.free_port(socket.SOCK_STREAM),
                seed=volume,
            )
            for suite, disk in zip(TRAVELS, images, strict=True)
        ]
        with started(machines, folder) as vms:
            journeys = {suite: Journey(vm, folder) for suite, vm in vms.items()}
            travels = [
                pool.submit(partial(travel, journeys[suite]))
                for suite, (_distribution, travel) in TRAVELS.items()
            ]
            for travel in travels:
                travel.result()
            yield journeys
            if request.session.testsfailed > failed_before:
                pytest.fail(f"consoles and journals: {folder}", pytrace=False)


@pytest.fixture
def facts(journeys: Mapping[str, Journey], suite: str, step: str) -> Facts:
    return journeys[suite].facts[step]


@pytest.mark.parametrize("suite", TRAVELS)
def test_cloud_init_would_configure_the_nic(journeys: Mapping[str, Journey], suite: str) -> None:
    """The control of all that follows: the seed's network-config is one that takes."""
    facts = journeys[suite].facts["first boot"]
    assert facts.owned == CLOUD_INITS
    assert CLOUD_INITS_FILE[suite] in facts.files


@pytest.mark.parametrize(("suite", "step"), ALL)
def test_the_nic_has_its_addresses_and_no_others(facts: Facts, step: str) -> None:
    assert facts.owned == (OTHERS if step.startswith("external") else OWN)
    assert facts.failed_units == ""
    assert "ordering cycle" not in facts.kernel_journal
    assert "-A -t 172.16.14.1:80" in facts.rules


@pytest.mark.parametrize(("suite", "step"), EXPLICIT)
def test_the_nic_is_as_the_role_says(facts: Facts, step: str) -> None:
    assert facts.mtu == (1500 if step.endswith(NO_MTU) else MTU)
    assert facts.routes >= ROUTES
    assert facts.address("172.16.14.1/32").label == f"{NIC}:0"
    # An IPv6 VIP is never a source.
    vip = facts.address("2001:db8::1/128")
    assert "deprecated" in vip.flags
    # Nobody is asked whether it may be had, but by netplan, which has no word for that.
    assert ("nodad" in vip.flags) != step.startswith("netplan")
    assert not vip.flags & {"tentative", "dadfailed"}


@pytest.mark.parametrize(("suite", "step"), [it for it in EXPLICIT if "ifupdown" not in it[1]])
def test_networkd_knows_the_search_domains(facts: Facts) -> None:
    """Whom it tells, systemd-resolved, these machines have not; ifupdown tells resolvconf."""
    assert facts.domains.split() == SEARCH.split(", ")


@pytest.mark.parametrize(("suite", "step"), EXPLICIT)
def test_cloud_inits_file_is_aside(facts: Facts, suite: str, step: str) -> None:
    assert CLOUD_INITS_FILE[suite] not in facts.files


@pytest.mark.parametrize(("suite", "step"), EXTERNAL)
def test_cloud_init_has_its_file_again(facts: Facts, suite: str, step: str) -> None:
    assert CLOUD_INITS_FILE[suite] in facts.files
    assert not any("lvs" in path for path in facts.files)


@pytest.mark.parametrize(("suite", "step"), EXPLICIT)
def test_networkd_understands_every_line(facts: Facts, step: str) -> None:
    assert complaints(facts.networkd, r"05-lvs|10-netplan") == []


def test_netplan_and_ifupdown_take_every_golden_tree(journeys: Mapping[str, Journey]) -> None:
    """By the releases' own programs, offline: what no NIC of this machine would show."""
    for suite, journey in journeys.items():
        send_trees(journey.vm)
        if suite == "trixie":
            journey.vm.run(
                'cd /root/roles && for tree in *-netplan; do chmod 600 "$tree"/etc/netplan/*;'
                ' netplan generate --root-dir "$tree" || exit; done'
            )
        journey.vm.run(
            "cd /root/roles && for tree in *-ifupdown; do mkdir -p state;"
            " ifup --no-act --force --all --no-scripts --state-dir state"
            ' --interfaces "$tree/etc/network/interfaces.d/lvs" || exit; done'
        )


def test_networkd_takes_every_golden_tree(journeys: Mapping[str, Journey]) -> None:
    """It says nothing of a file that it understands; they sort behind those that are in use."""
    for journey in journeys.values():
        send_trees(journey.vm)
        said = journey.vm.run(
            "cd /root/roles && for tree in *-networkd; do for file in"
            ' "$tree"/etc/systemd/network/*; do'
            ' cp "$file" "/run/systemd/network/99-$tree-${file##*/}"; done; done;'
            " echo '[Network]\nNoSuchKey=1' >/run/systemd/network/99-wrong.network;"
            " networkctl reload; sleep 1; journalctl -b -o cat --no-pager -u systemd-networkd;"
            " rm /run/systemd/network/99-*"
        )
        found = complaints(said, "/99-")
        assert found  # the control: what it does not know, it says
        assert [line for line in found if "99-wrong" not in line] == []


@pytest.mark.parametrize("backend", ["netplan", "networkd"])
def test_a_vlan_is_made_of_its_name(journeys: Mapping[str, Journey], backend: str) -> None:
    """As ifupdown does by itself. Deleted before: one that no role names stays until a boot."""
    vm, vlan = journeys["trixie"].vm, f"{NIC}.100"
    nic = f"    {vlan}: {{addresses: [10.9.0.1/24]}}\ndirector:\n"
    role = ROLE.format(backend=backend, mtu=MTU).replace("director:\n", nic, 1)
    assert vlan in role
    vm.run(f"ip link delete {vlan} || true")
    vm.run(f"lvsboot apply - <<'END'\n{role}END\n")
    is_up = f"ip -4 -o address show dev {vlan} | grep -q ' 10.9.0.1/24 '"
    vm.run(f"for i in $(seq 60); do {is_up} && exit; sleep 0.5; done; exit 1")
    assert f"{vlan}@{NIC}: " in vm.run(f"ip -d link show dev {vlan}")
    assert " vlan protocol 802.1Q id 100 " in vm.run(f"ip -d link show dev {vlan}")
    assert f" {NIC}:0" in vm.run(f"ip -4 -o address show dev {NIC}")


def complaints(journal: str, files: str) -> list[str]:
    """What networkd says of files, by a pattern of their names, other than that it uses them."""
    uses = re.compile(r"onfiguring with \S+\.network\.$")
    return [
        line for line in journal.splitlines() if re.search(files, line) and not uses.search(line)
    ]


def send_trees(vm: VM) -> None:
    """The golden trees' network files; they fit into a command's words."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for part in ("etc/netplan", "etc/network", "etc/systemd/network"):
            # Whole: no file of the units or examples is among them.
            for place in sorted(ROLES.glob(f"*/{part}")):
                archive.add(place, f"roles/{place.relative_to(ROLES)}")
    text = b64encode(packed.getvalue()).decode()
    vm.run(f"echo {text} | base64 -d | tar -C /root -xz")
