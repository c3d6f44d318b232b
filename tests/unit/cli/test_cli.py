"""The command line: words in, two streams and an exit status out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lvsboot import __version__
from lvsboot.cli import main
from lvsboot.errors import Exit
from tests.golden import REPOSITORY, read_tree
from tests.images import complete_image, put
from tests.unit.render.user_data.test_text import content_of

DIRECTOR = REPOSITORY / "examples/dr/director.yaml"
NETWORKD = "etc/systemd/system/multi-user.target.wants/systemd-networkd.service"


@dataclass(frozen=True, slots=True)
class Done:
    returncode: int
    stdout: bytes
    stderr: bytes


class _Stream(io.TextIOWrapper):
    def __init__(self, content: bytes = b"") -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8", write_through=True)

    @property
    def content(self) -> bytes:
        self.seek(0)
        return self.read().encode()


def lvsboot(*arguments: str | Path, stdin: bytes = b"") -> Done:
    """Runs the command line in this process: an interpreter for each test would take seconds."""
    out, err = _Stream(), _Stream()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "stdin", _Stream(stdin))
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as left:
            status = int(left.code or 0)
    return Done(status, out.content, err.content)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The parts of an unpacked image that lvsboot reads."""
    root = tmp_path / "image"
    (root / NETWORKD).parent.mkdir(parents=True)
    (root / NETWORKD).symlink_to("/usr/lib/systemd/system/systemd-networkd.service")
    return root


def test_a_valid_role() -> None:
    done = lvsboot("validate", DIRECTOR)
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    assert done.stdout.endswith(b"director.yaml: valid\n")


def test_standard_input() -> None:
    done = lvsboot("validate", "-", stdin=DIRECTOR.read_bytes())
    assert (done.returncode, done.stdout) == (Exit.DONE, b"<stdin>: valid\n")
    done = lvsboot("validate", "-", stdin=b"version: 2\n")
    assert done.returncode == Exit.BAD_INPUT
    assert done.stderr.startswith(b"<stdin>:1:1: error: ")


@pytest.mark.parametrize("verb", ["validate", "render", "cloud-init"])
@pytest.mark.parametrize(
    "content",
    [None, b"", b"version: [", b"\xff", b"version: 2\n", b"version: 1\ndirector: {}\n"],
    ids=["missing", "empty", "no YAML", "no UTF-8", "wrong version", "wrong fields"],
)
def test_a_broken_role_writes_nothing(
    verb: str, content: bytes | None, image: Path, tmp_path: Path
) -> None:
    role = tmp_path / "role.yaml"
    if content is not None:
        role.write_bytes(content)
    option = {"validate": (), "render": ("--root", image), "cloud-init": ("-o", image)}
    before = read_tree(image)
    done = lvsboot(verb, role, *option[verb])
    assert done.returncode == Exit.BAD_INPUT
    assert done.stderr.startswith(f"{role}:".encode())
    assert b": error: " in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""
    assert read_tree(image) == before


WARNED = b"version: 1\ndirector: {method: dr, vips: [{address: 192.0.2.1, interface: lo}], services: []}\n"  # noqa: E501


def test_a_warning_is_an_error_only_where_it_is_asked_for() -> None:
    assert lvsboot("validate", "-", stdin=WARNED).returncode == Exit.DONE
    done = lvsboot("validate", "--strict", "-", stdin=WARNED)
    assert (done.returncode, done.stdout) == (Exit.BAD_INPUT, b"")
    assert b"warning: director.vips[0].address" in done.stderr


@pytest.mark.parametrize("verb", ["render", "plan", "cloud-init"])
def test_strict_writes_nothing_for_a_warning(verb: str, image: Path) -> None:
    option = {"render": ("--root", image), "plan": ("--root", image), "cloud-init": ("-o", image)}
    before = read_tree(image)
    done = lvsboot(verb, "-", "--strict", *option[verb], stdin=WARNED)
    assert (done.returncode, done.stdout) == (Exit.BAD_INPUT, b"")
    assert done.stderr.startswith(b"<stdin>:2:")
    assert read_tree(image) == before


