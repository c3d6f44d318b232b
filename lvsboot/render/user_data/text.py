"""Values as YAML for cloud-init, and files as entries of write_files. Pure."""

from __future__ import annotations

import zlib
from base64 import b64encode
from typing import Any

import yaml

_GZIP = 31  # zlib.h, deflateInit2: windowBits of a gzip stream, whose header has no time


class Command(list[str]):
    """A program and its arguments, which are written in one line."""


class _Dumper(yaml.SafeDumper):
    """Writes multi-line texts as literal blocks, so that a person can read them in the seed."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_command(dumper: yaml.SafeDumper, words: Command) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", words, flow_style=True)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(Command, _represent_command)


def yaml_text(value: Any) -> str:  # noqa: ANN401 - whatever a person's cloud-config holds
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=4096)
    return text


def file_entry(path: str, content: str | bytes, *, mode: str = "0644") -> dict[str, Any]:
    """The shortest entry of write_files: a text as it is, or compressed where that is shorter."""
    raw = content.encode() if isinstance(content, str) else content
    texts = [{"content": text}] if (text := _plain(raw)) is not None else []
    texts.append({"encoding": "b64", "content": b64encode(raw).decode()})
    texts.append({"encoding": "gz+b64", "content": b64encode(_gzip(raw)).decode()})
    entries = ({"path": path, "permissions": mode, **text} for text in texts)
    return min(entries, key=lambda entry: len(yaml_text({"write_files": [entry]})))


def _plain(raw: bytes) -> str | None:
    """The text that YAML can carry as it is, if it is one."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    # A scanner would read other line breaks as the one it writes.
    return None if "\r" in text else text


def gzip_size(text: str) -> int:
    """The bytes that the text has as `gzip -9` writes it."""
    return len(_gzip(text.encode()))


def _gzip(raw: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return compressor.compress(raw) + compressor.flush()
