"""What lvsboot loads, reconciles and saves is what ipvsadm makes of the same rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, note
from hypothesis import strategies as st

from lvsboot.commands import saving, service
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.policy import Foreign
from tests.golden import ROLES
from tests.kernel.generator import LETTERS, USED, Generator
from tests.kernel.hosts import CLEAR, VIEWS, Host

FOLDER = Path("/run/lvs-test")
NO_DAEMONS = "--stop-daemon master\n--stop-daemon backup\n--set 900 120 300\n"
# One of each role: the network backends leave the rules alone.
EXAMPLES = [*{it.read_text(): it for it in sorted(ROLES.glob("*/etc/lvs/ipvs.rules"))}.values()]
seeds = st.integers(0, 2**64)


def load(host: Host, text: str) -> service.Loaded:
    FOLDER.mkdir(exist_ok=True)
    rules = FOLDER / "rules"
    rules.write_text(text, encoding="utf-8")
    with host.entered():
        return service.reload(
            rules=str(rules),
            foreign=Foreign.REMOVE,
            allow_removal=True,
            places=StatePaths(*(str(FOLDER / name) for name in StatePaths._fields)),
        )


@given(before=seeds, seed=seeds)
@example(before=0, seed=0)
def test_any_rules_from_any_table(hosts: dict[str, Host], before: int, seed: int) -> None:
    """Into an empty table by ipvsadm, and by lvsboot's reconciling another one: the same."""
    oracle, ours, copy = hosts.values()
    text = Generator(seed).rules()
    note(text)
    expected = oracle.restore(f"{CLEAR}{text}{VIEWS}").stdout
    # Sync daemons follow the table, and mixed tunnels must not find an earlier example's.
    ours.restore(NO_DAEMONS)
    load(ours, Generator(before).rules())
    ours.restore(NO_DAEMONS)
    load(ours, text)
    assert ours.state() == expected
    assert load(ours, text).changes == ()
    with ours.entered():
        saved = saving.live_rules()
    assert copy.restore(f"{CLEAR}{saved}{VIEWS}").stdout == expected
    assert load(ours, saved).changes == ()
    assert ours.state() == expected


@pytest.mark.parametrize("rules", EXAMPLES, ids=lambda rules: rules.parents[2].name)
def test_an_examples_rules(hosts: dict[str, Host], rules: Path) -> None:
    """What a golden tree holds: ipvsadm -R says nothing of it, and loads what lvsboot does."""
    oracle, ours, _copy = hosts.values()
    text = rules.read_text(encoding="utf-8")
    oracle.restore(CLEAR)
    done = oracle.restore(text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    ours.restore(CLEAR)
    load(ours, text)
    assert ours.state() == oracle.state()
    assert load(ours, text).changes == ()


def test_the_examples_are_all_there() -> None:
    methods = {word for rules in EXAMPLES for word in rules.read_text().split()}
    assert {"-m", "-g", "-i", "-f", "-6", "-p", "-M"} <= methods


def test_nothing_that_ipvsadm_takes_was_left_out() -> None:
    """Runs behind the property above."""
    assert [name for name in LETTERS if not USED[name]] == []
