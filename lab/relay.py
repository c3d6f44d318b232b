"""Joins standard input and output to a TCP port of the loopback interface; QEMU runs it."""

from __future__ import annotations

import os
import socket
import sys
import threading


def main(port: int) -> None:
    """Until the server has sent everything and closes."""
    with socket.create_connection(("127.0.0.1", port)) as server:
        threading.Thread(target=_send, args=(server,), daemon=True).start()
        while chunk := server.recv(65536):
            _write(chunk)


def _send(server: socket.socket) -> None:
    while chunk := os.read(0, 65536):
        server.sendall(chunk)
    server.shutdown(socket.SHUT_WR)


def _write(chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(1, chunk) :]


if __name__ == "__main__":
    main(int(sys.argv[1]))
