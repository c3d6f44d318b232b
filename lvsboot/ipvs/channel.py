"""One generic netlink socket of the IPVS family: dumps, queries and batches of changes."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from struct import pack

from lvsboot.errors import HostError, NotPermittedError
from lvsboot.ipvs import netlink
from lvsboot.ipvs.numbers import FAMILY_NAME

_NETLINK_GENERIC = 16
_SOL_NETLINK = 270
# Error replies then quote a request's header only, not all of it.
_NETLINK_CAP_ACK = 10
_SO_SNDBUFFORCE = 32
_SO_RCVBUFFORCE = 33

# The kernel fills at most so much of a dump at a time, and no single reply is larger. Twice as
# much would let it fill more, and cost more in memory that is taken and given back each time.
_RECEIVE_SIZE = 16 * 1024
# A batch of refusals is 256 replies of about 1 KiB each with the kernel's own overhead.
_RECEIVE_BUFFER = 2 * 1024 * 1024
_SEND_BUFFER = 1024 * 1024
_REPLY_SECONDS = 30

_ABSENT = (
    "the running kernel has no IPVS: the module ip_vs is neither built in nor loadable. Debian's "
    "linux-image-amd64 and linux-image-cloud-amd64 carry it, a kernel of your own needs "
    "CONFIG_IP_VS; after an upgrade of the kernel, reboot"
)
_FORBIDDEN = "IPVS is for root: CAP_NET_ADMIN in the initial user namespace is needed"


class RepliesLostError(Exception):
    """The receive buffer overflowed (ENOBUFS): which requests were refused is not known."""


class RefusedError(Exception):
    """The kernel refused a single request."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(os.strerror(number))


class Channel:
    """Requests go out as bytes with consecutive sequence numbers; replies are matched by them."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._sequence = 0
        self.family_id = 0

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()

    def reserve(self, count: int = 1) -> int:
        """Reserve `count` sequence numbers and return the first."""
        first = self._sequence + 1
        self._sequence += count
        return first

    def resolve_family(self) -> None:
        """Find the family's number. Asking for it by name makes the kernel load ip_vs."""
        name = netlink.string(netlink.CTRL_ATTR_FAMILY_NAME, FAMILY_NAME)
        try:
            body = self._ask(netlink.GENL_ID_CTRL, netlink.CTRL_CMD_GETFAMILY, name)
        except RefusedError as error:
            if error.number == errno.ENOENT:
                raise HostError(_ABSENT) from error
            raise HostError(f"cannot find IPVS in generic netlink: {error}") from error
        found = netlink.Attributes(netlink.generic_attributes(body))
        self.family_id = found.number(netlink.CTRL_ATTR_FAMILY_ID, 2)

    def query(self, command: int) -> bytes:
        """The body of the one reply; raises RefusedError."""
        return self._ask(self.family_id, command, b"")

    def _ask(self, kind: int, command: int, payload: bytes) -> bytes:
        sequence = self.reserve()
        self._send(netlink.request(kind, 0, sequence, command, payload))
        for message in self._replies(sequence):
            if message.kind == netlink.NLMSG_ERROR:
                raise RefusedError(_refusal(message))
            return message.body
        raise AssertionError("replies never end")

    def dumps(self, command: int, payloads: Iterable[bytes]) -> Iterator[list[bytes]]:
        """A dump for each of the payloads, as runs of messages.

        Raises RefusedError, RepliesLostError. This loop is inlined since a restart of a large
        table dumps thousands of pools.
        """
        link, take_runs = self._link, netlink.take_runs
        for payload in payloads:
            sequence = self.reserve()
            asked = netlink.request(self.family_id, netlink.NLM_F_DUMP, sequence, command, payload)
            runs: list[bytes] = []
            end = None
            try:
                link.send(asked)
                while end is None:
                    end = take_runs(link.recv(_RECEIVE_SIZE), sequence, runs)
            except OSError as error:
                raise self._explained(error) from error
            if end.kind != netlink.NLMSG_DONE:
                raise RefusedError(_refusal(end))
            yield runs

    def send_batch(self, requests: Sequence[bytes], first: int) -> dict[int, int]:
        """Errno by sequence number of the requests that were refused.

        The requests are numbered from `first`, and only the last one asks for an acknowledgement:
        the kernel answers in order, and the others only when it refuses them.
        """
        last = first + len(requests) - 1
        self._send(b"".join(requests))
        refused: dict[int, int] = {}
        for message in self._replies(first, last):
            if message.kind != netlink.NLMSG_ERROR:
                continue
            number = netlink.error_number(message.body)
            if number == errno.EPERM:
                raise NotPermittedError(_FORBIDDEN)
            if number:
                refused[message.sequence] = number
            if message.sequence == last:
                return refused
        raise AssertionError("replies never end")

    def _send(self, data: bytes) -> None:
        try:
            self._link.send(data)
        except OSError as error:
            raise self._explained(error) from error

    def _replies(self, first: int, last: int | None = None) -> Iterator[netlink.Message]:
        """Replies to the given sequence numbers, without end; those to earlier ones are dropped."""
        last = first if last is None else last
        while True:
            for message in netlink.split_messages(self._receive()):
                if first <= message.sequence <= last:
                    yield message

    def _receive(self) -> bytes:
        try:
            return self._link.recv(_RECEIVE_SIZE)
        except OSError as error:
            raise self._explained(error) from error

    def _explained(self, error: OSError) -> Exception:
        """The exception for a failed send or receive."""
        if isinstance(error, BlockingIOError):
            return HostError(f"the kernel did not answer for {_REPLY_SECONDS} s")
        if error.errno == errno.ENOBUFS:
            self._drain()
            return RepliesLostError()
        return HostError(f"cannot exchange netlink messages with the kernel: {error.strerror}")

    def _drain(self) -> None:
        """Drop queued replies: in a full buffer the next request's replies would be lost, too."""
        while True:
            try:
                self._link.recv(_RECEIVE_SIZE, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return


def _refusal(message: netlink.Message) -> int:
    number = netlink.error_number(message.body)
    if number == errno.EPERM:
        raise NotPermittedError(_FORBIDDEN)
    return number


def open_channel() -> Channel:
    """A channel to the IPVS family; raises HostError where there is none, NotPermittedError."""
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_GENERIC)
    try:
        link.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _SEND_BUFFER)
        link.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)
        # Not settimeout(), with which Python polls before every call.
        timeout = pack("@ll", _REPLY_SECONDS, 0)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        link.setsockopt(_SOL_NETLINK, _NETLINK_CAP_ACK, 1)
        channel = Channel(link)
        channel.resolve_family()
    except PermissionError as error:
        link.close()
        raise NotPermittedError(_FORBIDDEN) from error
    except BaseException:
        link.close()
        raise
    return channel
