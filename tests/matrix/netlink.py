"""The netlink messages that a host's programs sent to IPVS, captured by an nlmon device."""

from __future__ import annotations

import base64
import gzip
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from lab.vm import VM

# linux/ip_vs.h: the commands of the family IPVS that remove something.
DELETIONS = {3: "DEL_SERVICE", 7: "DEL_DEST", 10: "DEL_DAEMON", 17: "FLUSH"}
_CTRL, _NEWFAMILY = 0x10, 1
_FAMILY_ID, _FAMILY_NAME = 1, 2
_PCAP_HEADER, _RECORD_HEADER = 24, 16
# LINKTYPE_NETLINK's own, before the netlink message.
_LINK_HEADER = 16
_REQUEST = 0x1


@contextmanager
def watching_netlink(vm: VM) -> Iterator[Counter[int]]:
    """The IPVS commands that were sent, by number; filled when the block ends."""
    sent: Counter[int] = Counter()
    vm.run("ip link add nlmon0 type nlmon; ip link set nlmon0 up")
    vm.run(
        "systemd-run --quiet --unit=lab-netlink -p StandardError=truncate:/tmp/netlink.log "
        "tcpdump -i nlmon0 -s 32768 -B 16384 --immediate-mode -U -w /tmp/netlink.pcap"
    )
    vm.run("for i in $(seq 100); do grep -q listening /tmp/netlink.log && exit; sleep 0.1; done")
    try:
        yield sent
    finally:
        vm.run("sleep 0.5; systemctl stop lab-netlink; ip link delete nlmon0")
    log = vm.run("cat /tmp/netlink.log")
    assert "\n0 packets dropped by kernel" in log, log
    capture = base64.b64decode(vm.run("gzip -c /tmp/netlink.pcap | base64 -w 0", timeout=300))
    sent.update(_ipvs_commands(_records(gzip.decompress(capture))))


def _records(pcap: bytes) -> Iterator[tuple[int, bytes]]:
    """Each message's netlink family (linux/netlink.h), and the message."""
    offset = _PCAP_HEADER
    while offset < len(pcap):
        size: int = struct.unpack_from("=I", pcap, offset + 8)[0]
        record = pcap[offset + _RECORD_HEADER : offset + _RECORD_HEADER + size]
        yield struct.unpack_from("!H", record, _LINK_HEADER - 2)[0], record[_LINK_HEADER:]
        offset += _RECORD_HEADER + size


def _ipvs_commands(records: Iterator[tuple[int, bytes]]) -> Iterator[int]:
    generic = 16
    messages = [message for family, message in records if family == generic]
    [number] = {_family_number(message) for message in messages} - {None}
    for message in messages:
        # A batch is one write of many messages.
        while len(message) >= 17:
            length, kind, flags = struct.unpack_from("=IHH", message)
            if kind == number and flags & _REQUEST:
                yield message[16]
            message = message[length + -length % 4 :]  # noqa: PLW2901


def _family_number(message: bytes) -> int | None:
    """IPVS's, where the controller tells it."""
    _length, kind = struct.unpack_from("=IH", message)
    if kind != _CTRL or len(message) < 20 or message[16] != _NEWFAMILY:
        return None
    attributes, offset = {}, 20
    while offset + 4 <= len(message):
        size, name = struct.unpack_from("=HH", message, offset)
        attributes[name] = message[offset + 4 : offset + size]
        offset += max(4, size + -size % 4)
    if attributes.get(_FAMILY_NAME) != b"IPVS\0":
        return None
    return int(struct.unpack("=H", attributes[_FAMILY_ID])[0])
