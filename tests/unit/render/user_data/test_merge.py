"""A person's cloud-config and ours as one; cloud-init's own merger is the oracle."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lvsboot.errors import InputError
from lvsboot.render.user_data.document import CloudConfig, parse_cloud_config
from lvsboot.render.user_data.merge import merge_cloud_config

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
        (ours, {"Merge-Type": "list(append)+dict(no_replace,recurse_list)+str()"}),
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
        "packages": ["htop", "lvsboot"],
        "runcmd": [["touch", "/a"], *OURS["runcmd"]],
        "write_files": [{"path": "/a", "content": "b"}, *OURS["write_files"]],
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


def test_all_conflicts_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        merged("packages: no\nhostname: web\nwrite_files: [{path: /etc/lvs/role.yaml}]\n")
    assert [problem.span.line for problem in caught.value.problems] == [2, 3, 4]


def test_an_entry_without_a_path_is_left_to_cloud_init() -> None:
    """It skips the entry, with a warning."""
    assert merged("write_files: [{content: a}]\n")["write_files"][:1] == [{"content": "a"}]


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
            assert not (_holds(made, ours, at_end=True) and _holds(made, theirs, at_end=False))
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
