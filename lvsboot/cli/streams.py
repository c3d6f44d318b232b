"""The standard streams, so that each is open and a failure of one has a sentence and a status."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

from lvsboot.errors import Exit, HostError

if TYPE_CHECKING:
    from typing import BinaryIO

_INPUT, _OUTPUT, _TALK = 0, 1, 2


def open_streams() -> None:
    """Makes standard output and standard error ones that can be relied on.

    To be called before any file is opened: that would get the number of a stream that the caller
    has closed, and what is meant for the stream would be written into it.
    """
    for descriptor in (_INPUT, _OUTPUT, _TALK):
        _occupy(descriptor)
    sys.stdout = _text(_Output(_OUTPUT, "wb", closefd=False))
    sys.stderr = _text(_Talk(_TALK, "wb", closefd=False))


def final_status(status: int) -> int:
    """The exit status, once more is known than the verb knew: what was to be said is lost."""
    talk = sys.stderr.buffer.raw if isinstance(sys.stderr.buffer, io.BufferedWriter) else None
    is_lost = isinstance(talk, _Talk) and talk.lost not in {0, errno.EPIPE}
    return Exit.FAILED if is_lost and status == Exit.DONE else status


def read_input(limit: int) -> bytes:
    """Standard input, but no more than `limit` bytes; HostError where it cannot be read."""
    content = bytearray()
    closed = sys.stdin is None
    stream: BinaryIO = io.FileIO(_INPUT, closefd=False) if closed else sys.stdin.buffer
    try:
        # None: there is nothing yet, and the descriptor is told not to wait.
        while (chunk := stream.read(limit - len(content))) is None or chunk:
            if chunk is None:
                _wait(reading=stream)
            else:
                content += chunk
    except OSError as error:
        raise _failed("cannot read standard input", error) from error
    return bytes(content)


def _occupy(descriptor: int) -> None:
    """Puts something there that can be neither read nor written, as if it were still closed."""
    try:
        os.fstat(descriptor)
    except OSError:
        # The lowest free number, which is this one. For the programs that we run, too.
        os.set_inheritable(os.open(os.devnull, os.O_PATH), True)  # noqa: FBT003


def _failed(what: str, error: OSError) -> HostError:
    reason = "it is closed" if error.errno == errno.EBADF else error.strerror
    return HostError(f"{what}: {reason}")


def _text(raw: io.FileIO) -> io.TextIOWrapper:
    """Whatever the locale is, a role is UTF-8, and no name may end the program."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=isinstance(raw, _Talk) or raw.isatty(),
    )


def _wait(*, reading: BinaryIO | None = None, writing: BinaryIO | None = None) -> None:
    import select

    select.select([reading] if reading else [], [writing] if writing else [], [])


class _Output(io.FileIO):
    """Results: whoever asked for them must know that they are lost."""

    def write(self, content: bytes) -> int:  # type: ignore[override]
        try:
            while (count := super().write(content)) is None:
                _wait(writing=self)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _failed("cannot write to standard output", error) from error
        return count


class _Talk(io.FileIO):
    """Talk: that it is lost must not end what is talked about half way.

    `lost` is the errno of what was not written, 0 for nothing. A reader that has gone is no
    failure: the journal may be started anew while a boot brings the rules in.
    """

    lost = 0

    def write(self, content: bytes) -> int:  # type: ignore[override]
        try:
            while (count := super().write(content)) is None:
                _wait(writing=self)
        except OSError as error:
            self.lost = error.errno or errno.EIO
            return len(content)
        return count
