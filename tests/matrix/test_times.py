"""How long the parts of a start take. No test fails for being slow: the figures are printed."""

from __future__ import annotations

from statistics import median

import pytest

from lab.cluster import Cluster
from lab.paths import REPO
from lab.vm import VM
from tests.matrix.figures import figure

pytestmark = pytest.mark.cluster

TRIES = 5
RULES = "-A -t 172.16.14.1:80 -s wlc\n" + "".join(
    f"-a -t 172.16.14.1:80 -r 172.16.14.{10 + number}:80 -g -w 1\n" for number in range(1, 10)
)
BARE = (
    "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={}\n"
)


def seconds_inside(vm: VM, unit: str) -> float:
    """From the start of its main process to that one's end, by systemd's own clock."""
    times = []
    for _ in range(TRIES):
        vm.run(f"systemctl stop {unit} && systemctl start {unit}")
        start, end = (
            int(vm.run(f"systemctl show -P ExecMain{event}TimestampMonotonic {unit}"))
            for event in ("Start", "Exit")
        )
        times.append((end - start) / 1e6)
    return median(times)


def seconds_bare(vm: VM, command: str, settings: str = "") -> float:
    """The same of a unit that only runs this."""
    text = BARE.format(command) + settings
    vm.run(f"cat > /run/systemd/system/lab.service <<'END'\n{text}END\nsystemctl daemon-reload")
    try:
        return seconds_inside(vm, "lab.service")
    finally:
        vm.run("systemctl stop lab.service; rm /run/systemd/system/lab.service")
        vm.run("systemctl daemon-reload")


def sandbox(unit: str) -> str:
    """The settings below the last empty line of the unit's service section."""
    text = (REPO / "units" / unit).read_text(encoding="utf-8")
    return text[text.index("CapabilityBoundingSet=") :].partition("\n\n")[0].rstrip("\n") + "\n"


def test_ten_rules(cluster: Cluster) -> None:
    director = cluster.director
    director.run(f"cp /etc/lvs/ipvs.rules /root/ && cat > /etc/lvs/ipvs.rules <<'END'\n{RULES}END")
    try:
        loading = seconds_inside(director, "lvs.service")
    finally:
        director.run("mv /root/ipvs.rules /etc/lvs/ && systemctl restart lvs")
    python = seconds_bare(director, "python3 -c pass")
    boxed = seconds_bare(director, "python3 -c pass", sandbox("lvs.service"))
    figure(
        f"lvs.service, 10 rules: {loading:.2f} s; a bare `python3 -c pass` {python:.2f} s, "
        f"sandboxed alike {boxed:.2f} s: {loading / python:.1f} times the bare one"
    )
    assert loading > 0


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.turn(day=2))])
def test_many_vips(cluster: Cluster, count: int) -> None:
    rs1 = cluster.machines["rs1"]
    vips = [f"172.16.15.{number}" for number in range(1, count + 1)]
    role = (REPO / "examples/dr/rs1.yaml").read_text(encoding="utf-8")
    more = role.replace("vips: [172.16.14.1]", f"vips: [{', '.join(vips)}]")
    assert more != role
    rs1.run("systemctl stop lvs")
    try:
        rs1.run(f"lvsboot render --root / - <<'END'\n{more}END", timeout=300)
        rs1.run("systemctl daemon-reload")
        lines = [f"address replace {vip} dev lo preferred_lft 0\\nroute replace {vip} dev lo\\n"
                 for vip in vips]  # fmt: skip
        batch = _timed(rs1, f"printf '{''.join(lines)}' | ip -batch -")
        rs1.run("ip address flush dev lo to 172.16.15.0/24")
        units = _timed(rs1, "systemctl start lvs")
        assert rs1.run("ip -4 -o address show dev lo").count(" 172.16.15.") == len(vips)
        assert _active(rs1) == len(vips)
        stop = _timed(rs1, "systemctl stop lvs")
        assert _active(rs1) == 0
    finally:
        rs1.run(f"lvsboot apply - <<'END'\n{role}END", timeout=300)
    guard = seconds_bare(rs1, "lvsboot arp-guard")
    figure(
        f"{len(vips)} VIPs: {units:.1f} s as units, {batch:.2f} s by one `ip -batch`; "
        f"{stop:.1f} s to stop; the guard alone takes {guard:.2f} s"
    )


def _active(vm: VM) -> int:
    said = vm.run("systemctl list-units --no-legend --state=active,reloading 'lvs-vip@172.16.15.*'")
    return len(said.splitlines())


def _timed(vm: VM, command: str) -> float:
    clock = "date +%s%N"
    said = vm.run(f"a=$({clock}); {command} || exit; b=$({clock}); echo $((b - a))", timeout=300)
    return int(said.split()[-1]) / 1e9
