"""What lets a host be heard by ARP, by the settings that are in force."""

from __future__ import annotations

import pytest

from lvsboot.host.live_arp import opening_text

SILENT = {"all": "1", "default": "1", "eth0": "1", "lo": "0"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (SILENT, None),
        ({**SILENT, "all": "0"}, None),
        ({**SILENT, "all": "2", "eth0": "0", "default": "0"}, None),
        ({**SILENT, "lo": "3"}, None),
        ({**SILENT, "all": "0", "eth0": "0"}, "all.arp_ignore is 0, and decides for eth0"),
        # Larger is not stronger.
        ({**SILENT, "eth0.7": "3"}, "eth0/7.arp_ignore is 3, and decides for eth0.7"),
        ({**SILENT, "all": "4"}, "all.arp_ignore is 4, and decides for default"),
        ({**SILENT, "default": "12"}, "default.arp_ignore is 12, and decides for default"),
    ],
)
def test_what_decides(values: dict[str, str], said: str | None) -> None:
    reason = opening_text("arp_ignore", values)
    expected = None if said is None else f"net.ipv4.conf.{said} (needs 1, 2 or 8)"
    assert reason == expected


def test_only_2_keeps_the_vip_out_of_questions() -> None:
    assert opening_text("arp_announce", {"all": "2", "default": "0"}) is None
    assert opening_text("arp_announce", {"all": "1", "default": "1"}) is not None
