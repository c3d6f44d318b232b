"""Entries of write_files, decoded as cloud-init decodes them."""

from __future__ import annotations

import gzip
from base64 import b64decode
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.render.user_data.text import Command, file_entry, gzip_size, yaml_text


def content_of(entry: dict[str, Any]) -> bytes:
    """cloudinit/config/cc_write_files.py, extract_contents."""
    match entry.get("encoding"):
        case None:
            text: str = entry["content"]
            return text.encode()
        case "b64":
            return b64decode(entry["content"])
        case "gz+b64":
            return gzip.decompress(b64decode(entry["content"]))
    raise AssertionError(entry)


@given(st.text(st.characters(codec="utf-8")) | st.binary())
def test_a_file_arrives_byte_for_byte(content: str | bytes) -> None:
    raw = content.encode() if isinstance(content, str) else content
    [entry] = yaml.safe_load(yaml_text({"write_files": [file_entry("/a", content)]}))["write_files"]
    assert content_of(entry) == raw


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("a: 1\n", None),
        ("a: 1\n" * 200, "gz+b64"),
        (bytes(range(256)), "b64"),
        (b"\xff" * 4096, "gz+b64"),
    ],
    ids=["a short text", "a long text", "random bytes", "repeated bytes"],
)
def test_the_shortest_form_is_taken(content: str | bytes, encoding: str | None) -> None:
    assert file_entry("/a", content).get("encoding") == encoding


def test_compression_is_the_same_at_each_run() -> None:
    assert file_entry("/a", "a\n" * 999) == file_entry("/a", "a\n" * 999)
    assert gzip_size("a" * 1000) < 100


def test_a_command_is_one_line() -> None:
    assert yaml_text({"runcmd": [Command(["a", "300"])]}) == "runcmd:\n- [a, '300']\n"
