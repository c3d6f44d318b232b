"""What is no cloud-config, with its line; and what cloud-init would read of one."""

from __future__ import annotations

import pytest
import yaml

from lvsboot.errors import InputError
from lvsboot.problem import Problem
from lvsboot.render.user_data.document import MAX_BYTES, parse_cloud_config
from lvsboot.render.user_data.text import yaml_text
from lvsboot.role.composer import MAX_FINDINGS


def problems_of(raw: bytes) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        parse_cloud_config(raw, "own.yaml")
    assert all(problem.hint or problem.source for problem in caught.value.problems)
    return caught.value.problems


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (b"", 1, "begins with #cloud-config"),
        (b"users: []\n", 1, "begins with #cloud-config"),
        (b"# cloud-config\nusers: []\n", 1, "begins with #cloud-config"),
        (b"#cloud-configuration\n", 1, "begins with #cloud-config"),
        (b"#!/bin/sh\n", 1, "a script"),
        (b"#include\nhttps://example.net\n", 1, "a list of URLs"),
        (b"#cloud-boothook\n", 1, "a boothook"),
        (b"#cloud-config-archive\n[]\n", 1, "archive"),
        (b"#cloud-config-jsonp\n[]\n", 1, "a JSON patch"),
        (b"## template: jinja\n#cloud-config\n", 1, "a Jinja template"),
        (b"Content-Type: multipart/mixed\nMIME-Version: 1.0\n", 1, "multi-part"),
        (b"#cloud-config\n", 1, "is empty"),
        (b"#cloud-config\n- a\n", 1, "no mapping"),
        (b"#cloud-config\na: [\n\n", 2, "not YAML"),
        (b"#cloud-config\na: 1\n\tb: 2\n", 3, "not YAML"),
        (b"#cloud-config\na: 1\n---\nb: 2\n", 3, "not YAML"),
        (b"#cloud-config\na: !!python/object:os.system 1\n", 2, "not YAML"),
        (b"#cloud-config\nhostname:web\nb: 1\n", 2, "a blank is missing after 'hostname:'"),
        (b"#cloud-config\na: 2026-13-01\n", 1, "cannot read this"),
        (b'#cloud-config\na: !!int ""\n', 1, "cannot read this"),
        (b'#cloud-config\na: !!float ""\n', 1, "cannot read this"),
        (b"#cloud-config\na: !!bool foo\n", 1, "cannot read this"),
        (b"#cloud-config\na: !!timestamp foo\n", 1, "cannot read this"),
        (b"#cloud-config\na: 0x" + b"f" * 5000, 2, "more than 100 characters"),
        (b"#cloud-config\na: 0b" + b"1" * 20000, 2, "more than 100 characters"),
        (b"#cloud-config\nx: " + b"1:" * 200 + b"0.5", 2, "more than 100 characters"),
        (b"#cloud-config\nx: 1" + b":1" * 60000, 2, "more than 100 characters"),
        (b"#cloud-config\n? 1" + b":1" * 200 + b"\n: a", 2, "more than 100 characters"),
        (b"#cloud-config\na: " + b"[" * 65 + b"]" * 65, 2, "nested more than"),
        (b"#cloud-config\nruncmd: [a]\nb: 1\nruncmd: [c]\n", 4, "ignores the first"),
        (b"#cloud-config\na: {b: 1, b: 2}\n", 2, "ignores the first"),
        (b"#cloud-config\na:\n- b: 1\n  c: 2\n  b: 3\n", 5, "ignores the first"),
        (b"#cloud-config\na: {yes: 1,\n true: 2}\n", 3, "ignores the first"),
        (b"#cloud-config\na: &x {b: 1}\nc: {<<: *x, d: 1,\n d: 2}\n", 4, "ignores the first"),
        (b"#cloud-config\n\xff\n", 2, "not UTF-8"),
        (b"\x1f\x8b\x08\0", 1, "not UTF-8"),
        (b"#" * (MAX_BYTES + 1), 1, "has more than"),
    ],
)
def test_what_is_no_cloud_config(raw: bytes, line: int, message: str) -> None:
    [problem] = problems_of(raw)
    assert (problem.file, problem.span.line) == ("own.yaml", line)
    assert message in problem.message