@pytest.mark.parametrize("verb", ["render", "plan"])
def test_strict_takes_warnings_of_an_image_s_files_for_errors(verb: str, image: Path) -> None:
    """As an apply on that host would, and with its status."""
    place = image / "etc/sysctl.d/99-hardening.conf"
    place.parent.mkdir()
    settings = "".join(f"net.ipv4.conf.{name}.arp_ignore = 0\n" for name in ("all", "*"))
    place.write_text(settings, encoding="utf-8")
    before = read_tree(image)
    words = (verb, REPOSITORY / "examples/dr/rs1.yaml", "--root", image)
    done = lvsboot(*words, "--strict")
    assert (done.returncode, done.stdout) == (Exit.FAILED, b"")
    assert b"99-hardening.conf:1:1: warning: " in done.stderr
    assert read_tree(image) == before
    done = lvsboot(*words)
    assert (done.returncode, b": warning: " in done.stderr) == (Exit.DONE, True)


def test_problems_as_json() -> None:
    done = lvsboot("validate", "--json", "-", stdin=b"version: 2\nreal_server: {method: dr}\n")
    assert (done.returncode, done.stderr) == (Exit.BAD_INPUT, b"")
    assert json.loads(done.stdout) == [
        {
            "file": "<stdin>",
            "line": 1,
            "column": 10,
            "length": 1,
            "severity": "error",
            "where": "version",
            "message": "2 is not a role file version that is known here",
            "hint": "this lvsboot reads 1",
            "see": None,
        },
        {
            "file": "<stdin>",
            "line": 2,
            "column": 1,
            "length": 11,
            "severity": "error",
            "where": "real_server",
            "message": "'vips' is missing",
            "hint": "dr packets arrive addressed to the VIP",
            "see": None,
        },
    ]
    assert json.loads(lvsboot("validate", "--json", DIRECTOR).stdout) == []


def test_the_schema() -> None:
    assert json.loads(lvsboot("schema").stdout)["title"] == "role file"


def test_an_unreadable_role(tmp_path: Path) -> None:
    done = lvsboot("validate", tmp_path)
    assert done.returncode == Exit.BAD_INPUT
    assert b"cannot read the role file: Is a directory" in done.stderr


def test_render_twice(image: Path) -> None:
    first = lvsboot("render", DIRECTOR, "--root", image)
    assert first.returncode == Exit.DONE
    assert b"+ /etc/lvs/ipvs.rules\n" in first.stdout
    second = lvsboot("render", DIRECTOR, "--root", image)
    assert (second.returncode, second.stdout) == (Exit.DONE, b"no changes\n")


def test_render_into_what_is_no_directory(tmp_path: Path) -> None:
    done = lvsboot("render", DIRECTOR, "--root", tmp_path / "missing")
    assert done.returncode == Exit.FAILED
    assert done.stderr.endswith(
        b"missing is not a directory: make it, or unpack the image there first\n"
    )


def test_render_into_what_cannot_be_written(image: Path) -> None:
    (image / "etc/lvs").write_text("a file where a folder must be\n")
    before = read_tree(image)
    done = lvsboot("render", DIRECTOR, "--root", image)
    assert done.returncode == Exit.FAILED
    assert b"etc/lvs" in done.stderr
    assert read_tree(image) == before


def test_render_where_no_backend_is_in_use(tmp_path: Path) -> None:
    complete_image(tmp_path)
    before = read_tree(tmp_path)
    done = lvsboot("render", DIRECTOR, "--root", tmp_path)
    assert done.returncode == Exit.FAILED
    assert b"network.backend: networkd, netplan" in done.stderr
    assert b"--backend" in done.stderr
    assert read_tree(tmp_path) == before


INTERFACES, SOURCES = "etc/network/interfaces", "source /etc/network/interfaces.d/*\n"
FILES = {
    "networkd": "/etc/systemd/network/05-lvs-eth0.network",
    "netplan": "/etc/netplan/90-lvs.yaml",
    "ifupdown": "/etc/network/interfaces.d/lvs",
}


