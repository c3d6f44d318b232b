"""The nftables table, read back from its text for any role, and checked by nft."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsboot.install.tree import File
from lvsboot.ipvs.table import Family, ForwardingMethod, Protocol, Timeouts, TunnelType
from lvsboot.policy import Foreign, Weights
from lvsboot.render.host import render_host
from lvsboot.render.nft import render_nft
from lvsboot.role.formats import parse_interface_name
from lvsboot.role.model import (
    Backend,
    Director,
    Masquerade,
    Owner,
    RealServer,
    Role,
    TunnelEnd,
    Vip,
)
from lvsboot.role.reader import parse_role
from lvsboot.role.services import MarkedService, Match, Ports, Service
from lvsboot.role.tunnels import announced_mss
from tests.golden import CASES, REPOSITORY, Case

HEAD = "table inet lvsboot\ndelete table inet lvsboot\ntable inet lvsboot {\n"
MARK = re.compile(
    r"\t\t(ip6?) daddr (\S+) (tcp|udp|sctp) dport \{ ([0-9, -]+) \} meta mark set (\d+)"
)
MASQUERADE = re.compile(r'\t\t(ip6?) saddr (\S+) oifname "([^"\s]+)" masquerade')
CLAMP = re.compile(r"\t\t(ip6?) saddr \{ (.+) \} tcp flags .* tcp option maxseg size set (\d+)")
ACCEPT = re.compile(r"\t\t(ip6?) daddr \{ (.+) \} accept")
# All other lines: none of them has a value of the role.
FIXED = re.compile(
    r"\t\}|\t\tdrop"
    r"|\tchain (prerouting|output|postrouting|tunnels|decapsulated) \{"
    r"|\t\ttype (filter|nat) hook [a-z]+ priority (mangle|raw|srcnat|srcnat \+ 1); policy accept;"
    r'|\t\tiifname \{ "[a-z0-9]+"(, "[a-z0-9]+")* \} jump decapsulated'
)

names = (
    st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_@+-]{0,9}(\.[A-Za-z0-9_@+-]{1,4})?\Z")
    .filter(lambda text: text not in {"all", "default"} and not text.isdigit())
    .map(parse_interface_name)
)
ports = st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(
    lambda pair: Ports(min(pair), max(pair))
)
addresses4 = st.integers(0x01000000, 0xDFFFFFFF).map(IPv4Address)
addresses6 = st.integers(1 << 125, (1 << 126) - 1).map(IPv6Address)
networks = st.one_of(
    st.tuples(addresses4, st.integers(1, 32)), st.tuples(addresses6, st.integers(1, 128))
).map(lambda pair: ip_network(f"{pair[0]}/{pair[1]}", strict=False))


@st.composite
def marked_services(draw: st.DrawFn) -> Service:
    family = draw(st.sampled_from([*Family]))
    vips = addresses4 if family is Family.IPV4 else addresses6
    matches = st.builds(
        Match,
        vips,
        st.sampled_from([*Protocol]),
        st.lists(ports, min_size=1, max_size=3).map(tuple),
    )
    return Service(
        identity=MarkedService(draw(st.integers(1, 2**32 - 1)), family),
        scheduler="wlc",
        scheduler_flags=frozenset(),
        one_packet=False,
        persistence=None,
        helpers=frozenset(),
        destinations=(),
        matches=tuple(draw(st.lists(matches, max_size=4))),
    )


directors = st.builds(
    Director,
    vips=st.just((Vip(IPv4Address("192.0.2.1"), "lo", Owner.LVSBOOT),)),
    services=st.lists(marked_services(), max_size=4).map(tuple),
    timeouts=st.just(Timeouts()),
    connection_table_bits=st.none(),
    tuning=st.just({}),
    masquerades=st.lists(st.builds(Masquerade, networks, names), max_size=4).map(tuple),
    foreign_services=st.sampled_from([*Foreign]),
    weights=st.sampled_from([*Weights]),
)
tunnels = st.builds(
    TunnelEnd,
    type=st.sampled_from([*TunnelType]),
    port=st.just(6080),
    checksum=st.booleans(),
    family=st.none() | st.sampled_from([*Family]),
    mss=st.none() | st.integers(536, 65495),
)
real_servers = st.builds(
    RealServer,
    method=st.just(ForwardingMethod.TUN),
    vips=st.lists(st.one_of(addresses4, addresses6), min_size=1, max_size=5, unique=True).map(
        tuple
    ),
    director=st.none(),
    tunnel=tunnels,
)


def text_of(kind: Director | RealServer) -> str:
    files = list(render_nft(Role(hostname=None, network=None, kind=kind, sysctl={})))
    return files[0].text if files else ""


def rules(text: str) -> Iterator[str]:
    """The lines with values of the role, after checking all other lines."""
    lines = [line for line in text.split("\n") if line and not line.lstrip("\t").startswith("# ")]
    body = "\n".join(lines) + "\n"
    assert body.startswith(HEAD)
    assert body.endswith("\t}\n}\n")
    for line in body.removeprefix(HEAD).removesuffix("}\n").splitlines():
        if not FIXED.fullmatch(line):
            yield line


@given(directors)
@settings(max_examples=15, deadline=None)
def test_a_directors_table_says_what_its_role_says(director: Director) -> None:
    marks = sorted(
        (str(it.vip), it.protocol.value, ", ".join(map(str, it.ports)), service.identity.mark)
        for service in director.services
        for it in service.matches
        if isinstance(service.identity, MarkedService)
    )
    ways = [(str(it.source), it.interface) for it in director.masquerades]
    found_marks, found_ways = [], []
    text = text_of(director)
    for line in rules(text) if text else ():
        if mark := MARK.fullmatch(line):
            word, vip, protocol, ports_text, number = mark.groups()
            assert word == ("ip" if ip_address(vip).version == 4 else "ip6")
            found_marks.append((vip, protocol, ports_text, int(number)))
        else:
            way = MASQUERADE.fullmatch(line)
            assert way, line
            assert way[1] == ("ip" if ip_network(way[2]).version == 4 else "ip6")
            found_ways.append((way[2], way[3]))
    # Each is in two chains: for packets that arrive, and for the director's own.
    assert sorted(found_marks) == sorted(marks * 2)
    assert found_ways == ways
    assert (text == "") == (not marks and not ways)


@given(real_servers)
@settings(max_examples=15, deadline=None)
def test_a_real_servers_table_says_what_its_role_says(real_server: RealServer) -> None:
    end = real_server.tunnel
    assert end is not None
    clamped: dict[object, int] = {}
    accepted: list[object] = []
    for line in rules(text_of(real_server)):
        clamp, accept = CLAMP.fullmatch(line), ACCEPT.fullmatch(line)
        found = clamp or accept
        assert found, line
        vips = [ip_address(text) for text in found[2].split(", ")]
        assert {vip.version for vip in vips} == {4 if found[1] == "ip" else 6}
        if clamp:
            clamped |= {vip: int(clamp[3]) for vip in vips}
        else:
            accepted += vips
    assert clamped == {vip: announced_mss(end, vip, ()) for vip in real_server.vips}
    assert sorted(accepted, key=str) == sorted(real_server.vips, key=str)


def nft(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in a new network namespace, as root of a new user namespace."""
    argv = ["unshare", "--map-root-user", "--net", "sh", "-c", " ".join(arguments)]
    has_namespaces = subprocess.run([*argv[:3], "true"], check=False).returncode == 0
    if not has_namespaces and not os.environ.get("LVSBOOT_NATIVE"):
        pytest.skip("needs network namespaces: make matrix has them")
    return subprocess.run(argv, capture_output=True, text=True, check=False)


