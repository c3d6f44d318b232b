"""A plan as text and as JSON, and that it changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lvsboot.commands.plan import Plan
from lvsboot.errors import Exit
from lvsboot.ipvs.changes import AddService, DeleteService
from lvsboot.ipvs.table import FirewallMark, Service, ServiceOptions
from lvsboot.plan_text import plan_text
from tests.golden import REPOSITORY, read_tree
from tests.unit.test_cli import lvsboot

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
    """Whatever the role is: who applies one wants it, and nothing else."""
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


def test_color_is_only_added() -> None:
    plan = Plan((), (AddService(FirewallMark(1), ServiceOptions()),), ())
    plain = plan_text(plan, color=True).replace("\033[32m", "").replace("\033[0m", "")
    assert plain == plan_text(plan)
