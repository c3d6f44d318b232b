"""The command line on a real table: what it sends, shows and does not change."""

from __future__ import annotations

import json
import re
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

from bench.programs import rules as many_rules
from lvsboot import paths
from lvsboot.cli.text.live_table import Columns
from lvsboot.cli.text.status import status_text
from lvsboot.commands.status import Status, read_status
from tests.kernel.hosts import Host, empty_folders, run

RULES = (
    "-A -t 10.0.0.1:80 -s wlc\n"
    "-a -t 10.0.0.1:80 -r 172.16.0.1:80 -g -w 1\n"
    "-a -t 10.0.0.1:80 -r 172.16.0.2:80 -g -w 2\n"
)
ONE_SERVICE = """\
version: 1
director:
  method: dr
  vips: [{address: 10.0.0.1, interface: lo}]
  services: [{vip: 10.0.0.1, port: 80, real_servers: [{address: 172.16.0.1}]}]
"""
FOREIGN = "-A -t 10.0.0.9:80 -s rr\n"
# Of the IPVS family, those that change nothing.
READS = {4, 8, 11, 13, 15}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    place = tmp_path / "ipvs.rules"
    place.write_text(RULES, encoding="utf-8")
    return place


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    empty_folders(paths.RUNTIME)


def sent_commands(host: Host, *arguments: str) -> list[int]:
    """The commands that went to the IPVS family, from the bytes that strace saw in send()."""
    with host.entered():
        run("strace", "-f", "-o", "/run/trace", "-e", "trace=sendto", "-e", "write=all",
            "python3", "-m", "lvsboot", *arguments)  # fmt: skip
    data = bytearray()
    for line in Path("/run/trace").read_text(encoding="ascii", errors="replace").splitlines():
        if match := re.match(r"^(?:\d+ +)? \| [0-9a-f]{5}  ((?:[0-9a-f]{2} {1,2}){1,16})", line):
            data += bytes.fromhex(match[1])
    commands = []
    while data:
        length, kind = struct.unpack_from("=IH", data)
        if kind > 16:
            commands.append(data[16])
        del data[: length + -length % 4]
    return commands


def test_a_second_start_sends_no_change(host: Host, rules: Path) -> None:
    first = sent_commands(host, "start", "--rules", str(rules))
    assert sorted(set(first) - READS) == [1, 5]
    assert first.count(5) == 2
    second = sent_commands(host, "start", "--rules", str(rules))
    assert second
    assert set(second) <= READS


def test_one_weight_is_one_change(host: Host, rules: Path) -> None:
    host.lvsboot("start", "--rules", str(rules))
    rules.write_text(RULES.replace("-w 2", "-w 9"), encoding="utf-8")
    sent = sent_commands(host, "reload", "--rules", str(rules))
    assert [command for command in sent if command not in READS] == [6]


@pytest.mark.parametrize("size", [4_400])
def test_a_large_table_is_left_alone(host: Host, rules: Path, size: int) -> None:
    text = many_rules(size)
    rules.write_text(text, encoding="utf-8")
    host.lvsboot("start", "--rules", str(rules))
    assert set(sent_commands(host, "start", "--rules", str(rules))) <= READS
    rules.write_text(many_rules(size, last_weight=77), encoding="utf-8")
    sent = sent_commands(host, "start", "--rules", str(rules))
    assert [command for command in sent if command not in READS] == [6]
    assert host.ipvsadm("-Sn").stdout.splitlines()[-1].endswith("-w 77")


def test_what_a_hand_has_changed_is_undone(host: Host, rules: Path) -> None:
    """Though these rules are known, and others are as they should be."""
    both = RULES + RULES.replace("10.0.0.1", "10.0.0.2")
    rules.write_text(both, encoding="utf-8")
    host.lvsboot("start", "--rules", str(rules))
    thresholds = host.ipvsadm("-Ln", "--thresholds").stdout
    for change in (
        "-e -t 10.0.0.1:80 -r 172.16.0.1:80 -g -w 7",
        "-e -t 10.0.0.2:80 -r 172.16.0.1:80 -g -w 1 -x 9",
        "-d -t 10.0.0.2:80 -r 172.16.0.2:80",
        "-E -t 10.0.0.2:80 -s rr",
        "-D -t 10.0.0.1:80",
    ):
        host.ipvsadm(*change.split())
        assert "no changes" not in host.lvsboot("start", "--rules", str(rules)).stderr
        assert host.ipvsadm("-Sn").stdout == both
        assert host.ipvsadm("-Ln", "--thresholds").stdout == thresholds


def test_what_is_foreign_stays(host: Host, rules: Path) -> None:
    host.restore(FOREIGN)
    assert host.lvsboot("start", "--rules", str(rules)).returncode == 0
    assert host.ipvsadm("-Sn").stdout == RULES + FOREIGN
    assert host.lvsboot("stop").returncode == 0
    assert host.ipvsadm("-Sn").stdout == FOREIGN
    assert host.lvsboot("start", "--rules", str(rules), "--foreign", "remove").returncode == 0
    assert host.ipvsadm("-Sn").stdout == RULES