def test_a_first_look_in_an_empty_folder(tmp_path: Path) -> None:
    """The NICs' files are networkd's, and each command says so."""
    planned = lvsboot("plan", DIRECTOR, "--root", tmp_path)
    assert f"+++ {FILES['networkd']}\n".encode() in planned.stdout
    first = lvsboot("render", DIRECTOR, "--root", tmp_path)
    assert f"+ {FILES['networkd']}\n".encode() in first.stdout
    second = lvsboot("render", DIRECTOR, "--root", tmp_path)
    assert second.stdout == b"no changes\n"
    for done in (planned, first, second):
        assert done.returncode == Exit.DONE
        assert done.stderr.decode() == (
            f"lvsboot: {tmp_path} holds no system whose network backend could be seen: the NICs' "
            "files are networkd's, and --backend names another\n"
        )


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"usr/bin/sh": "", INTERFACES: SOURCES},
        {NETWORKD: "", "usr/sbin/netplan": "", "etc/netplan/a.yaml": "", INTERFACES: SOURCES},
    ],
)
@pytest.mark.parametrize("backend", [*FILES, "external"])
def test_a_backend_that_is_asked_for(tmp_path: Path, backend: str, found: dict[str, str]) -> None:
    if found:
        complete_image(tmp_path)
    for path, text in found.items():
        put(tmp_path, path, text)
    typed = (DIRECTOR, "--root", tmp_path, "--backend", backend)
    planned, rendered = lvsboot("plan", *typed), lvsboot("render", *typed)
    assert (planned.returncode, rendered.returncode) == (Exit.DONE, Exit.DONE)
    assert b"could be seen" not in planned.stderr + rendered.stderr
    written = read_tree(tmp_path).keys()
    for name, path in FILES.items():
        assert (
            (path in written) == (f"+++ {path}\n".encode() in planned.stdout) == (name == backend)
        )
    assert lvsboot("render", *typed).stdout == b"no changes\n"
    # The role is written as it is: what was asked for was asked for once.
    assert (tmp_path / "etc/lvs/role.yaml").read_bytes() == DIRECTOR.read_bytes()


def test_a_backend_in_place_of_the_roles(image: Path) -> None:
    role = DIRECTOR.read_bytes().replace(b"network:\n", b"network:\n  backend: netplan\n")
    (image / INTERFACES).parent.mkdir()
    (image / INTERFACES).write_text(SOURCES, encoding="utf-8")
    done = lvsboot("plan", "-", "--root", image, "--backend", "ifupdown", stdin=role)
    assert f"+++ {FILES['ifupdown']}\n".encode() in done.stdout
    assert b"netplan.yaml" not in done.stdout


def test_a_backend_for_a_role_without_nics(image: Path) -> None:
    role = REPOSITORY / "examples/external/director.yaml"
    done = lvsboot("plan", role, "--root", image, "--backend", "networkd")
    assert b"/etc/systemd/network" not in done.stdout
    assert b"the role has no network" in done.stderr


@pytest.mark.parametrize("verb", ["plan", "render"])
def test_a_backend_that_there_is_not(verb: str, image: Path) -> None:
    done = lvsboot(verb, DIRECTOR, "--root", image, "--backend", "netplam")
    assert done.returncode == Exit.USAGE
    assert b"netplan" in done.stderr


def test_install_units_does_not_disturb_a_rendered_role(image: Path) -> None:
    lvsboot("render", DIRECTOR, "--root", image)
    before = read_tree(image)
    assert lvsboot("install-units", "--root", image).stdout == b"no changes\n"
    assert read_tree(image) == before


@pytest.mark.parametrize("folder", [".", "new"])
def test_a_seed(tmp_path: Path, folder: str) -> None:
    seed = tmp_path / folder
    done = lvsboot("cloud-init", DIRECTOR, "-o", seed)
    assert done.stdout.decode().split() == [
        str(seed / name) for name in ("user-data", "meta-data", "network-config")
    ]
    assert {place.name for place in seed.iterdir()} == {
        "user-data", "meta-data", "network-config",
    }  # fmt: skip


@pytest.mark.parametrize("folder", [".", "./", "seed", "seed/", "./seed/.", "seed/../seed", ".."])
def test_a_seed_in_a_folder_that_is_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (tmp_path / "here/seed").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    for text in (DIRECTOR.read_bytes(), DIRECTOR.read_bytes() + b"# changed\n"):
        done = lvsboot("cloud-init", "-", "-o", folder, stdin=text)
        assert (done.returncode, done.stderr) == (Exit.DONE, b"")
        written = [Path(line) for line in done.stdout.decode().splitlines()]
        assert [place.name for place in written] == ["user-data", "meta-data", "network-config"]
        assert {place.parent.resolve() for place in written} == {Path(folder).resolve()}
        [file] = yaml.safe_load(written[0].read_text(encoding="utf-8"))["write_files"]
        assert content_of(file) == text


