"""Runs a rendered unit's Exec lines on a host, without systemd."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from lvsboot.install.files import install_tree
from lvsboot.render.host import render_host
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role
from tests.kernel.hosts import Host, run

_ROOTS = Path("/run/lvs-roots")
_NETNS = Path("/etc/netns")
# What a host sees of its own in /etc: see ip-netns(8), network namespace aware applications.
_SEEN = ("lvs", "sysctl.d")


class UnitError(Exception):
    """A command failed, with this output."""


class RoleHost(Host):
    """A host with a role."""

    def __init__(self, name: str) -> None:
        super().__init__(name, dummy=False)
        self.root = _ROOTS / name
        self.root.mkdir(parents=True, exist_ok=True)
        (_NETNS / name).mkdir(parents=True, exist_ok=True)
        for folder in _SEEN:
            (Path("/etc") / folder).mkdir(exist_ok=True)
            (self.root / "etc" / folder).mkdir(parents=True, exist_ok=True)
            seen = _NETNS / name / folder
            seen.unlink(missing_ok=True)
            seen.symlink_to(self.root / "etc" / folder)

    def become(self, text: str) -> None:
        """Renders the role, and does what a boot does before any unit: modules, then sysctls."""
        role = parse_role(text.encode(), f"{self.name}.yaml").role
        tree = render_host(role, text, Backend.EXTERNAL)
        install_tree(tree, self.root, replace_edited=True)
        modules = self.root / "etc/modules-load.d/lvs.conf"
        if modules.exists():
            run("modprobe", "--all", *modules.read_text(encoding="utf-8").split())
        self.run("/usr/lib/systemd/systemd-sysctl", "/etc/sysctl.d/90-lvs.conf")
        rules = self.root / "etc/lvs/ipvs.rules"
        if rules.exists():
            self.restore("-C\n" + rules.read_text(encoding="utf-8"))

    def run(self, *argv: str, check: bool = True, text: str = "") -> str:
        command = ["ip", "netns", "exec", self.name, *argv]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise UnitError(f"{shlex.join(argv)}: {done.stderr.strip()}")
        return done.stdout

    def start(self, unit: str) -> None:
        """As systemd would; a real server's VIPs start no process, but are brought up together."""
        if unit.startswith("lvs-vip@") and (self.root / "etc/lvs/vips-up").exists():
            self.run("sh", "/etc/lvs/vips-up", _instance(unit))
            if not Path(f"/run/lvs/vips/{_instance(unit)}").exists():
                raise UnitError(f"{unit}: its assertion failed")
        self._execute(unit, "ExecStartPre", "ExecStart", "ExecStartPost")

    def finish_start(self, unit: str) -> None:
        """What comes after the unit's own program, which the caller has seen to."""
        self._execute(unit, "ExecStartPost")

    def reload(self, unit: str) -> None:
        self._execute(unit, "ExecReload")

    def stop(self, unit: str) -> None:
        self._execute(unit, "ExecStop", "ExecStopPost")
        for folder in self._settings(unit).get("RuntimeDirectory", ()):
            if "%i" in folder:
                shutil.rmtree(f"/run/{folder.replace('%i', _instance(unit))}", ignore_errors=True)

    def _execute(self, unit: str, *kinds: str) -> None:
        settings = self._settings(unit)
        environment = dict(
            word.split("=", 1) for value in settings["Environment"] for word in shlex.split(value)
        )
        assignments = ["env", *(f"{name}={value}" for name, value in environment.items())]
        stdin = "".join(
            f"{line.replace('%i', _instance(unit))}\n"
            for line in settings.get("StandardInputText", ())
        )
        for kind in kinds:
            for value in settings.get(kind, ()):
                argv = _words(value.removeprefix("-"), unit, environment)
                self.run(*assignments, *argv, check=not value.startswith("-"), text=stdin)

    def _settings(self, unit: str) -> dict[str, list[str]]:
        """The [Service] section of the unit and its drop-ins: systemd.syntax(7), as far as used."""
        folder = self.root / "etc/systemd/system"
        template = re.sub(r"@.*\.service", "@.service", unit)
        places = [folder / template]
        for name in dict.fromkeys((template, unit)):
            places += sorted((folder / f"{name}.d").glob("*.conf"))
        settings: dict[str, list[str]] = {"Environment": []}
        for place in places:
            text = place.read_text(encoding="utf-8").replace("\\\n", " ")
            service = re.split(r"^\[", text, flags=re.MULTILINE)
            lines = [part for part in service if part.startswith("Service]")]
            for line in "\n".join(lines).splitlines():
                if match := re.fullmatch(r"(\w+)=(.*)", line):
                    values = settings.setdefault(match[1], [])
                    values.append(match[2]) if match[2] else values.clear()
        return settings


def _instance(unit: str) -> str:
    return unit.partition("@")[2].removesuffix(".service")


def _words(command: str, unit: str, environment: dict[str, str]) -> list[str]:
    """The command's argv: systemd.service(5), COMMAND LINES."""
    words: list[str] = []
    for word in shlex.split(command.replace("%i", _instance(unit)).replace("%n", unit)):
        if match := re.fullmatch(r"\$(\w+)", word):
            words += environment[match[1]].split()
            continue
        known = re.sub(r"(?<!\$)\$\{(\w+)\}", lambda found: environment[found[1]], word)
        words.append(known.replace("$$", "$"))
    return words
