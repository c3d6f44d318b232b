"""Apt repositories that stock images install from, and the web server that has them."""

from __future__ import annotations

import functools
import hashlib
import http.server
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from enum import Enum, auto
from pathlib import Path

from lab import image
from lab.image import Distribution
from lab.machines import run_folder
from lab.paths import WEB_ADDRESS
from lab.shell import run


@dataclass(frozen=True, slots=True)
class Repository:
    """A served folder: `lvsboot` has lvsboot's package alone, signed by the key in `key`."""

    folder: Path
    port: int
    key: Path
    package: Path

    @property
    def url(self) -> str:
        """As a machine sees it."""
        return f"http://{WEB_ADDRESS}/lvsboot"

    @property
    def package_url(self) -> str:
        digest = hashlib.sha256(self.package.read_bytes()).hexdigest()
        return f"{self.url}/{self.package.name}#sha256={digest}"


class Source(Enum):
    """Where user-data has a stock image take lvsboot's package from."""

    REPOSITORY = auto()
    ADDRESS = auto()
    EMBEDDED = auto()

    def options(self, repository: Repository) -> list[str | Path]:
        """What `lvsboot cloud-init` is told."""
        match self:
            case Source.REPOSITORY:
                source = ("--apt-source", f"{repository.url} ./", "--apt-key", repository.key)
                return ["--package", "lvsboot", *source]
            case Source.ADDRESS:
                return ["--package", repository.package_url]
            case Source.EMBEDDED:
                return ["--embed", repository.package]


@contextmanager
def serving(distributions: Iterable[Distribution]) -> Iterator[Repository]:
    """Serves lvsboot's repository, and what the stock images of these releases lack."""
    with ExitStack() as stack:
        folder = stack.enter_context(run_folder("web"))
        package = image.package()
        for it in set(distributions):
            _make_index(folder / it.suite, sorted(image.dependencies(it).glob("*.deb")))
        _make_index(folder / "lvsboot", [package])
        key = _sign(folder / "lvsboot", folder / "gnupg", folder / "key.asc")
        handler = functools.partial(_Handler, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        stack.enter_context(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        yield Repository(folder, server.server_port, key, folder / "lvsboot" / package.name)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Answers in HTTP/1.0: one request a connection, and so a relay."""

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _make_index(folder: Path, packages: list[Path]) -> None:
    folder.mkdir()
    for package in packages:
        shutil.copy(package, folder)
    (folder / "Packages").write_text(run(["dpkg-scanpackages", "--multiversion", "."], cwd=folder))


def _sign(repository: Path, home: Path, key: Path) -> Path:
    index = (repository / "Packages").read_bytes()
    line = f" {hashlib.sha256(index).hexdigest()} {len(index)} Packages"
    release = repository / "Release"
    release.write_text(f"Origin: lab\nDate: {formatdate(usegmt=True)}\nSHA256:\n{line}\n")
    home.mkdir(mode=0o700)
    gpg: list[str | Path] = [
        "gpg",
        "--homedir",
        home,
        "--batch",
        "--quiet",
        "--pinentry-mode",
        "loopback",
    ]
    gpg += ["--passphrase", ""]
    try:
        run([*gpg, "--quick-generate-key", "lab@lvsboot.example", "rsa3072", "sign"])
        run([*gpg, "--clearsign", "--output", repository / "InRelease", release])
        run([*gpg, "--armor", "--output", key, "--export"])
    finally:
        run(["gpgconf", "--homedir", home, "--kill", "all"])
    return key
