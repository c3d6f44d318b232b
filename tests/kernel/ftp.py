"""As much of an FTP server (RFC 959) as one download takes, passive or active."""

from __future__ import annotations

import ftplib
import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from tests.kernel.hosts import Host

CONTENT = b"x" * 5000
_TIMEOUT = 5.0
_DATA_PORT = 20


@contextmanager
def serving_ftp(host: Host, address: str) -> Iterator[None]:
    with host.entered():
        listener = socket.create_server((address, 21))
    thread = threading.Thread(target=_serve, args=(host, listener, address))
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def download(host: Host, address: str, *, passive: bool) -> tuple[bytes, str]:
    """The file, and where the client was told to fetch it from (nowhere where it listens)."""
    said: list[str] = []

    class Client(ftplib.FTP):
        trust_server_pasv_ipv4_address = True

        def makepasv(self) -> tuple[str, int]:
            told = super().makepasv()
            said.append(told[0])
            return told

    file = io.BytesIO()
    with host.entered(), Client(timeout=_TIMEOUT) as client:
        client.connect(address)
        client.login()
        client.set_pasv(passive)
        client.retrbinary("RETR file", file.write)
    return file.getvalue(), "".join(said)


def _serve(host: Host, listener: socket.socket, address: str) -> None:
    with host.entered():
        while True:
            try:
                accepted, _peer = listener.accept()
            except OSError:
                return
            with accepted:
                accepted.settimeout(_TIMEOUT)
                try:
                    _talk(accepted, address)
                except OSError:
                    continue


def _talk(control: socket.socket, address: str) -> None:
    def say(text: str) -> None:
        control.sendall(f"{text}\r\n".encode())

    say("220 here")
    with ExitStack() as opened:
        for line in opened.enter_context(control.makefile("r", newline="\r\n")):
            word, _, rest = line.strip().partition(" ")
            match word.upper():
                case "PASV":
                    passive = opened.enter_context(socket.create_server((address, 0)))
                    passive.settimeout(_TIMEOUT)
                    high, low = divmod(passive.getsockname()[1], 256)
                    data: Callable[[], socket.socket] = partial(_accept, passive)
                    say(f"227 Entering Passive Mode ({address.replace('.', ',')},{high},{low}).")
                case "PORT":
                    data = partial(_connect, address, rest.split(","))
                    say("200 as you like")
                case "RETR":
                    say("150 it comes")
                    with data() as channel:
                        channel.sendall(CONTENT)
                    say("226 that was it")
                case "QUIT":
                    say("221 gone")
                    return
                case _:
                    say("230 fine" if word.upper() in {"USER", "PASS"} else "200 fine")


def _accept(passive: socket.socket) -> socket.socket:
    return passive.accept()[0]


def _connect(address: str, numbers: list[str]) -> socket.socket:
    """From FTP's own data port, as RFC 959 has it, though the last connection lingers there."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.settimeout(_TIMEOUT)
    opened.bind((address, _DATA_PORT))
    try:
        opened.connect((".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5])))
    except OSError:
        opened.close()
        raise
    return opened