def test_a_first_start_beside_a_foreign_service_loads_what_the_kernel_takes(
    host: Host, rules: Path
) -> None:
    bad = "-A -t 10.0.0.2:80 -s nosuch\n-a -t 10.0.0.2:80 -r 172.16.0.1:80 -g -w 1\n"
    rules.write_text(bad + RULES, encoding="utf-8")
    host.restore(FOREIGN)
    done = host.lvsboot("start", "--rules", str(rules))
    assert done.returncode == 1
    assert f"{rules}:1: add -t 10.0.0.2:80 -s nosuch: " in done.stderr
    assert host.ipvsadm("-Sn").stdout == RULES + FOREIGN
    # Now one of ours is live, and clients may be using it.
    rules.write_text(bad + RULES.replace("-w 2", "-w 9"), encoding="utf-8")
    done = host.lvsboot("start", "--rules", str(rules))
    assert (done.returncode, "Nothing has changed" in done.stderr) == (1, True)
    assert host.ipvsadm("-Sn").stdout == RULES + FOREIGN


def test_saved_rules_are_canonical(host: Host, rules: Path) -> None:
    host.restore("".join(reversed(FOREIGN.splitlines(keepends=True))) + RULES)
    done = host.lvsboot("save", "--output", "-")
    assert done.stdout == "--set 900 120 300\n" + RULES + FOREIGN
    assert host.lvsboot("save", "--output", "-").stdout == done.stdout


def test_what_is_saved_is_ours_and_what_a_hand_has_made_of_it(host: Host) -> None:
    Path("/etc/lvs").mkdir(exist_ok=True)
    Path(paths.RULES).write_text(RULES, encoding="utf-8")
    host.restore(FOREIGN)
    try:
        assert host.lvsboot("start").returncode == 0
        host.ipvsadm("-e", "-t", "10.0.0.1:80", "-r", "172.16.0.2:80", "-g", "-w", "0")
        done = host.lvsboot("save")
        assert (done.returncode, done.stdout) == (0, "")
        assert "not saved, since another program's: -t 10.0.0.9:80" in done.stderr
        drained = RULES.replace("-w 2", "-w 0")
        saved = Path(paths.SAVED_RULES).read_text(encoding="utf-8")
        assert saved == "--set 900 120 300\n" + drained
        host.lvsboot("stop")
        assert f"loading {paths.SAVED_RULES}: it was saved" in host.lvsboot("start").stderr
        assert host.ipvsadm("-Sn").stdout == drained + FOREIGN
        host.lvsboot("stop")
        assert host.ipvsadm("-Sn").stdout == FOREIGN
    finally:
        for place in (paths.RULES, paths.SAVED_RULES, paths.SAVED_RULES_ORIGIN):
            Path(place).unlink(missing_ok=True)


def test_a_daemon_that_stops_makes_room_for_tunnels_to_the_other_family(
    host: Host, rules: Path
) -> None:
    """The kernel refuses them while a daemon runs."""
    started = "--start-daemon master --mcast-interface eth0\n"
    rules.write_text(RULES + started, encoding="utf-8")
    assert host.lvsboot("start", "--rules", str(rules)).stderr.count("refused") == 0
    assert "master" in host.ipvsadm("-L", "--daemon").stdout
    tunnel = "-a -t 10.0.0.1:80 -r [2001:db8::1]:80 -i -w 1\n"
    rules.write_text(f"--stop-daemon master\n{RULES}{tunnel}", encoding="utf-8")
    done = host.lvsboot("reload", "--rules", str(rules))
    assert (done.returncode, "warning" in done.stderr) == (0, False)
    assert "2001:db8::1" in host.ipvsadm("-Sn").stdout
    assert "master" not in host.ipvsadm("-L", "--daemon").stdout


def test_more_than_half_goes_only_where_that_is_meant(host: Host, rules: Path) -> None:
    """By a reload and by an apply; a start loads what there is."""
    services = [f"-A -t 10.0.0.{number}:80 -s wlc\n" for number in range(1, 5)]
    host.restore(FOREIGN)
    rules.write_text("".join(services), encoding="utf-8")
    host.lvsboot("start", "--rules", str(rules))
    live = "".join(services) + FOREIGN
    role = rules.with_name("role.yaml")
    role.write_text(ONE_SERVICE, encoding="utf-8")
    for words in (["apply", str(role)], ["reload", "--rules", str(rules)]):
        rules.write_text(services[0], encoding="utf-8")
        done = host.lvsboot(*words)
        assert (done.returncode, done.stdout) == (75, ""), done
        assert "removes 3 of 4 services (-t 10.0.0.2:80, -t 10.0.0.3:80, -t 10" in done.stderr
        assert host.ipvsadm("-Sn").stdout == live
        assert not Path(paths.RULES).exists()
    plan = json.loads(host.lvsboot("plan", "--json", str(role)).stdout)
    assert plan["refusal"].startswith("removes 3 of 4 services (")
    assert host.lvsboot("start", "--rules", str(rules)).returncode == 0
    assert host.ipvsadm("-Sn").stdout == services[0] + FOREIGN
    rules.write_text("", encoding="utf-8")
    assert host.lvsboot("reload", "--rules", str(rules)).returncode == 75
    done = host.lvsboot("reload", "--rules", str(rules), "--allow-removal")
    assert (done.returncode, host.ipvsadm("-Sn").stdout) == (0, FOREIGN)


