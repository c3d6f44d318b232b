"""Reads --package and --apt-source: a package's name, a .deb's address, a repository. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from lvsboot.errors import UsageError
from lvsboot.render.user_data.installation import AptPackage, AptSource, DebUrl

# Debian Policy, sections 5.6.1 and 5.6.12, without what apt-get(8) reads as more than a name: a `-`
# or `+` at the end removes or installs, and a name with a dot that no package has is a pattern.
_NAME = re.compile(r"[a-z0-9][a-z0-9+-]*[a-z0-9]")
_VERSION = re.compile(r"[0-9]([A-Za-z0-9.+~:-]*[A-Za-z0-9.~])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[!-~]+")


def parse_package(text: str) -> AptPackage | DebUrl:
    """NAME, NAME=VERSION, or the address of a .deb; UsageError for what cannot be installed."""
    if "://" in text or text.endswith(".deb"):
        return _deb_url(text)
    name, equals, version = text.partition("=")
    if not _NAME.fullmatch(name) or (equals and not _VERSION.fullmatch(version)):
        raise UsageError(
            f"--package {text!r} is neither a package's name (lvsboot, lvsboot=1.0-1) nor the "
            "address of a .deb (https://...)"
        )
    return AptPackage(name, version)


def parse_apt_source(text: str) -> AptSource:
    """URI SUITE COMPONENT..., perhaps after `deb`, as sources.list(5) has it; UsageError."""
    words = text.split()
    words = words[1:] if words[:1] == ["deb"] else words
    if words and words[0].startswith("["):
        raise UsageError("--apt-source takes no options in brackets: name the key with --apt-key")
    if len(words) < 2:
        raise UsageError(
            "--apt-source wants an address and a suite: 'https://apt.example.net stable main', "
            "or 'https://apt.example.net ./' for a folder with a Packages file"
        )
    uri, suite, *components = words
    _check_address("--apt-source", uri)
    if not all(_WORD.fullmatch(word) for word in words):
        raise UsageError("--apt-source holds a character that no source can have: use ASCII")
    if suite.endswith("/") and components:
        raise UsageError(f"--apt-source: {suite} is a folder (it ends in /), and has no components")
    if not suite.endswith("/") and not components:
        raise UsageError(f"--apt-source: the suite {suite} needs a component: '{uri} {suite} main'")
    return AptSource(uri, suite, tuple(components))


def _deb_url(text: str) -> DebUrl:
    parts = _check_address("--package", text)
    url, _, fragment = text.partition("#")
    if not parts.path.endswith(".deb"):
        raise UsageError(f"--package {url} does not end in .deb: name the package's own address")
    name, _, digest = fragment.partition("=")
    if fragment and (name != "sha256" or not _SHA256.fullmatch(digest)):
        raise UsageError("--package: behind # stands sha256= and 64 digits, as sha256sum prints")
    if parts.scheme == "http" and not digest:
        raise UsageError(
            "--package: over http anybody on the way may put another package there: "
            "append #sha256= and the digest that sha256sum prints, or use https"
        )
    return DebUrl(url, digest)


def _check_address(option: str, text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_whole = False
    if not is_whole or not _WORD.fullmatch(text) or parts.scheme not in {"http", "https"}:
        raise UsageError(
            f"{option}: {text!r} is not an address: it begins with http:// or https://"
        )
    if parts.username is not None:
        raise UsageError(
            f"{option}: every process of the host can read a password in user-data: write it into "
            "a file of apt_auth.conf(5), in the image"
        )
    return parts
