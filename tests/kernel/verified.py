"""Hosts of the kernel tier on which verify runs, with files of their own below /run and /var."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tests.kernel.units import RoleHost

# Where a host differs from the VM, beside what `ip netns exec` sees to.
SEEN = (
    *("etc/systemd/system", "etc/udev/rules.d", "etc/modules-load.d", "etc/modprobe.d"),
    *("var/lib/lvs", "run/lvs"),
)
NOBODY = 65534
_WRONG = ("warning", "failure")
_ORDER = ("ok", "unknown", "warning", "failure")


@dataclass(frozen=True, slots=True)
class Verified:
    """What verify said: each check's worst outcome, the results, and the exit status."""

    outcomes: Mapping[str, str]
    results: tuple[Mapping[str, str], ...]
    status: int
    stderr: str

    @property
    def wrong(self) -> set[str]:
        """Checks that found something."""
        return {name for name, outcome in self.outcomes.items() if outcome in _WRONG}

    def fixes(self, check: str) -> str:
        return "\n".join(result["fix"] for result in self.results if result["id"] == check)


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    stdout: str
    stderr: str


class VerifiedHost(RoleHost):
    """Has a process that runs lvsboot, and scripts, with the host's own files."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        for folder in SEEN:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        self._agents = {user: self._start(user) for user in (0, NOBODY)}

    def remove(self) -> None:
        for agent in self._agents.values():
            agent.communicate()
        super().remove()

    def _start(self, user: int) -> subprocess.Popen[str]:
        """A user other than root has no capability."""
        binds = "".join(f"mkdir -p /{it}; mount --bind {self.root}/{it} /{it}; " for it in SEEN)
        bounding = "--bounding-set=-all" if user else ""
        become = f"setpriv --reuid {user} --clear-groups {bounding}"
        script = f"{binds}exec {become} {sys.executable} -m tests.kernel.agent"
        argv = ["ip", "netns", "exec", self.name, "sh", "-ec", script]
        return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, user: int = 0, **question: str) -> Done:
        agent = self._agents[user]
        assert agent.stdin is not None
        assert agent.stdout is not None
        agent.stdin.write(f"{json.dumps(question)}\n")
        agent.stdin.flush()
        return Done(**json.loads(agent.stdout.readline()))

    def lvsboot_here(self, *arguments: str, user: int = 0) -> Done:
        return self._ask(user, words=json.dumps(arguments))

    def change(self, script: str) -> None:
        """A script of sh, whose commands must not fail."""
        done = self._ask(script=script)
        assert done.status == 0, f"{script}: {done.stderr}"

    def verify(self, *words: str, user: int = 0) -> Verified:
        done = self.lvsboot_here("verify", "--json", *words, user=user)
        assert done.stdout, done.stderr
        results = tuple(json.loads(done.stdout)["results"])
        outcomes: dict[str, str] = {}
        for result in results:
            name, outcome = result["id"], result["outcome"]
            outcomes[name] = max(outcomes.get(name, "ok"), outcome, key=_ORDER.index)
        return Verified(outcomes, results, done.status, done.stderr)
