"""Changes of links and addresses, heard on a real kernel in a namespace of its own."""

from __future__ import annotations

import pytest

from tests.unit.host.namespace import run_in_namespace

pytest.importorskip("pyroute2", exc_type=ImportError)


@pytest.mark.parametrize(
    "change",
    [
        "'link', 'set', 'eth0', 'down'",
        "'link', 'delete', 'eth0'",
        "'address', 'add', '192.0.2.1/32', 'dev', 'eth0'",
        "'address', 'add', '2001:db8::1/128', 'dev', 'eth0', 'nodad'",
    ],
)
def test_a_change_is_heard(change: str) -> None:
    said = run_in_namespace(f"""
        from lvsboot.host.link_events import LinkEvents
        with LinkEvents() as events:
            ip({change})
            events.wait()
            print("heard")
        """)
    assert said == "heard\n"


@pytest.mark.long
def test_after_more_changes_than_are_kept_the_next_one_is_heard() -> None:
    said = run_in_namespace("""
        import threading
        from lvsboot.host.link_events import LinkEvents
        lines = [f"address add 10.{i >> 8}.{i & 255}.1/32 dev eth0" for i in range(6000)]
        with LinkEvents() as events:
            ip("-batch", "-", input="\\n".join(lines), text=True)
            opened = events._socket
            while events._socket is opened:
                events.wait()
            # A link's carrier, and an IPv6 address after its detection of duplicates, come later.
            for _ in range(50):
                waiting = threading.Thread(target=events.wait)
                waiting.start()
                waiting.join(0.2)
                if waiting.is_alive():
                    break
            print(waiting.is_alive())
            ip("link", "delete", "eth0")
            waiting.join(10)
            print(waiting.is_alive())
        """)
    assert said == "True\nFalse\n"