def test_a_seed_is_whole_or_not_there(tmp_path: Path) -> None:
    lvsboot("cloud-init", DIRECTOR, "-o", tmp_path)
    before = read_tree(tmp_path)
    (tmp_path / "network-config").unlink()
    (tmp_path / ".network-config.lvs-new").mkdir()
    done = lvsboot("cloud-init", "-", "-o", tmp_path, stdin=DIRECTOR.read_bytes() + b"#\n")
    assert (done.returncode, done.stdout) == (Exit.FAILED, b"")
    assert done.stderr.startswith(f"lvsboot: cannot write {tmp_path}/network-config: ".encode())
    del before["/network-config"]
    assert read_tree(tmp_path) == before


def test_another_roles_nics_in_a_seed_are_named(tmp_path: Path) -> None:
    lvsboot("cloud-init", DIRECTOR, "-o", tmp_path)
    role = b"version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\n"
    done = lvsboot("cloud-init", "-", "-o", tmp_path, stdin=role)
    assert done.returncode == Exit.DONE
    assert f"{tmp_path}/network-config is none of this role's".encode() in done.stderr


def test_a_seed_where_there_can_be_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("file", "file/new", "missing/new"):
        done = lvsboot("cloud-init", DIRECTOR, "-o", tmp_path / place)
        assert done.returncode == Exit.FAILED
        assert done.stderr.startswith(f"lvsboot: cannot make {tmp_path / place}: ".encode())


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["render"], ["validate", "a", "b"]])
def test_wrong_usage(arguments: list[str]) -> None:
    done = lvsboot(*arguments)
    assert done.returncode == Exit.USAGE
    assert done.stderr.startswith(b"usage: lvsboot")


def test_no_words_at_all() -> None:
    """Prints the help with the status of a usage error."""
    done = lvsboot()
    assert (done.returncode, done.stdout) == (Exit.USAGE, b"")
    assert done.stderr == lvsboot("--help").stdout


def test_the_version() -> None:
    done = lvsboot("--version")
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    assert done.stdout.decode() == f"lvsboot {__version__}\n"


def test_the_help_names_every_verb_once_and_in_its_group() -> None:
    parts = lvsboot("--help").stdout.decode().split("\n\n")
    groups = {
        part.partition(":\n")[0]: re.findall(r"^  ([a-z-]+) +\w", part, re.MULTILINE)
        for part in parts
        if ":\n  " in part and not part.startswith("options")
    }
    assert groups == {
        "roles": [
            *("validate", "plan", "apply", "verify", "render", "cloud-init", "credential", "import")
        ],
        "the service": [
            *("start", "reload", "stop", "save", "status", "drain", "undrain", "weight"),
            *("announce", "arp-guard", "zero"),
        ],
        "tools": ["schema", "install-units", "provision"],
    }
    for verb in (verb for verbs in groups.values() for verb in verbs):
        done = lvsboot(verb, "--help")
        assert done.returncode == Exit.DONE
        assert done.stdout.startswith(f"usage: lvsboot {verb} ".encode())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("valdate", "validate"),
        ("Validate", "validate"),
        ("valdate --help", "validate"),
        ("valdate x -h", "validate"),
        ("cloudinit", "cloud-init"),
        ("statsu --json", "status"),
        ("--strict valdate", "validate"),
        ("validate --stict x", "--strict"),
        ("validate x --jsno", "--json"),
        ("start --rule5 x", "--rules"),
        ("plan --rot=/image", "--root=/image"),
        ("cloud-init --ouput=x", "--output=x"),
    ],
)
def test_a_near_miss_is_told_what_was_meant(typed: str, meant: str) -> None:
    done = lvsboot(*typed.split())
    assert (done.returncode, done.stdout) == (Exit.USAGE, b"")
    assert done.stderr.endswith(f"did you mean '{meant}'?\n".encode()), done.stderr


def test_an_option_before_its_verb() -> None:
    done = lvsboot("--strict", "validate", DIRECTOR)
    assert done.returncode == Exit.USAGE
    assert done.stderr.endswith(b"unrecognized arguments: --strict (options go behind the verb)\n")


