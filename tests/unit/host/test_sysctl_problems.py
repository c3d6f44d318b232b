"""Files of sysctl.d that win over a role: plan and render name the line, apply refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.commands.desired import host_tree
from lvsboot.errors import ConflictError
from lvsboot.problem import Problem, Severity
from lvsboot.role.reader import parse_role
from tests.images import complete_image, put

NAT = """\
version: 1
network:
  backend: external
  interfaces: {{eth0: {{addresses: [192.0.2.2/24]}}, eth1: {{addresses: [10.0.0.1/24]}}}}
director:
  method: nat
  vips: [{{address: 192.0.2.1, interface: eth0}}]
  services: [{{vip: 192.0.2.1, port: 80, real_servers: [{{address: 10.0.0.11}}]}}]
  tuning: {{expire_nodest_conn: 1}}
sysctl: {{net.core.somaxconn: 4096, net.ipv4.tcp_rmem: "1 2 3"{own}}}
"""
TUN = """\
version: 1
network: {backend: external, interfaces: {eth0: {addresses: [192.0.2.11/24]}}}
real_server: {method: tun, vips: [192.0.2.1], tunnel: {type: ipip}}
"""
X = "etc/sysctl.d/99-hardening.conf"


def problems(
    root: Path, role: str, files: dict[str, str], *, applies: bool = True
) -> tuple[Problem, ...]:
    complete_image(root)
    for path, text in files.items():
        put(root, path, text)
    role_file = parse_role(role.encode(), "role.yaml")
    try:
        return host_tree(role_file, root, applies=applies)[1].problems
    except ConflictError as error:
        return error.problems


def nat(own: str = "") -> str:
    return NAT.format(own=own)


@pytest.mark.parametrize(
    ("role", "path", "text", "said"),
    [
        (nat(), X, "\nnet.ipv4.ip_forward = 0\n", "sets net.ipv4.ip_forward to '0'"),
        (nat(), X, "net/ipv4/ip_forward=0", "sets net.ipv4.ip_forward to '0'"),
        (nat(), X, "net.ipv4.conf.all.forwarding=0", "net.ipv4.ip_forward with it"),
        (nat(), X, "net.ipv4.conf.a*.forward* = 0", "net.ipv4.ip_forward with it"),
        (nat(), X, "-net.ipv4.ip_forward", "keeps net.ipv4.ip_forward from being set"),
        (nat(), X, "net.ipv4.ip_forward = yes", "to 'yes'"),
        # udev sets it for each NIC that appears, whatever came later.
        (nat(), "usr/lib/sysctl.d/10-a.conf", "net.ipv4.conf.eth1.forwarding=0", "eth1"),
        (nat(), X, "net.ipv4.conf.eth?.forwarding=0", "net.ipv4.conf.eth1.forwarding with it"),
        # With which each NIC begins that appears later.
        (nat(), X, "net.ipv4.conf.default.forwarding=0", "net.ipv4.conf.default.forwarding to '0'"),
        (nat(), X, "net.ipv4.conf.def*.forwarding=0", "net.ipv4.conf.default.forwarding with it"),
        (nat(), X, "net.ipv4.conf.all.send_redirects = 1", "send_redirects to '1'"),
        (nat(), X, "net.ipv4.conf.eth1.send_redirects = 1", "send_redirects to '1'"),
        (TUN, X, "net.ipv4.conf.all.rp_filter = 1", "rp_filter to '1'"),
        (TUN, "run/sysctl.d/99.conf", "net.ipv4.conf.tunl0.rp_filter=2", "tunl0.rp_filter"),
        (TUN, X, "net.ipv4.conf.eth0.arp_ignore = 3", "decides for eth0"),
        (TUN, X, "net.ipv4.conf.enp*.arp_ignore = 3", "decides for enp"),
        (TUN, "etc/sysctl.conf", "net.ipv4.conf.eth0.arp_ignore = 3", "decides for eth0"),
        (TUN, X, "nonsense", "is no assignment"),
    ],
)  # fmt: skip
def test_what_breaks_the_role_is_an_error_at_apply(
    tmp_path: Path, role: str, path: str, text: str, said: str
) -> None:
    line = 1 + len(text) - len(text.lstrip("\n"))
    for applies, severity in ((True, Severity.ERROR), (False, Severity.WARNING)):
        found = problems(tmp_path, role, {path: text}, applies=applies)
        assert {problem.severity for problem in found} == {severity}
        assert any(
            (problem.file, problem.span.line) == (f"/{path}", line) and said in problem.message
            for problem in found
        ), found


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (X, "net.ipv4.vs.expire_nodest_conn = 0", "expire_nodest_conn to '0'"),
        (X, "net.core.somaxconn = 128", "somaxconn to '128'"),
        (X, "net.ipv4.tcp_rmem = 1 2 4", "tcp_rmem to '1 2 4'"),
        (X, "net.ipv4.conf.eth7.forwarding = 0", "eth7.forwarding to '0'"),
        (X, "nonsense", "is no assignment"),
        # Only `sysctl --system` reads it.
        ("etc/sysctl.conf", "net.ipv4.ip_forward = 0", "for sysctl --system, this line sets"),
    ],
)
def test_what_only_differs_is_a_warning(tmp_path: Path, path: str, text: str, said: str) -> None:
    found = problems(tmp_path, nat(), {path: text})
    assert [problem.severity for problem in found] == [Severity.WARNING]
    assert said in found[0].message


@pytest.mark.parametrize(
    ("role", "path", "text"),
    [
        (nat(), "etc/sysctl.d/10-early.conf", "net.ipv4.ip_forward = 0"),
        (nat(), "etc/sysctl.d/80.conf", "net.ipv4.conf.all.forwarding=0"),
        (nat(), "etc/sysctl.d/80.conf", "net.ipv4.conf.default.forwarding=0"),
        (TUN, X, "net.ipv4.conf.default.forwarding=0"),
        (nat(), X, "net.ipv4.ip_forward = 0x1"),
        (nat(), X, "net.ipv4.ip_forward = 0\nnet.ipv4.conf.all.forwarding = 1"),
        (nat(), X, "net.ipv4.conf.*.send_redirects = 1\n# net.ipv4.ip_forward=0"),
        (nat(), X, "net.ipv4.tcp_rmem = 1\t2  3"),
        # Hidden by a file of its name, and by lvsboot's own.
        (nat(), "usr/lib/sysctl.d/90-lvs.conf", "net.ipv4.ip_forward = 0"),
        (TUN, X, "net.ipv4.conf.*.rp_filter = 1"),
        (TUN, X, "net.ipv4.conf.all.arp_ignore = 2\nnet.ipv4.conf.eth0.arp_ignore=0"),
        (TUN, X, "net.ipv4.ip_forward = 0"),
    ],
)
def test_what_wins_over_nothing_is_not_spoken_of(
    tmp_path: Path, role: str, path: str, text: str
) -> None:
    assert problems(tmp_path, role, {path: text}) == ()


def test_each_line_is_told_once_for_both_programs(tmp_path: Path) -> None:
    found = problems(tmp_path, nat(), {X: "net.ipv4.ip_forward = 0"})
    assert len(found) == 1
    assert found[0].message == (
        "for systemd-sysctl, this line sets net.ipv4.ip_forward to '0': the role needs 1"
    )
    assert "90-lvs.conf" in found[0].hint


@pytest.mark.parametrize(
    ("role", "path", "text"),
    [
        (nat(), "etc/sysctl.conf", "net.ipv4.ip_forward = 0"),
        (TUN, "etc/sysctl.d/10-early.conf", "net.ipv4.conf.eth0.arp_ignore = 3"),
        (TUN, X, "net.ipv4.conf.eth0.arp_ignore = 3"),
    ],
)
def test_no_order_is_advised_that_changes_nothing(
    tmp_path: Path, role: str, path: str, text: str
) -> None:
    found = problems(tmp_path, role, {path: text})
    assert [problem.hint for problem in found] == ["remove the line"]
