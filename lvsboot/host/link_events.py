"""Waits for changes of links and addresses, by pyroute2."""

from __future__ import annotations

import errno
from typing import Any

from lvsboot.errors import HostError

# RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR (linux/rtnetlink.h).
_GROUPS = 0x1 | 0x10 | 0x100


class LinkEvents:
    """To be opened before links and addresses are read: then no later change is missed."""

    def __init__(self) -> None:
        self._socket = _open_socket()

    def __enter__(self) -> LinkEvents:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def wait(self) -> None:
        """Returns when something has changed; what has, the caller reads. Raises HostError."""
        try:
            self._socket.get()
        except OSError as error:
            # There were too many events to keep. pyroute2 asks for a new socket after that.
            if error.errno != errno.ENOBUFS:
                raise HostError(f"waiting for a change of links: {error.strerror}") from error
            self._socket.close()
            self._socket = _open_socket()


def _open_socket() -> Any:  # noqa: ANN401
    try:
        from pyroute2 import IPRSocket  # noqa: PLC0415 - half a second of imports
    except ImportError as error:
        raise HostError("announcing needs pyroute2: install python3-pyroute2") from error
    try:
        opened = IPRSocket()
        opened.bind(groups=_GROUPS)
    except OSError as error:
        raise HostError(f"listening for changes of links: {error.strerror}") from error
    return opened