@pytest.mark.parametrize(
    "text", ["a: &x {b: 1}\nc: {<<: *x, b: 2}\n", "a: &x {b: 1}\nb: *x\nc: [*x, *x]\n<<: *x\n"]
)
def test_a_key_beside_a_merged_one_is_no_repetition(text: str) -> None:
    value = parse_cloud_config(f"#cloud-config\n{text}".encode(), "own.yaml").value
    assert value == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("first", "line", "last", "message"),
    [
        ("a0: &a0 [x]", "a{0}: &a{0} [*a{1}]", 64, "nested more than 64 deep"),
        ("<<: {z: 0}\na0: &a0 [x]", "a{0}: &a{0} [*a{1}]", 65, "nested more than 64 deep"),
        ("a0: &a0 {k: 1}", "a{0}: &a{0} {{<<: [*a{1}, *a{1}]}}", 18, "250,000 values"),
        ("a0: &a0 [x]", "a{0}: &a{0} [*a{1}, *a{1}]", 18, "250,000 values"),
        (f"a0: &a0 [{'x' * 1024}]", "a{0}: &a{0} [*a{1}, *a{1}]", 16, "16,777,216 characters"),
    ],
)
def test_aliases_count_as_if_they_were_written_out(
    first: str, line: str, last: int, message: str
) -> None:
    lines = [first, *(line.format(i, i - 1) for i in range(1, 1000))]
    [problem] = problems_of("\n".join(["#cloud-config", *lines]).encode())
    assert message in problem.message
    assert abs(problem.span.line - last) <= 2


def test_aliases_that_repeat_themselves() -> None:
    text = "a: &a [*a]\nb: &b {c: *b}\n"
    config = parse_cloud_config(f"#cloud-config\n{text}".encode(), "own.yaml")
    assert yaml_text(config.value).startswith("a: &id001\n")


def test_many_problems_in_one_line_share_its_text() -> None:
    keys = ", ".join(["a: 1"] * 2000)
    problems = problems_of(f"#cloud-config\nx: {{{keys}}}\n".encode())
    assert len(problems) == MAX_FINDINGS + 1
    assert "the first 1,000 errors" in problems[0].message
    assert len({id(problem.source) for problem in problems if problem.span.line == 2}) == 1


@pytest.mark.parametrize(
    "text",
    ["#cloud-config\n", "\n\n#cloud-config\n", "#Cloud-Config  \n", "\ufeff#cloud-config # mine\n"],
)
def test_the_header_as_cloud_init_takes_it(text: str) -> None:
    config = parse_cloud_config(f"{text}a: 1\n".encode(), "own.yaml")
    assert config.value == {"a": 1}


def test_values_are_those_of_yaml_1_1_as_cloud_init_reads_them() -> None:
    text = "#cloud-config\na: no\nb: 0644\nc: 1:30\nd: &x [1]\ne: *x\n"
    assert parse_cloud_config(text.encode(), "own.yaml").value == yaml.safe_load(text)


def test_a_problem_is_shown_at_its_key_or_its_entry() -> None:
    text = "#cloud-config\napt:\n  sources: 1\nwrite_files:\n- {path: /a}\n- path: /b\n"
    config = parse_cloud_config(text.encode(), "own.yaml")
    spans = {
        path: config.problem(path, "m", "h").span[:2]
        for path in [
            ("apt", "sources"), ("apt", "other"), ("write_files", 1, "path"), ("write_files", 9),
        ]
    }  # fmt: skip
    assert list(spans.values()) == [(3, 3), (2, 1), (6, 3), (4, 1)]
