"""One machine with role after role, and its state after each step."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lab.vm import VM

NIC = "lan0"
MAC = "52:54:00:00:0b:01"
HOST = frozenset({"172.16.14.10/16", "2001:db8::10/64"})
VIPS = frozenset({"172.16.14.1/32", "2001:db8::1/128"})
# What the seed's network-config says: wherever it shows up, cloud-init owns the NIC.
CLOUD_INITS = frozenset({"172.16.99.99/16"})
FOLDERS = ("/etc/netplan", "/etc/network/interfaces.d", "/etc/systemd/network")
SEARCH = "example.net, example.org"
# Of the next hops only one is on a network of the NIC's.
ROUTES = frozenset(
    {
        "default via 203.0.113.1",
        "default via 2001:db8:9::1",
        "10.0.0.0/8 via 172.16.0.3",
        "198.51.100.0/24 via 203.0.113.2",
        "2001:db8:5::/48 via 2001:db8:9::2",
    }
)
SETTLING = 30.0
MTU = 1400

ROLE = f"""\
version: 1
network:
  backend: {{backend}}
  interfaces:
    {NIC}:
      mac: "{MAC}"
      addresses: [{", ".join(f'"{address}"' for address in sorted(HOST))}]
      gateway: 203.0.113.1
      gateway6: "2001:db8:9::1"
      gateway_on_link: true
      search: [{SEARCH}]
      routes:
        - {{{{to: 10.0.0.0/8, via: 172.16.0.3}}}}
        - {{{{to: 198.51.100.0/24, via: 203.0.113.2}}}}
        - {{{{to: "2001:db8:5::/48", via: "2001:db8:9::2"}}}}
      mtu: {{mtu}}
director:
  method: dr
  vips:
    - {{{{address: 172.16.14.1, interface: {NIC}}}}}
    - {{{{address: "2001:db8::1", interface: {NIC}}}}}
  services:
    - {{{{vip: 172.16.14.1, port: 80, real_servers: [{{{{address: 172.16.14.11}}}}]}}}}
    - {{{{vip: "2001:db8::1", port: 80, real_servers: [{{{{address: "2001:db8::11"}}}}]}}}}
"""


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the NIC as `ip` shows it."""

    text: str
    label: str
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """The machine after a step, by its own tools.

    `files` are those of FOLDERS, by path; `domains` the search domains that networkd keeps.
    """

    addresses: tuple[Address, ...]
    routes: frozenset[str]
    mtu: int
    rules: str
    failed_units: str
    files: frozenset[str]
    networkd: str
    kernel_journal: str
    domains: str

    @property
    def owned(self) -> frozenset[str]:
        return frozenset(address.text for address in self.addresses)

    def address(self, text: str) -> Address:
        [found] = [address for address in self.addresses if address.text == text]
        return found


@dataclass(slots=True)
class Journey:
    """Takes steps on a machine, and keeps its state after each."""

    vm: VM
    folder: Path
    facts: dict[str, Facts] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def boots(self, step: str, wanted: Iterable[str]) -> None:
        began = time.monotonic()
        self.vm.wait_until_booted()
        self._look(step, wanted, began)

    def applies(
        self, step: str, backend: str, wanted: Iterable[str], *, mtu: int | None = MTU
    ) -> None:
        began = time.monotonic()
        role = ROLE.format(backend=backend, mtu=mtu)
        text = shlex.quote(role if mtu is not None else role.replace("      mtu: None\n", ""))
        self.vm.run(f"mkdir -p /etc/lvs; printf %s {text} >/etc/lvs/role.yaml; lvsboot apply")
        self._look(step, wanted, began)

    def runs(self, step: str, command: str, wanted: Iterable[str]) -> None:
        began = time.monotonic()
        self.vm.run(command)
        self._look(step, wanted, began)

    def reboots(self, step: str, wanted: Iterable[str]) -> None:
        """With cloud-init as on a first boot: it reads its seed anew, and would configure NICs."""
        began = time.monotonic()
        self.vm.run("cloud-init clean --logs")
        previous = self.vm.begin_reboot()
        self.vm.wait_until_booted(previous_boot=previous)
        self._look(step, wanted, began)

    def _look(self, step: str, wanted: Iterable[str], began: float) -> None:
        """Waits until the NIC may use what is wanted, a second more, and keeps what it has then."""
        wanted, deadline = frozenset(wanted), time.monotonic() + SETTLING
        while _usable(self.vm) != wanted and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(1)
        self.facts[step] = read_facts(self.vm)
        self.seconds[step] = time.monotonic() - began


def read_facts(vm: VM) -> Facts:
    mark = "--cut-here--"
    commands = (
        f"ip -j address show dev {NIC}",
        f"ip -j route show dev {NIC}",
        f"ip -6 -j route show dev {NIC}",
        "ipvsadm -Sn",
        "systemctl list-units --failed --no-legend --plain",
        f"find {' '.join(FOLDERS)} -type f",
        "journalctl -b -o cat --no-pager -u systemd-networkd",
        "journalctl -b -o cat --no-pager _PID=1",
        f"sed -n s/^DOMAINS=//p /run/systemd/netif/links/$(cat /sys/class/net/{NIC}/ifindex)",
    )
    said = vm.run(f"; echo; echo {mark}; ".join(f"{{ {it}; }} 2>&1" for it in commands))
    parts = said.split(f"\n{mark}\n")
    shown, routes4, routes6, rules, failed, files, networkd, journal, domains = parts
    [link] = json.loads(shown)
    routes = json.loads(routes4) + json.loads(routes6)
    return Facts(
        addresses=_addresses(link),
        routes=frozenset(
            f"{route['dst']} via {route['gateway']}" for route in routes if "gateway" in route
        ),
        mtu=link["mtu"],
        rules=rules,
        failed_units=failed.strip(),
        files=frozenset(files.split()),
        networkd=networkd,
        kernel_journal=journal,
        domains=domains.strip(),
    )


def _usable(vm: VM) -> frozenset[str]:
    """The addresses of which the kernel does not still ask whether others have them."""
    [link] = json.loads(vm.run(f"ip -j address show dev {NIC}"))
    return frozenset(it.text for it in _addresses(link) if "tentative" not in it.flags)


def _addresses(link: dict[str, object]) -> tuple[Address, ...]:
    """All but the link-local ones, which are the kernel's."""
    shown = link["addr_info"]
    assert isinstance(shown, list)
    return tuple(
        Address(
            f"{it['local']}/{it['prefixlen']}",
            it.get("label", ""),
            frozenset(key for key, value in it.items() if value is True),
        )
        for it in shown
        if it["scope"] != "link"
    )
