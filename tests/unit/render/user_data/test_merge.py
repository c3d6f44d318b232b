"""A person's cloud-config and ours as one; cloud-init's own merger is the oracle."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lvsboot.errors import InputError
from lvsboot.render.user_data.document import CloudConfig, parse_cloud_config
from lvsboot.render.user_data.merge import merge_cloud_config
from lvsboot.render.user_data.text import Command
from lvsboot.role.composer import MAX_FINDINGS

OURS: dict[str, Any] = {
    "hostname": "dir1",
    "write_files": [{"path": "/etc/lvs/role.yaml", "content": "a"}],
    "package_update": True,
    "packages": ["lvsboot"],
    "runcmd": [["systemctl", "--no-block", "start", "lvs-provision.service"]],
}
# As a part of a multi-part message: reads [theirs, ours] pairs, prints what cloud-init makes.
ORACLE = """\
import json, sys
from cloudinit.handlers import CONTENT_START, cloud_config

class Paths:
    def get_ipath(self, name): return None

for theirs, ours in json.load(sys.stdin):
    handler = cloud_config.CloudConfigPartHandler(Paths())
    handler.handle_part(None, CONTENT_START, None, None, None, None)
    handler._reset()
    for text, headers in (
        (theirs, {}),
        (ours, {"Merge-Type": "list(prepend)+dict(no_replace,recurse_list)+str()"}),
    ):
        handler.handle_part(None, "text/cloud-config", "part", text, None, headers)
    print(json.dumps(handler.cloud_buf))
"""


def config(text: str) -> CloudConfig:
    return parse_cloud_config(f"#cloud-config\n{text}".encode(), "own.yaml")


def merged(text: str) -> dict[Any, Any]:
    return merge_cloud_config(config(text), OURS)


def test_lists_are_joined_mappings_too_and_the_rest_is_kept() -> None:
    text = """\