TABLES = [
    (case.name, entry)
    for case in CASES
    if case.backend is Backend.EXTERNAL
    for entry in case.render()
    if isinstance(entry, File) and entry.path.endswith("/lvs.nft")
]


@pytest.mark.native("nft", "unshare")
@pytest.mark.parametrize("table", [it[1] for it in TABLES], ids=[it[0] for it in TABLES])
def test_nft_takes_the_examples_tables_twice(table: File, tmp_path: Path) -> None:
    """And lists one table with the chains of the text."""
    place = tmp_path / "lvs.nft"
    place.write_text(table.text, encoding="utf-8")
    done = nft(f"nft --check -f {place} && nft -f {place} && nft -f {place} && nft -j list ruleset")
    assert (done.returncode, done.stderr) == (0, "")
    listed = json.loads(done.stdout)["nftables"]
    assert [it["table"]["name"] for it in listed if "table" in it] == ["lvsboot"]
    chains = {it["chain"]["name"] for it in listed if "chain" in it}
    assert chains == set(re.findall(r"^\tchain (\w+) \{", table.text, re.MULTILINE))


def test_most_roles_need_no_table() -> None:
    for example in ("dr/director.yaml", "dr/rs1.yaml", "nat/rs1.yaml", "tun/director.yaml"):
        paths = {entry.path for entry in Case(example, Backend.EXTERNAL).render()}
        assert "/etc/lvs/lvs.nft" not in paths, example
        assert not any("nftables" in path or "wants/lvs-nft" in path for path in paths)


def test_masquerading_over_ipv6_forwards_ipv6() -> None:
    text = (REPOSITORY / "examples/nat/director.yaml").read_text(encoding="utf-8")
    text = text.replace("10.0.0.0/8", "fd00::/64").replace("10.0.0.12", '"fd00::12"')
    text = text.replace("172.16.14.1,", '"2001:db8::1",').replace(
        "172.16.14.1\n", '"2001:db8::1"\n'
    )
    role = parse_role(text.replace("{address: 10.0.0.11}", '{address: "fd00::11"}').encode(), "r")
    tree = {entry.path: entry for entry in render_host(role.role, text, Backend.EXTERNAL)}
    sysctl, table = tree["/etc/sysctl.d/90-lvs.conf"], tree["/etc/lvs/lvs.nft"]
    assert isinstance(sysctl, File)
    assert isinstance(table, File)
    assert "net.ipv6.conf.all.forwarding = 1" in sysctl.text
    assert 'ip6 saddr fd00::/64 oifname "eth0" masquerade' in table.text
