"""Entries for which cloud-init drops a list, with their lines."""

from __future__ import annotations

import pytest

from lvsboot.errors import InputError
from lvsboot.render.user_data.document import parse_cloud_config
from lvsboot.render.user_data.merge import merge_cloud_config

OURS = {"packages": ["lvsboot"], "runcmd": ["systemctl start lvs-provision.service"]}


def merge(text: str) -> None:
    merge_cloud_config(parse_cloud_config(f"#cloud-config\n{text}".encode(), "own.yaml"), OURS)


@pytest.mark.parametrize("key", ["runcmd", "bootcmd", "packages"])
@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        ("echo hello: world", "a mapping", "quote it"),
        ("1", "1 is no text", "quote it"),
        ("yes", "true is no text", "quote it"),
        ("2026-01-01", "2026-01-01 is no text", "quote it"),
        ("", "is empty", "take it out"),
    ],
)
def test_an_entry_that_is_no_text(key: str, entry: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        merge(f"{key}:\n- a\n- {entry}\n- b\n")
    [problem] = caught.value.problems
    assert (problem.span.line, problem.where) == (4, f"{key}[1]")
    assert message in problem.message
    assert "none of these" in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("word", "message"),
    [("0755", "493"), ("yes", "true"), ("", "nothing"), ("[a]", "a list"), ("{a: b}", "a mapping")],
)
def test_a_word_that_is_no_text(word: str, message: str) -> None:
    """cloud-init would run the command, with what Python prints."""
    with pytest.raises(InputError) as caught:
        merge(f"runcmd:\n- - chmod\n  - {word}\n")
    [problem] = caught.value.problems
    assert (problem.span.line, problem.where) == (4, "runcmd[0][1]")
    assert f"cloud-init reads {message} here" in problem.message


@pytest.mark.parametrize("entry", ["[]", "[a, b, c]"])
def test_a_package_of_no_name_and_version(entry: str) -> None:
    with pytest.raises(InputError) as caught:
        merge(f"packages: [{entry}]\n")
    assert "no name and version" in caught.value.problems[0].message


def test_what_cloud_init_takes() -> None:
    merge("runcmd: [a, [b, '1'], []]\nbootcmd: [a, [b]]\npackages: [a, [b], [c, '1.0']]\n")