users: [default]
package_update: true
packages: [htop]
runcmd: [[touch, /a]]
write_files: [{path: /a, content: b}]
merge_how: list(append)
"""
    assert merged(text) == {
        "users": ["default"],
        "package_update": True,
        "packages": ["lvsboot", "htop"],
        "runcmd": [*OURS["runcmd"], ["touch", "/a"]],
        "write_files": [*OURS["write_files"], {"path": "/a", "content": "b"}],
        "hostname": "dir1",
    }


@pytest.mark.parametrize(
    ("text", "line", "where", "message"),
    [
        ("a: 1\nhostname: web\n", 3, "hostname", "has dir1 here"),
        ("package_update: false\n", 2, "package_update", "has true here"),
        ("packages: htop\n", 2, "packages", "has a list here"),
        ("packages:\n", 2, "packages", "has a list here"),
        ("runcmd: {a: b}\n", 2, "runcmd", "has a list here"),
        (
            "write_files:\n- path: /etc/hosts\n- path: /etc//lvs/role.yaml\n",
            4,
            "write_files[1].path",
            "writes this file",
        ),
        (
            "write_files: [{path: //etc/lvs/role.yaml}]\n",
            2,
            "write_files[0].path",
            "writes this file",
        ),
        (
            "write_files: [{path: etc/lvs/role.yaml, defer: true}]\n",
            2,
            "write_files[0].path",
            "writes this file",
        ),
        (
            "write_files: [{path: /proc/self/root/etc/lvs/role.yaml}]\n",
            2,
            "write_files[0].path",
            "writes this file",
        ),
        (
            "write_files: [{path: /proc/1/root/proc/thread-self/root//etc/lvs/role.yaml}]\n",
            2,
            "write_files[0].path",
            "writes this file",
        ),
        ("write_files: [{path: /a}, 3]\n", 2, "write_files[1]", "no mapping"),
        ("write_files: [null]\n", 2, "write_files[0]", "no mapping"),
        ("write_files: [{path: 1}]\n", 2, "write_files[0].path", "no path"),
    ],
)
def test_a_conflict_is_named_with_its_line(text: str, line: int, where: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        merged(text)
    [problem] = caught.value.problems
    assert (problem.span.line, problem.where) == (line, where)
    assert message in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("cloud_init_modules: []\n", "cloud_init_modules", ["set_hostname", "write_files"]),
        ("cloud_init_modules:\n", "cloud_init_modules", ["set_hostname", "write_files"]),
        ("cloud_init_modules: [set-hostname]\n", "cloud_init_modules", ["write_files"]),
        ("cloud_config_modules: [ntp]\n", "cloud_config_modules", ["runcmd"]),
        (
            "cloud_final_modules: [write_files, runcmd, final_message]\n",
            "cloud_final_modules",
            ["package_update_upgrade_install", "scripts_user"],
        ),
        ("preserve_hostname: true\n", "preserve_hostname", ["dir1"]),
        ("preserve_hostname: 'Yes'\n", "preserve_hostname", ["dir1"]),
        ("prefer_fqdn_over_hostname: true\n", "prefer_fqdn_over_hostname", ["dir1"]),
    ],
)
def test_what_switches_a_module_of_ours_off(text: str, where: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        merged(text)
    problems = caught.value.problems
    assert [(problem.where, problem.span.line) for problem in problems] == [(where, 2)] * len(words)
    assert all(word in p.message and p.hint for word, p in zip(words, problems, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "cloud_init_modules: [cc_set_hostname, {name: write-files}]\n",
        "cloud_config_modules: [[runcmd, always]]\n",
        "cloud_final_modules: [package-update-upgrade-install, ' scripts-user ']\n",
        "preserve_hostname: false\n",
    ],
)
def test_what_leaves_ours_on(text: str) -> None:
    assert merged(text).keys() > OURS.keys()


def test_modules_that_ours_does_not_need_may_be_off() -> None:
    text = "cloud_config_modules: []\ncloud_final_modules: []\npreserve_hostname: true\n"
    ours = {"write_files": OURS["write_files"]}
    assert merge_cloud_config(config(text), ours).keys() > ours.keys()


def test_all_conflicts_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        merged("packages: no\nhostname: web\nwrite_files: [{path: /etc/lvs/role.yaml}]\n")
    assert [problem.span.line for problem in caught.value.problems] == [2, 3, 4]


def test_a_package_of_ours_in_run_is_in_var_run_too() -> None:
    ours = {"write_files": [{"path": "/run/lvsboot.deb", "content": "a"}]}
    for path in ("/var/run/lvsboot.deb", "/proc/self/root/var/run//lvsboot.deb"):
        with pytest.raises(InputError, match="1 problem"):
            merge_cloud_config(config(f"write_files: [{{path: {path}}}]\n"), ours)
    for path in ("/var/runs/lvsboot.deb", "/proc/self/roots/run/lvsboot.deb"):
        merge_cloud_config(config(f"write_files: [{{path: {path}}}]\n"), ours)


def test_many_conflicts_in_one_line_share_its_text() -> None:
    with pytest.raises(InputError) as caught:
        merged(f"write_files: [{', '.join(['1'] * 2000)}]\n")
    problems = caught.value.problems
    assert len(problems) == MAX_FINDINGS + 1
    assert len({id(problem.source) for problem in problems if problem.span.line == 2}) == 1


def test_an_entry_without_a_path_is_left_to_cloud_init() -> None:
    """It skips the entry, with a warning."""
    assert merged("write_files: [{content: a}]\n")["write_files"][-1:] == [{"content": "a"}]


@pytest.mark.parametrize("first", ["exit 0", "set -e; false", "exec true", "(", "['exec', 'true']"])
def test_no_command_of_theirs_stops_ours(first: str, tmp_path: Path) -> None:
    """cloud-init makes one script of runcmd: lists in quotes, texts as they are (util.shellify)."""
    ours = {"runcmd": [Command(["touch", str(tmp_path / "installed")])]}
    made = merge_cloud_config(config(f"runcmd:\n- {first}\n"), ours)
    lines = [shlex.join(entry) if isinstance(entry, list) else entry for entry in made["runcmd"]]
    (tmp_path / "runcmd").write_text("\n".join(["#!/bin/sh", *lines]), encoding="utf-8")
    subprocess.run(["sh", tmp_path / "runcmd"], check=False, capture_output=True)
    assert (tmp_path / "installed").exists()


SCALARS = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "lvsboot", ""])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
CONFIGS = st.dictionaries(st.sampled_from("abcde"), VALUES, min_size=1, max_size=5)


@pytest.mark.native("cloud-init")
# Shrinking a failure would start cloud-init a thousand times.
@settings(max_examples=5, phases=[Phase.generate])
@given(st.lists(st.tuples(CONFIGS, CONFIGS), min_size=20, max_size=40))
def test_the_result_is_what_cloud_init_makes(pairs: list[tuple[dict[str, Any], Any]]) -> None:
    pairs.append(({"users": ["default"], "runcmd": ["a"], "apt": {"conf": "b"}}, OURS))
    texts = [[_cloud_config(theirs), _cloud_config(ours)] for theirs, ours in pairs]
    done = subprocess.run(
        ["python3", "-c", ORACLE], input=json.dumps(texts), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    compared = 0
    for (theirs, ours), line in zip(pairs, done.stdout.splitlines(), strict=True):
        try:
            result = merge_cloud_config(config(yaml.safe_dump(theirs)), ours)
        except InputError:
            # The conflict is that cloud-init would lose something of one of them.
            made = json.loads(line)
            assert not (_holds(made, ours, at_end=False) and _holds(made, theirs, at_end=True))
            continue
        compared += 1
        assert result == json.loads(line)
    assert compared


def _cloud_config(value: dict[str, Any]) -> str:
    return f"#cloud-config\n{yaml.safe_dump(value)}"


def _holds(made: Any, part: Any, *, at_end: bool) -> bool:
    """Whether all of a part is there: of a mapping its keys, of a list its entries."""
    match made, part:
        case dict(), dict():
            return all(key in made and _holds(made[key], part[key], at_end=at_end) for key in part)
        case list(), list():
            return bool(
                made[len(made) - len(part) :] == part if at_end else made[: len(part)] == part
            )
    return type(made) is type(part) and bool(made == part)
