"""What counts as a removal, and when it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.commands.removal_guard import Removal, refusal_text, service_removal
from lvsboot.errors import Exit, RemovalRefusedError
from lvsboot.policy import Foreign
from tests.unit.commands.host import FOREIGN, Host, reload, rules, start


def services(*names: str) -> str:
    """Rules of services: `1:80` is 192.0.2.1 port 80, `f7` is mark 7."""
    keys = (f"-f {it[1:]}" if it[0] == "f" else f"-t 192.0.2.{it}" for it in names)
    return "".join(f"-A {key} -s wlc\n" for key in keys)


@pytest.mark.parametrize(
    ("live", "desired", "refused"),
    [
        # An empty table, the same rules, more of them.
        ("", "1:80 2:80", ""),
        ("1:80 2:80", "1:80 2:80 3:80", ""),
        # Half is not more than half.
        ("1:80 2:80 3:80 4:80", "1:80 2:80", ""),
        ("1:80 2:80 3:80", "1:80", "2 of 3 services (-t 192.0.2.2:80, -t 192.0.2.3:80)"),
        # Another host's rules.
        ("1:80 2:80", "3:80 4:80", "2 of 2 services (-t 192.0.2.1:80, -t 192.0.2.2:80)"),
        # The only one: as another it may come back, and what is left serves clients.
        ("1:80", "", "1 of 1 services (-t 192.0.2.1:80)"),
        ("1:80", "2:80", ""),
        # A port changes; of three on a VIP one takes the place of one.
        ("1:80", "1:8080", ""),
        ("1:80 1:443", "1:8080 1:8443", ""),
        ("1:80 1:443 1:22", "1:8080", "2 of 3 services (-t 192.0.2.1:80, -t 192.0.2.1:443)"),
        ("f1 f2", "f3 f4", "2 of 2 services (-f 1, -f 2)"),
        ("1:80 1:443", "f1", "2 of 2 services (-t 192.0.2.1:80, -t 192.0.2.1:443)"),
    ],
)
def test_what_is_refused(live: str, desired: str, refused: str) -> None:
    before, after = (rules(services(*names.split())).services for names in (live, desired))
    text = refusal_text([service_removal(before, after, before)])
    assert text == (f"removes {refused}" if refused else None)


def test_services_of_others_do_not_count() -> None:
    """Nor those that are ours and not live."""
    live = rules(services("1:80", "2:80", "3:80", "9:80")).services
    ours = rules(services("1:80", "2:80", "3:80", "4:80")).services
    removal = service_removal(live, rules(services("1:80", "2:80")).services, ours)
    assert removal == Removal("services", ["-t 192.0.2.3:80"], 3, 2)


def test_a_few_are_named() -> None:
    removal = Removal("VIPs", [str(number) for number in range(7)], 8, 1)
    assert removal.text == "7 of 8 VIPs (0, 1, 2, 3, 4, and 2 more)"


FOUR, ONE = services("1:80", "2:80", "3:80", "4:80"), services("1:80")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """With four services and another program's, and rules that have lost three."""
    host = Host(tmp_path, FOREIGN)
    host.write(rules=FOUR)
    start(host)
    host.write(rules=ONE)
    return host


def test_a_reload_is_refused_and_changes_nothing(host: Host) -> None:
    names = [name for name in host.places._fields if name != "lock"]
    before = {name: host.read(name) for name in names}
    host.kernel.sent.clear()
    with pytest.raises(RemovalRefusedError, match="removes 3 of 4 services") as caught:
        reload(host)
    assert "`systemctl restart lvs`" in str(caught.value)
    assert caught.value.exit_status == Exit.REFUSED
    assert (host.kernel.sent, host.table) == ([], FOUR + FOREIGN)
    assert {name: host.read(name) for name in names} == before


def test_half_may_go(host: Host) -> None:
    host.write(rules=services("1:80", "2:80"))
    reload(host)
    assert host.table == services("1:80", "2:80") + FOREIGN


def test_a_reload_that_may_remove(host: Host) -> None:
    reload(host, allow_removal=True)
    assert host.table == ONE + FOREIGN


@pytest.mark.parametrize("foreign", Foreign)
def test_a_start_is_never_refused(host: Host, foreign: Foreign) -> None:
    start(host, foreign=foreign)
    assert host.table == ONE + (FOREIGN if foreign is Foreign.KEEP else "")
