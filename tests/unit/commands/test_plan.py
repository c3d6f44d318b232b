"""A plan as text and as JSON, and that it changes nothing."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address
from pathlib import Path

import pytest

from lvsboot.cli.text.plan import plan_text, plan_value
from lvsboot.commands.plan import FileChange, Plan, _table_changes
from lvsboot.commands.real_server import VipChange
from lvsboot.commands.weight_state import WeightState
from lvsboot.errors import Exit
from lvsboot.install.files import Found, Write
from lvsboot.install.tree import File
from lvsboot.ipvs.changes import AddService, DeleteService
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.table import FirewallMark, Service, ServiceOptions
from lvsboot.ipvs.weights import Override, Target
from lvsboot.role.model import Director
from lvsboot.role.reader import parse_role
from tests.golden import REPOSITORY, read_tree
from tests.unit.cli.test_cli import lvsboot

EXAMPLES = REPOSITORY / "examples"
NETWORKD = "etc/systemd/system/multi-user.target.wants/systemd-networkd.service"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    (tmp_path / NETWORKD).parent.mkdir(parents=True)
    (tmp_path / NETWORKD).symlink_to("/usr/lib/systemd/system/systemd-networkd.service")
    return tmp_path


def test_a_plan_says_what_render_then_does(image: Path) -> None:
    before = read_tree(image)
    done = lvsboot("plan", EXAMPLES / "dr/rs1.yaml", "--root", image, "--exit-code")
    assert read_tree(image) == before
    assert done.returncode == Exit.DIFFERS
    assert b"--- /dev/null\n+++ /etc/sysctl.d/90-lvs.conf\n@@ -0,0 +1,7 @@\n" in done.stdout
    lvsboot("render", EXAMPLES / "dr/rs1.yaml", "--root", image)
    written = len(read_tree(image)) - len(before) - 1  # the manifest
    assert done.stdout.endswith(f"\n{written} to add, 0 to change, 0 to remove\n".encode())


def test_a_second_plan_says_no_changes(image: Path) -> None:
    lvsboot("render", EXAMPLES / "dr/rs1.yaml", "--root", image)
    done = lvsboot("plan", EXAMPLES / "dr/rs1.yaml", "--root", image, "--exit-code")
    assert (done.returncode, done.stdout) == (Exit.DONE, b"no changes\n")


def shown_in_full(printed: bytes) -> set[str]:
    """The paths whose content is printed."""
    return set(re.findall(r"^\+\+\+ (/.*)$", printed.decode(), re.MULTILINE)) - {"/dev/null"}


@pytest.mark.parametrize(
    ("example", "decided"),
    [
        ("dr/director.yaml", {"/etc/lvs/ipvs.rules", "/etc/systemd/network/05-lvs-eth0.network"}),
        ("tun/rs1.yaml", {"/etc/lvs/lvs.nft", "/etc/systemd/network/05-lvs-eth0.network"}),
        ("external/director.yaml", {"/etc/lvs/ipvs.rules"}),
    ],
)
def test_what_a_person_decides_is_in_full_and_all_else_a_line(
    image: Path, example: str, decided: set[str]
) -> None:
    printed = lvsboot("plan", EXAMPLES / example, "--root", image).stdout
    full = shown_in_full(printed)
    assert full > {*decided, "/etc/lvs/role.yaml", "/etc/sysctl.d/90-lvs.conf"}
    assert not [path for path in full if path.startswith(("/etc/systemd/system", "/var"))]
    lines, before = printed.decode().splitlines(), read_tree(image)
    lvsboot("render", EXAMPLES / example, "--root", image)
    for path in read_tree(image).keys() - before.keys() - {"/var/lib/lvs/manifest.json"}:
        assert len([line for line in lines if _names(line, path)]) == 1, path
    # The role's own words among them.
    assert printed.count(b"+version: 1\n") == 1


def _names(line: str, path: str) -> bool:
    wanting, _, unit = path.rpartition(".wants/")
    if wanting and "{" in line:
        return wanting.rpartition("/")[2] in line and line.endswith(f".wants/{unit}")
    return line in {f"+ {path}", f"+++ {path}"} or line.startswith(f"+ {path} -> ")


def test_the_links_of_three_network_managers_are_one_line(image: Path) -> None:
    vips = b"[{address: 192.0.2.1, interface: eth0}]"
    role = b"version: 1\ndirector: {method: dr, vips: " + vips + b", services: []}\n"
    lines = lvsboot("plan", "-", "--root", image, stdin=role).stdout.splitlines()
    [line] = [line for line in lines if line.endswith(b".wants/lvs-vip@192.0.2.1.service")]
    managers = b"{NetworkManager.service,lvs.service,networking.service}"
    assert line == b"+ /etc/systemd/system/" + managers + b".wants/lvs-vip@192.0.2.1.service"


def test_what_a_person_has_edited_is_in_full_whatever_it_is(image: Path) -> None:
    lvsboot("render", EXAMPLES / "dr/rs1.yaml", "--root", image)
    unit = image / "etc/systemd/system/lvs.service"
    unit.write_text("[Service]\nExecStart=mine\n", encoding="utf-8")
    printed = lvsboot("plan", EXAMPLES / "dr/rs1.yaml", "--root", image).stdout
    assert b"\n-ExecStart=mine\n" in printed
    assert shown_in_full(printed) == {"/etc/systemd/system/lvs.service"}


HOSTILE = "a\x1b[2Jbc\x9bd\u202ee\x0bf\x85g"


def test_a_diff_cannot_act_on_the_terminal(image: Path) -> None:
    lvsboot("render", EXAMPLES / "dr/rs1.yaml", "--root", image)
    (image / "etc/lvs/role.yaml").write_text(f"# {HOSTILE}\n\tx\n", encoding="utf-8")
    printed = lvsboot("plan", EXAMPLES / "dr/rs1.yaml", "--root", image).stdout.decode()
    assert "\n-# a\\x1b[2Jbc\\x9bd\\u202ee\\x0bf\\x85g\n-\tx\n" in printed
    assert printed.replace("\n", "").replace("\t", "").isprintable()
    colored = plan_text(Plan((_change("/a\x1b[2J", HOSTILE),), (), ()), color=True)
    assert set(re.findall(r"\x1b\[[0-9;]*.", colored)) <= {
        "\x1b[32m",
        "\x1b[36m",
        "\x1b[0m",
        "\x1b[31m",
    }


def _change(path: str, text: str, before: str | None = None) -> FileChange:
    found = Found.NOTHING if before is None else Found.EDITED
    entry = File(path, text)
    return FileChange(Write(entry, found), None if before is None else File(path, before), entry)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (None, "", ["+ /etc/x"]),
        (
            "a\n",
            "a",
            ["--- /etc/x", "+++ /etc/x", "@@ -1 +1,2 @@", " a", "+\\ no newline at the end"],
        ),
        (
            "a\x0bb\n",
            "a\nb\n",
            ["--- /etc/x", "+++ /etc/x", "@@ -1 +1,2 @@", "-a\\x0bb", "+a", "+b"],
        ),
    ],
)
def test_no_difference_is_without_a_line(before: str | None, after: str, lines: list[str]) -> None:
    text = plan_text(Plan((_change("/etc/x", after, before),), (), ()))
    assert text.splitlines()[:-1] == lines


def test_changes_and_removals_are_told_apart(image: Path) -> None:
    lvsboot("render", EXAMPLES / "dr/director.yaml", "--root", image)
    (image / "etc/sysctl.d/90-lvs.conf").chmod(0o600)
    done = lvsboot("plan", EXAMPLES / "nat/rs1.yaml", "--root", image)
    assert b"--- /etc/lvs/ipvs.rules\n+++ /dev/null\n" in done.stdout
    assert b"\n-director\n+rs1\n" in done.stdout
    done = lvsboot("plan", EXAMPLES / "dr/director.yaml", "--root", image)
    assert done.stdout.splitlines() == [
        b"~ /etc/sysctl.d/90-lvs.conf: mode 0600 becomes 0644",
        b"0 to add, 1 to change, 0 to remove",
    ]


def test_saved_rules_are_set_aside_and_do_not_come_back(image: Path) -> None:
    """With any role: applying it replaces what was saved."""
    lvsboot("render", EXAMPLES / "dr/director.yaml", "--root", image)
    saved = image / "var/lib/lvs/saved.rules"
    saved.write_text("-A -f 1 -s rr\n", encoding="utf-8")
    done = lvsboot("plan", EXAMPLES / "dr/director.yaml", "--root", image)
    assert done.stdout.splitlines() == [
        b"--- /var/lib/lvs/saved.rules",
        b"+++ /dev/null",
        b"@@ -1 +0,0 @@",
        b"--A -f 1 -s rr",
        b"0 to add, 0 to change, 1 to remove",
    ]
    for example in ("dr/director.yaml", "dr/rs1.yaml", "dr/director.yaml"):
        lvsboot("render", EXAMPLES / example, "--root", image)
        assert not saved.exists()
    kept = saved.with_name("saved.rules.lvs-save")
    assert kept.read_text(encoding="utf-8") == "-A -f 1 -s rr\n"


def test_a_plan_as_json(image: Path) -> None:
    done = lvsboot("plan", EXAMPLES / "dr/rs1.yaml", "--root", image, "--json")
    plan = json.loads(done.stdout)
    assert {file["action"] for file in plan["files"]} == {"+"}
    assert "/etc/sysctl.d/90-lvs.conf" in {file["path"] for file in plan["files"]}
    assert (plan["table"], plan["unseen"]) == ([], [])


def test_the_tables_changes_are_counted_with_the_files() -> None:
    options = ServiceOptions()
    changes = (
        AddService(FirewallMark(1), options),
        DeleteService(FirewallMark(2), Service(options, {})),
    )
    assert plan_text(Plan((), changes, ())).endswith("1 to add, 0 to change, 1 to remove\n")


def test_a_plan_names_what_is_drained_and_leaves_it() -> None:
    rules = "-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n"
    role = (
        b"version: 1\ndirector:\n  method: dr\n  vips: [{address: 192.0.2.1, interface: lo}]\n"
        b"  services: [{vip: 192.0.2.1, port: 80, real_servers: [{address: 10.0.0.1}]}]\n"
    )
    director = parse_role(role, "role.yaml").role.kind
    assert isinstance(director, Director)
    drained = Override(0, 0, "ann")
    state = WeightState({Target(bytes((10, 0, 0, 1))): drained})
    for live, changes in (("-w 1", 1), ("-w 0", 0)):
        table = parse_rules(rules.replace("-w 1", live), file="", port_of=lambda *_: None)
        assert len(_table_changes(director, table, state)) == changes
    shown = plan_text(Plan((), (), (), weights=state))
    assert shown.startswith("drained: 10.0.0.1 in every service, by ann since ")
    assert shown.endswith("\nno changes\n")


def test_live_vips_are_counted_with_the_files() -> None:
    vips = (
        VipChange(ip_address("192.0.2.1"), "lo", comes=True),
        VipChange(ip_address("2001:db8::1"), "eth0", comes=False),
    )
    plan = Plan((), (), (), vips=vips)
    assert not plan.is_empty
    assert plan_text(plan).splitlines() == [
        "+ address 192.0.2.1 on lo",
        "- address 2001:db8::1 on eth0",
        "1 to add, 0 to change, 1 to remove",
    ]
    assert plan_value(plan)["addresses"] == [
        {"action": "+", "address": "192.0.2.1", "interface": "lo"},
        {"action": "-", "address": "2001:db8::1", "interface": "eth0"},
    ]


def test_color_is_only_added() -> None:
    plan = Plan((), (AddService(FirewallMark(1), ServiceOptions()),), ())
    plain = plan_text(plan, color=True).replace("\033[32m", "").replace("\033[0m", "")
    assert plain == plan_text(plan)