@pytest.mark.parametrize(
    "typed",
    [["frobnicate"], ["--frobnicate"], ["validate", "--x"], ["x" * 100_000], ["\x1b[2J"], [""]],
)
def test_a_far_miss_is_told_nothing_wrong(typed: list[str]) -> None:
    done = lvsboot(*typed)
    assert done.returncode == Exit.USAGE
    assert done.stderr.startswith(b"usage: lvsboot ")
    assert b"did you mean" not in done.stderr
    assert done.stderr.decode().replace("\n", "").isprintable()


def test_a_reader_that_has_gone_is_no_news() -> None:
    script = 'python3="$1"; role="$2"; "$python3" -m lvsboot validate "$role" | true'
    argv = ["sh", "-c", script, "sh", sys.executable, str(DIRECTOR)]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.stderr == b""


def test_as_a_process() -> None:
    argv = [sys.executable, "-m", "lvsboot", "validate", "-"]
    done = subprocess.run(argv, input=b"version: 2\n", capture_output=True, check=False)
    assert done.returncode == Exit.BAD_INPUT
    assert done.stderr.startswith(b"<stdin>:1:1: error: ")


def test_a_role_of_anybodys_is_not_applied(tmp_path: Path) -> None:
    place = tmp_path / "role.yaml"
    place.write_bytes(DIRECTOR.read_bytes())
    place.chmod(0o666)
    assert lvsboot("validate", place).returncode == Exit.DONE
    done = lvsboot("apply", place)
    assert done.returncode == Exit.FAILED
    assert b"may be written by everybody" in done.stderr


@pytest.mark.parametrize(
    "address", ["1.2.3", "192.0.2.1/32", "0x7f.1", "192.0.2.010", "vip1", "fe80::1%lo"]
)
def test_an_announced_address_is_written_in_full(address: str) -> None:
    """Rules may say 1.2.3 for 1.2.0.3, as ipvsadm reads it; on the command line it is an error."""
    done = lvsboot("announce", "192.0.2.1", address)
    assert (done.returncode, done.stdout) == (Exit.USAGE, b"")
    assert done.stderr.decode() == f"lvsboot: {address!r} is not an address\n"


# As root they would change this host.
SERVICE = (
    *("start", "start --rules /etc/hostname", "reload", "stop", "save", "save --all", "zero"),
    *("save --output -", "save --output /root/rules", "status", "status --json"),
    *("announce", "announce 192.0.2.1", "announce 192.0.2.1 --wait"),
)


def test_what_is_not_permitted_has_a_status_of_its_own() -> None:
    """Each verb of the service, as a user without privileges: one shell and its processes."""

    def without_privileges(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", script, "sh", *SERVICE],
            capture_output=True, check=False, text=True, cwd=REPOSITORY,
            env={"PYTHON": sys.executable}, user=65534 if os.geteuid() == 0 else None,
        )  # fmt: skip

    if without_privileges('"$PYTHON" -c "import lvsboot"').returncode != 0:
        pytest.skip("nobody but root can read this interpreter, or this checkout")
    script = 'for words; do "$PYTHON" -m lvsboot $words </dev/null 2>&1 >/dev/null; echo $?; done'
    said = without_privileges(script).stdout.splitlines()
    assert said[1::2] == [str(Exit.NOT_PERMITTED)] * len(SERVICE), said
    assert all(line.startswith("lvsboot: ") for line in said[::2]), said


def test_a_wrong_role_leaves_the_last_one_in_force(tmp_path: Path) -> None:
    place = tmp_path / "role.yaml"
    place.write_text("version: 2\n", encoding="utf-8")
    done = lvsboot("apply", place)
    assert done.returncode == Exit.BAD_INPUT
    assert done.stderr.endswith(
        b"lvsboot: nothing was changed: what was applied last stays in force\n"
    )


