"""Makes user-data of a role and of what its host needs besides, and writes NoCloud folders."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lvsboot.errors import InputError, UsageError
from lvsboot.problem import Problem, Span
from lvsboot.render.cloudinit import render_seed, render_user_data
from lvsboot.render.user_data import deb, document
from lvsboot.render.user_data.installation import (
    AptPackage,
    EmbeddedDeb,
    Installation,
)
from lvsboot.render.user_data.limits import Target, fits_compressed, is_too_large, size_sentence
from lvsboot.render.user_data.openpgp import KeyFileError, public_keys
from lvsboot.render.user_data.package import parse_apt_source, parse_package
from lvsboot.role.reader import RoleFile
from lvsboot.system.atomic import make_folder
from lvsboot.system.os_errors import translate_os_errors
from lvsboot.system.permission import not_permitted
from lvsboot.system.textfiles import Staged, read_bytes

_KEY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """The verb's options as they were typed; `target` is where the user-data is handed over."""

    package: str | None = None
    apt_source: str | None = None
    apt_key: str | None = None
    embed: str | None = None
    merge: str | None = None
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class UserData:
    """`is_role_alone`: without an installation and a person's own cloud-config.

    `is_private`: with a cloud-config, which may have passwords.
    """

    text: str
    is_role_alone: bool
    is_private: bool


def make_user_data(role_file: RoleFile, file: str, request: Request) -> UserData:
    """The user-data for the role in `file`.

    Raises UsageError for options that contradict each other, InputError for a file's content and
    for user-data that is too large for its target.
    """
    installation = _installation(request)
    theirs = None
    if request.merge is not None:
        raw = _read(request.merge, document.MAX_BYTES, "the cloud-config")
        theirs = document.parse_cloud_config(raw, request.merge)
    text = render_user_data(role_file.role, role_file.text, installation, theirs)
    if request.target is not None and is_too_large(text, request.target):
        message = size_sentence(text, request.target)
        hint = _size_hint(text, request, request.target)
        raise InputError([Problem(file, Span(1), message, hint=hint)])
    return UserData(
        text,
        is_role_alone=installation is None and theirs is None,
        is_private=theirs is not None,
    )


def write_seed(role_file: RoleFile, user_data: UserData, directory: Path) -> tuple[Path, ...]:
    """Writes the NoCloud seed into `directory`, which is made if need be; gives the files.

    All of them or none: half a seed would boot into half a role.
    """
    _make_directory(directory)
    more = None if user_data.is_role_alone else user_data.text
    mode = 0o600 if user_data.is_private else 0o644
    files = render_seed(role_file.role, role_file.text, more)
    with ExitStack() as stack:
        places = [f"{directory}/{file.path}" for file in files]
        staged = [
            stack.enter_context(Staged(place, file.text.encode(), mode))
            for place, file in zip(places, files, strict=True)
        ]
        for file_beside in staged:
            file_beside.commit()
    return tuple(directory / file.path for file in files)


def _installation(request: Request) -> Installation | None:
    if request.package is not None and request.embed is not None:
        raise UsageError("--package and --embed are two ways to install lvsboot: choose one")
    package = None if request.package is None else parse_package(request.package)
    if request.apt_source is not None or request.apt_key is not None:
        return _from_source(package, request)
    if request.embed is None:
        return package
    content = _read(request.embed, deb.MAX_BYTES, "the package")
    if reason := deb.deb_error(content):
        raise _file_error(request.embed, reason, "name the .deb that `make deb` builds")
    return EmbeddedDeb(content)


def _from_source(package: object, request: Request) -> AptPackage:
    if not isinstance(package, AptPackage):
        raise UsageError("--apt-source and --apt-key belong to --package NAME: name the package")
    if request.apt_source is None:
        raise UsageError("--apt-key is the key of a repository: name that with --apt-source")
    source = parse_apt_source(request.apt_source)
    if request.apt_key is None:
        raise UsageError(
            "--apt-source needs the repository's public key, by which apt checks it: "
            "name its file with --apt-key"
        )
    try:
        key = public_keys(_read(request.apt_key, _KEY_BYTES, "the repository's key"))
    except KeyFileError as error:
        raise _file_error(request.apt_key, str(error)) from error
    return AptPackage(package.name, package.version, source, key)


def _size_hint(text: str, request: Request, target: Target) -> str:
    """What would help, the surest first."""
    if request.embed is not None:
        return "name an address or a repository of the package with --package, not --embed"
    if fits_compressed(text, target):
        return (
            "it fits when compressed, which cloud-init reads: print it with --for nocloud, "
            "and hand over what `gzip -9` makes of it"
        )
    if request.merge is not None:
        return f"move what is large in {request.merge} to a web server, and #include its address"
    return "put the role into the image with `lvsboot render`, or into a NoCloud folder with -o"


def _read(file: str, limit: int, what: str) -> bytes:
    try:
        content = read_bytes(file, limit, from_anybody=True)
    except PermissionError as error:
        raise not_permitted("read", file, error) from error
    except OSError as error:
        hint = "is its name right?" if isinstance(error, FileNotFoundError) else ""
        raise _file_error(file, f"cannot read {what}: {error.strerror}", hint) from error
    if len(content) > limit:
        raise _file_error(file, f"{what} has more than {limit:,} bytes")
    return content


def _file_error(file: str, message: str, hint: str = "") -> InputError:
    return InputError([Problem(file, Span(1), message, hint=hint)])


def _make_directory(directory: Path) -> None:
    with translate_os_errors("make", directory):
        if not directory.is_dir():
            make_folder(str(directory))