HOLDER = """\
import lvsboot.system.lock
with lvsboot.system.lock.Lock("/run/lvs/lock", "reload"):
    print(flush=True)
    input()
"""


def test_one_run_waits_for_another(host: Host, rules: Path) -> None:
    """And goes on once that one is killed."""
    pipe = subprocess.PIPE
    start = ["python3", "-m", "lvsboot", "start", "--rules", str(rules)]
    with (
        host.entered(),
        subprocess.Popen(["python3", "-c", HOLDER], stdin=pipe, stdout=pipe) as holder,
    ):
        assert holder.stdout is not None
        holder.stdout.readline()
        with subprocess.Popen(start, stderr=pipe, text=True) as waiting:
            assert waiting.stderr is not None
            assert waiting.stderr.readline() == (
                f"lvsboot: waiting for lvsboot reload (process {holder.pid}), "
                "which holds /run/lvs/lock\n"
            )
            assert host.ipvsadm("-Sn").stdout == ""
            holder.kill()
            assert "3 added" in waiting.stderr.read()
    assert host.ipvsadm("-Sn").stdout == RULES


def test_a_clock_that_jumps_only_changes_what_the_clock_says(host: Host, rules: Path) -> None:
    before = time.time()
    try:
        host.lvsboot("start", "--rules", str(rules))
        time.clock_settime(time.CLOCK_REALTIME, before - 40 * 365 * 86400)
        for verb in ("start", "reload"):
            assert "no changes" in host.lvsboot(verb, "--rules", str(rules)).stderr
        since = json.loads(host.lvsboot("status", "--json").stdout)["since"]
        assert abs(since - time.time()) < 600
    finally:
        time.clock_settime(time.CLOCK_REALTIME, before + 60)


def test_drift_is_shown(host: Host, rules: Path) -> None:
    host.lvsboot("start", "--rules", str(rules))
    host.ipvsadm("-e", "-t", "10.0.0.1:80", "-r", "172.16.0.2:80", "-g", "-w", "0")
    shown = host.lvsboot("status").stdout
    assert "~ change -t 10.0.0.1:80 -r 172.16.0.2:80 -g -w 2 (was -g -w 0)" in shown
    assert json.loads(host.lvsboot("status", "--json").stdout)["drift"] != []


def counted(host: Host, packets: int) -> Status:
    """The status once so many packets are counted: the kernel adds up every two seconds."""
    for _ in range(100):
        with host.entered():
            status = read_status(connections=True)
        if status.services[0].total.packets_in == packets:
            return status
        time.sleep(0.2)
    raise AssertionError(status)


def test_counters_are_those_of_ipvsadm(host: Host) -> None:
    """One request through the host's own VIP, to itself."""
    host.restore("-A -t 10.9.0.1:80 -s rr\n-a -t 10.9.0.1:80 -r 127.0.0.1:8080 -m\n")
    run("ip", "-n", host.name, "address", "add", "10.9.0.1/32", "dev", "lo")
    with host.entered():
        server = socket.create_server(("127.0.0.1", 8080))
        client = socket.socket()
        client.settimeout(10)
        thread = threading.Thread(target=client.connect, args=(("10.9.0.1", 80),))
        thread.start()
        accepted, _ = server.accept()
        thread.join()
    try:
        status = counted(host, 2)  # SYN and ACK
        assert status.services[0].destinations[0].active == 1
        listed = status_text(status, Columns.STATS)
        line = r"TCP +\d+ s +ESTABLISHED +10.9.0.1:\d+ +10.9.0.1:80 +127.0.0.1:8080"
        assert re.search(line, listed)
        stats = host.lvsboot("status", "--stats").stdout
        exact = host.ipvsadm("-Ln", "--stats", "--exact").stdout.splitlines()[-1].split()[2:]
        assert stats.splitlines()[2].split()[-5:] == exact
        assert host.lvsboot("zero").returncode == 0
        assert counted(host, 0).services[0].total == (0, 0, 0, 0, 0)
    finally:
        for end in (accepted, client, server):
            end.close()