@pytest.mark.parametrize("kind", ["empty", "missing", "file", "dangling link", "loop", "pipe"])
@pytest.mark.parametrize("verb", ["render", "plan", "install-units"])
def test_a_root_that_is_none_is_refused(tmp_path: Path, verb: str, kind: str) -> None:
    root = tmp_path / kind
    match kind:
        case "file":
            root.touch()
        case "dangling link":
            root.symlink_to(tmp_path / "nowhere")
        case "loop":
            root.symlink_to(root)
        case "pipe":
            os.mkfifo(root)
    role = () if verb == "install-units" else (DIRECTOR,)
    done = lvsboot(verb, *role, "--root", "" if kind == "empty" else root)
    if kind == "empty":
        assert (done.returncode, done.stdout) == (Exit.USAGE, b"")
        assert b"an argument is empty" in done.stderr
    else:
        assert (done.returncode, done.stdout) == (Exit.FAILED, b"")
        assert f"{root}".encode() in done.stderr
    assert b"Traceback" not in done.stderr
    assert sorted(it.name for it in tmp_path.iterdir()) == [kind] * os.path.lexists(root)


@pytest.mark.parametrize(
    "words",
    [
        ("cloud-init", DIRECTOR, "-o", ""),
        ("cloud-init", DIRECTOR, "--merge="),
        ("cloud-init", DIRECTOR, "--package", ""),
        ("credential", DIRECTOR, "-o", ""),
        ("credential", ""),
        ("save", "--output", ""),
        ("announce", ""),
        ("import", ""),
        ("validate", ""),
    ],
)
def test_an_empty_argument_names_nothing(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = lvsboot(*words)
    assert (done.returncode, done.stdout) == (Exit.USAGE, b"")
    assert b"an argument is empty, as one of a variable that is not set" in done.stderr
    assert list(tmp_path.iterdir()) == []


def as_nobody(*words: str | Path) -> Done:
    """Runs as a user without privileges."""
    os.seteuid(65534)
    try:
        return lvsboot(*words)
    finally:
        os.seteuid(0)


@pytest.fixture
def for_all() -> Iterator[Path]:
    """A folder that every user may look into; pytest's own are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_what_is_not_permitted_has_one_status(for_all: Path) -> None:
    """Whatever it is: a role or a root that may not be read, or one that may not be written."""
    role, root = for_all / "role.yaml", for_all / "root"
    role.write_text(DIRECTOR.read_text(encoding="utf-8"), encoding="utf-8")
    complete_image(root)
    # The interpreter's folders may be root's as well: all is imported before.
    for verb in ("plan", "render"):
        done = lvsboot(verb, role, "--root", root, "--backend", "networkd")
        assert done.returncode == Exit.DONE
    assert lvsboot("cloud-init", role).returncode == Exit.DONE
    shutil.rmtree(root)
    (root / "var/lib/lvs").mkdir(parents=True)
    assert as_nobody("validate", role).returncode == Exit.DONE
    refused = {
        "the root": as_nobody("render", role, "--root", root),
        "units": as_nobody("install-units", "--root", root),
        "a seed": as_nobody("cloud-init", role, "-o", root),
        "a new seed": as_nobody("cloud-init", role, "-o", root / "new"),
    }
    role.chmod(0o600)
    refused["the role"] = as_nobody("validate", role)
    refused["the rules"] = as_nobody("import", role)
    role.chmod(0o644)
    (root / "var/lib/lvs/manifest.json").touch(mode=0o600)
    refused["the manifest"] = as_nobody("plan", role, "--root", root)
    root.chmod(0o700)
    refused["the closed root"] = as_nobody("plan", role, "--root", root)
    for what, done in refused.items():
        assert done.returncode == Exit.NOT_PERMITTED, (what, done)
        assert done.stderr.count(b"\n") == 1, what


def test_names_that_are_not_utf_8_are_shown(image: Path) -> None:
    """Names of cloud-init's files, and of links at the paths of ours."""
    shutil.rmtree(image / "etc/systemd")
    folder = image / "etc/network/interfaces.d"
    folder.mkdir(parents=True)
    (folder / os.fsdecode(b"50-cloud-init-\xff")).write_text("", encoding="utf-8")
    (image / "etc/hostname").symlink_to(os.fsdecode(b"\xfe"))
    root = image.rename(image.with_name(os.fsdecode(b"image-\xfd")))
    words = (DIRECTOR, "--root", root, "--backend", "ifupdown")
    for verb in ("plan", "render", "render"):
        done = lvsboot(verb, *words)
        assert (done.returncode, b"Traceback" in done.stderr) == (Exit.DONE, False), done
    assert not (root / "etc/hostname").is_symlink()
