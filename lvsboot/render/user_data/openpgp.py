"""Takes the public keys out of a file that apt is to trust, and refuses a private one. Pure.

RFC 9580: packets in section 4, ASCII armor in section 6.2. What is embedded is the packets that
were looked at, and nothing else of the file.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from itertools import dropwhile

# Section 5: a signature, a public key and subkey, a user's name and picture, and what may stand
# beside them (a marker, trust, padding); and a secret key and subkey.
_PUBLIC_KEY = 6
_IN_A_PUBLIC_KEY = {2, _PUBLIC_KEY, 10, 12, 13, 14, 17, 21}
_SECRET = {5, 7}
_ARMOR = re.compile(rb"-----BEGIN PGP ([A-Z ]+)-----[ \t]*")
_BEGIN = b"-----BEGIN "

_PRIVATE = "this is a private key: export the public one (gpg --export --armor)"
_NONE = "this is no OpenPGP public key: export it (gpg --export --armor)"
_DAMAGED = "this OpenPGP key is cut off or damaged: export it again (gpg --export --armor)"


class KeyFileError(Exception):
    """Why a file cannot be a repository's key, with what to do."""


def public_keys(content: bytes) -> bytes:
    """The binary keyring in `content`, which is one itself or has it in ASCII armor.

    Raises KeyFileError where any packet is not one of a public key.
    """
    keys = _dearmored(content) if _BEGIN in content else content
    tags = list(_tags(keys))
    if any(tag in _SECRET for tag in tags):
        raise KeyFileError(_PRIVATE)
    if tags[:1] != [_PUBLIC_KEY] or not _IN_A_PUBLIC_KEY.issuperset(tags):
        raise KeyFileError(_NONE)
    return keys


def _dearmored(content: bytes) -> bytes:
    lines = content.splitlines()
    if any(b"PRIVATE" in line for line in lines if line.startswith(_BEGIN)):
        raise KeyFileError(_PRIVATE)
    blocks = list(_blocks(lines))
    if not blocks or any(kind != b"PUBLIC KEY BLOCK" for kind, _lines in blocks):
        raise KeyFileError(_NONE)
    return b"".join(_decoded(block) for _kind, block in blocks)


def _blocks(lines: list[bytes]) -> Iterator[tuple[bytes, list[bytes]]]:
    """Each block's kind and lines; KeyFileError where the last one has no end.

    Line by line: an expression for a whole block is quadratic where no block ends.
    """
    kind, end, block = b"", b"", list[bytes]()
    for line in lines:
        if kind and line.startswith(end):
            yield kind, block
            kind = b""
        elif kind:
            block.append(line)
        elif begin := _ARMOR.fullmatch(line):
            kind, block = begin[1], []
            end = b"-----END PGP %b-----" % kind
    if kind:
        raise KeyFileError(_DAMAGED if kind == b"PUBLIC KEY BLOCK" else _NONE)


def _decoded(block: list[bytes]) -> bytes:
    """A block's bytes: behind its headers, which end with an empty line, and before its CRC.

    That is not compared: a key MUST NOT be refused for it (RFC 9580, section 6.1).
    """
    lines = [line.strip() for line in dropwhile(lambda line: not line, block)]
    start = lines.index(b"") if b":" in (lines or [b""])[0] and b"" in lines else -1
    body = [line for line in lines[start + 1 :] if line and not line.startswith(b"=")]
    try:
        return binascii.a2b_base64(b"".join(body), strict_mode=True)
    except binascii.Error as error:
        raise KeyFileError(_DAMAGED) from error


def _tags(keys: bytes) -> Iterator[int]:
    """Each packet's kind; KeyFileError where one goes past the end, has no whole length, or no key.

    A length that is given in parts, or not at all, is for data and never a key's (section 4.2.1.4).
    """
    start = 0
    while start < len(keys):
        first = keys[start]
        if not first & 0x80:
            raise KeyFileError(_NONE if start == 0 else _DAMAGED)
        tag = first & 0x3F if first & 0x40 else first >> 2 & 0x0F
        start += 1
        if first & 0x40:
            size, start = _new_length(keys, start)
        else:
            octets = (1, 2, 4, 0)[first & 3]
            size, start = int.from_bytes(keys[start : start + octets], "big"), start + octets
            if not octets:
                raise KeyFileError(_DAMAGED)
        start += size
        if start > len(keys) or (tag == _PUBLIC_KEY and not size):
            raise KeyFileError(_DAMAGED)
        yield tag


def _new_length(keys: bytes, start: int) -> tuple[int, int]:
    """A length of one, two or five octets, and where the packet's body begins."""
    octets = keys[start : start + 5]
    match octets[:1]:
        case b"":
            raise KeyFileError(_DAMAGED)
        case one if one[0] < 192:
            return one[0], start + 1
        case one if one[0] < 224 and len(octets) > 1:
            return ((one[0] - 192) << 8) + octets[1] + 192, start + 2
        case b"\xff" if len(octets) == 5:
            return int.from_bytes(octets[1:], "big"), start + 5
    raise KeyFileError(_DAMAGED)
