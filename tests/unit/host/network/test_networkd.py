""".network files and their drop-ins, read as systemd.network(5) says."""

from __future__ import annotations

import pytest

from lvsboot.host.network.networkd import Matching, NetworkFile, parse_network_file

MAC = "52:54:00:00:00:01"


@pytest.mark.parametrize(
    ("match", "matching"),
    [
        ("Name=eth0", Matching.YES),
        ("Name=lan1\nName=eth*", Matching.YES),
        ("Name=eth*\nName=\nName=lan1", Matching.NO),
        ("Name=!eth0 eth1", Matching.NO),
        ("Name=!lan*", Matching.YES),
        ("Type=ether", Matching.YES),
        ("Type=wlan\nName=*", Matching.NO),
        ("Driver=virtio_net", Matching.MAYBE),
        ("Driver=virtio_net\nName=eth1", Matching.NO),
        ("MACAddress=52-54-00-00-00-01 02:00:00:00:00:00", Matching.YES),
        ("PermanentMACAddress=02:00:00:00:00:00", Matching.NO),
        ("; Name=eth0", Matching.NO),
        # Nobody can tell in time what this would match.
        (f"Name={'[' * 1_000_000}", Matching.YES),
        ("Name=lan1 \\\n# eth1\n  eth0", Matching.YES),
        ("Name=lan1 \\\n  eth1", Matching.NO),
        ('Name="eth0"', Matching.YES),
        ("Name=eth[^1]", Matching.YES),
        ("Name=!lan*\nName=eth1", Matching.NO),
        ("", Matching.NO),
    ],
)
def test_which_nics_a_network_file_is_for(match: str, matching: Matching) -> None:
    text = f"[Network]\nName=eth0\n[Match]\n{match}\n[Link]\nName=eth0\n"
    assert network_file(text).matching("eth0", MAC) is matching
    assert network_file(text).match.line == 3


def network_file(*texts: str) -> NetworkFile:
    return parse_network_file((f"file{number}", text) for number, text in enumerate(texts))


def test_a_mac_that_is_not_known_may_be_the_nics() -> None:
    file = network_file(f"[Match]\nMACAddress={MAC}\n")
    assert file.matching("eth0", None) is Matching.MAYBE


@pytest.mark.parametrize(
    ("texts", "matching", "place"),
    [
        (("[Match]\nName=eth0", "[Network]\nDHCP=yes"), Matching.YES, "file0:1"),
        (("[Match]\nName=lan1", "# eth0\n[Match]\nName=eth0"), Matching.YES, "file1:2"),
        (("[Network]\nDHCP=yes", "", "[Match]\nName=eth*"), Matching.YES, "file2:1"),
        (("[Match]\nName=eth0", "[Match]\nName=\nName=lan1"), Matching.NO, ""),
        (("[Match]\nName=eth0", "[Match]\nType=wlan"), Matching.NO, ""),
        (("[Match]\nName=lan1", "[Match]\nName=", "[Match]\nName=eth0"), Matching.YES, "file2:1"),
    ],
)
def test_drop_ins_have_a_say_in_what_a_file_is_for(
    texts: tuple[str, ...], matching: Matching, place: str
) -> None:
    file = network_file(*texts)
    assert file.matching("eth0", MAC) is matching
    found = file.place_for("eth0", MAC)
    assert place in {f"{found.path}:{found.line}", ""}


@pytest.mark.parametrize(
    ("match", "matching"),
    [
        ("Name=lo", Matching.YES),
        ("Name=*", Matching.YES),
        ("Name=!eth*", Matching.YES),
        ("Name=l? eth0", Matching.YES),
        ("Type=loopback", Matching.YES),
        ("Type=!wlan", Matching.YES),
        ("MACAddress=00:00:00:00:00:00", Matching.YES),
        ("Name=*\nHost=rs1", Matching.MAYBE),
        ("Name=en* eth*", Matching.NO),
        ("Type=ether", Matching.NO),
        ("Name=*\nDriver=virtio_net", Matching.NO),
        ("Name=*\nDriver=!virtio_net", Matching.YES),
        (f"MACAddress={MAC}", Matching.NO),
        (f"PermanentMACAddress={MAC}", Matching.NO),
    ],
)
def test_which_files_are_los(match: str, matching: Matching) -> None:
    assert network_file(f"[Match]\n{match}\n").matching("lo", None) is matching


@pytest.mark.parametrize(
    ("text", "is_unmanaged"),
    [
        ("[Link]\nUnmanaged=yes", True),
        ("[Link]\nUnmanaged=yes\nUnmanaged=no", False),
        ("[Network]\nUnmanaged=yes", False),
        ("", False),
    ],
)
def test_a_link_that_networkd_leaves_alone(text: str, *, is_unmanaged: bool) -> None:
    assert network_file(text).is_unmanaged is is_unmanaged
