"""The Debian package: what is in it, what lintian and mandoc report, and what shells complete."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab import image
from lab.shell import run
from tests.golden import REPOSITORY


@pytest.fixture(scope="module")
def package() -> Path:
    return image.package()


@pytest.fixture(scope="module")
def files(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's files, unpacked."""
    root = tmp_path_factory.mktemp("deb")
    run(["dpkg-deb", "--extract", package, root])
    return root


def test_lintian_finds_nothing(package: Path) -> None:
    (changes,) = package.parent.glob("*.changes")
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", changes],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_units_are_where_a_package_has_them(files: Path) -> None:
    folder = files / "usr/lib/systemd/system"
    units = (REPOSITORY / "units").iterdir()
    static = [unit for unit in units if unit.suffix in {".service", ".path", ".target"}]
    assert {unit.name: unit.read_bytes() for unit in static} == {
        unit.name: unit.read_bytes() for unit in folder.iterdir()
    }


def test_nothing_is_in_etc_or_the_root(files: Path) -> None:
    """What is in /etc is the role's; and /lib is a link on every host."""
    assert {place.name for place in files.iterdir()} == {"usr"}


@pytest.mark.parametrize("script", ["preinst", "postinst", "prerm", "postrm"])
def test_a_script_is_plain_shell(package: Path, tmp_path: Path, script: str) -> None:
    run(["dpkg-deb", "--control", package, tmp_path / "control"])
    if (tmp_path / "control" / script).exists():
        run(["dash", "-n", tmp_path / "control" / script])


@pytest.mark.parametrize("page", ["man8/lvsboot.8", "man5/lvs-role.5", "man8/lvs.service.8"])
def test_a_manual_page_is_without_warnings(files: Path, page: str, tmp_path: Path) -> None:
    place = tmp_path / page.rpartition("/")[2]
    place.write_text(run(["gzip", "-dc", files / f"usr/share/man/{page}.gz"]), encoding="utf-8")
    assert run(["mandoc", "-T", "lint", place]) == ""
    done = subprocess.run(
        ["man", "--warnings", "--encoding=UTF-8", "--local-file", place],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[0].split()[0] in {"LVSBOOT(8)", "LVS-ROLE(5)", "LVS.SERVICE(8)"}


BASH = """
source "$1"
IFS=" "
COMP_WORDS=($2 "$3")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
unset IFS
_shtab_lvsboot
printf '%s\\n' "${COMPREPLY[@]}"
"""
# A terminal, since zsh completes for a person only.
ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D"
zpty -n -w shell "$2 $3"$'\t'$'\t'
for second in {1..15}; do
    sleep 1
    while zpty -r -t shell text; do print -rn -- "$text"; done
done
"""
COMPLETIONS = [
    ("lvsboot", "va", {"validate"}),
    ("lvsboot render", "--ba", {"--backend"}),
    ("lvsboot render --backend", "net", {"networkd", "netplan"}),
    ("lvsboot install-units", "--r", {"--root"}),
    ("lvsboot validate", "/etc/hostn", {"/etc/hostname"}),
]


@pytest.mark.parametrize(("typed", "word", "offered"), COMPLETIONS)
def test_bash_completes(files: Path, typed: str, word: str, offered: set[str]) -> None:
    script = files / "usr/share/bash-completion/completions/lvsboot"
    said = run(["bash", "--norc", "-c", BASH, "bash", script, typed, word])
    assert offered <= {*said.split()}


@pytest.mark.parametrize(("typed", "word", "offered"), COMPLETIONS)
def test_fish_completes(
    files: Path, tmp_path: Path, typed: str, word: str, offered: set[str]
) -> None:
    script = files / "usr/share/fish/vendor_completions.d/lvsboot.fish"
    commands = f"source {script}; complete --do-complete '{typed} {word}'"
    said = run(["env", f"HOME={tmp_path}", "fish", "--no-config", "--command", commands])
    assert {line.split("\t")[0] for line in said.splitlines()} == offered


@pytest.mark.parametrize(
    ("typed", "word", "offered"),
    [("lvsboot", "va", "validate"), ("lvsboot cloud-init", "--st", "--strict")],
)
def test_zsh_completes(files: Path, typed: str, word: str, offered: str) -> None:
    folder = files / "usr/share/zsh/vendor-completions"
    assert offered in run(["timeout", "60", "zsh", "-f", "-c", ZSH, "zsh", folder, typed, word])


def test_nothing_of_completion_is_imported_at_run_time(files: Path) -> None:
    sources = files.rglob("*.py")
    assert not any("shtab" in place.read_text(encoding="utf-8") for place in sources)
