"""Hosts on an Ethernet segment, and the packets that they exchange."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.kernel.hosts import Host, run

# Addresses of the guide's cluster, as in examples/dr; IPv6 ones beside them.
VIP, VIP6 = "172.16.14.1", "2001:db8:14::1"
DIRECTOR, DIRECTOR6 = "172.16.14.10", "2001:db8:14::10"
SERVER, SERVER6 = "172.16.14.11", "2001:db8:14::11"
CLIENT, CLIENT6 = "172.16.14.100", "2001:db8:14::100"
_ETH_P_ALL = 3
_ETHERTYPE = {0x0800: 4, 0x86DD: 6}
_TIMEOUT = 5.0


class Segment:
    """A bridge in a namespace of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "add", "bridge", "up", "type", "bridge")

    def remove(self) -> None:
        run("ip", "netns", "delete", self.name)

    def plug(self, host: Host, interface: str, *addresses: str) -> None:
        """Gives the host an interface here, up and with these addresses."""
        port = f"{host.name}-{interface}"[:15]
        _batch(
            self.name,
            f"link add {port} master bridge up type veth peer name {interface} netns {host.name}",
        )
        lines = [f"link set {interface} up"]
        lines += [f"address add {address} dev {interface}" for address in addresses]
        # The kernel's tests of an IPv6 address take a second.
        _batch(host.name, *(f"{line} nodad" if ":" in line else line for line in lines))


def _batch(namespace: str, *lines: str) -> None:
    text = "".join(f"{line}\n" for line in lines)
    subprocess.run(["ip", "-n", namespace, "-batch", "-"], input=text, text=True, check=True)


@contextmanager
def serving(host: Host, address: str, *ports: int) -> Iterator[None]:
    """Each port says who is asked, and by which address; a longer question is read to its end."""
    listeners = []
    with host.entered():
        for port in ports:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            # Bound to the VIP's own address, as it is what the answer must come from.
            listeners.append(socket.create_server((address, port), family=family))
    threads = [threading.Thread(target=_answer, args=(host.name, it)) for it in listeners]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for listener in listeners:
            listener.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for listener in listeners:
            listener.close()


def _answer(name: str, listener: socket.socket) -> None:
    while True:
        try:
            accepted, peer = listener.accept()
        except OSError:
            return
        with accepted:
            accepted.settimeout(_TIMEOUT)
            try:
                size = 0
                while data := accepted.recv(65536):
                    size += len(data)
                accepted.sendall(f"{name} {peer[0]} {size}".encode())
            except OSError:
                continue


def ask(
    host: Host,
    address: str,
    port: int,
    *,
    source: str = "",
    size: int = 0,
    timeout: float = _TIMEOUT,
) -> str:
    """What the server says, `NAME ASKING-ADDRESS SIZE`; OSError where none does."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with host.entered():
        question = socket.socket(family)
    with question:
        question.settimeout(timeout)
        if source:
            question.bind((source, 0))
        question.connect((address, port))
        question.sendall(b"x" * size)
        question.shutdown(socket.SHUT_WR)
        answer = b""
        while data := question.recv(65536):
            answer += data
    return answer.decode()


@dataclass(frozen=True, slots=True)
class SynAck:
    """A server's offer as it came by: the sender's hardware address, and the MSS in bytes."""

    mac: str
    mss: int


@contextmanager
def watching(host: Host, interface: str, address: str) -> Iterator[list[SynAck]]:
    """The SYN-ACKs of the address that arrive meanwhile; filled when the block ends."""
    seen: list[SynAck] = []
    with host.entered():
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        tap.bind((interface, 0))
    tap.settimeout(0)
    with tap:
        yield seen
        while True:
            try:
                frame = tap.recv(65536)
            except BlockingIOError:
                break
            found = _syn_ack(frame, socket.inet_pton(_family(address), address))
            if found is not None:
                seen.append(found)


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _syn_ack(frame: bytes, source: bytes) -> SynAck | None:
    version = _ETHERTYPE.get(struct.unpack_from("!H", frame, 12)[0])
    packet = frame[14:]
    if version == 4 and packet[9] == socket.IPPROTO_TCP and packet[12:16] == source:
        tcp = packet[(packet[0] & 15) * 4 :]
    elif version == 6 and packet[6] == socket.IPPROTO_TCP and packet[8:24] == source:
        tcp = packet[40:]
    else:
        return None
    if tcp[13] & 0x17 != 0x12:
        return None
    options = tcp[20 : (tcp[12] >> 4) * 4]
    while options:
        if options[0] == 2:
            return SynAck(frame[6:12].hex(":"), struct.unpack_from("!H", options, 2)[0])
        options = options[1:] if options[0] == 1 else options[options[1] :]
    return None
