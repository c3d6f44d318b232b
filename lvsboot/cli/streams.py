"""The standard streams: each is open, and a failed write has a sentence and an exit status."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

from lvsboot.errors import Exit, HostError

if TYPE_CHECKING:
    from typing import BinaryIO

_INPUT, _OUTPUT, _LOG = 0, 1, 2


def open_streams() -> None:
    """Replaces standard output and standard error by streams that report a failed write.

    Call it before any file is opened: the file would get the number of a stream that the caller
    has closed, and the stream's text would be written into it.
    """
    for descriptor in (_INPUT, _OUTPUT, _LOG):
        _occupy(descriptor)
    sys.stdout = _text(_Output(_OUTPUT, "wb", closefd=False))
    sys.stderr = _text(_Log(_LOG, "wb", closefd=False))


def final_status(status: int) -> int:
    """The verb's exit status; FAILED where the verb is done and a message could not be written."""
    log = sys.stderr.buffer.raw if isinstance(sys.stderr.buffer, io.BufferedWriter) else None
    is_lost = isinstance(log, _Log) and log.lost not in {0, errno.EPIPE}
    return Exit.FAILED if is_lost and status == Exit.DONE else status


def read_input(limit: int) -> bytes:
    """Standard input, but no more than `limit` bytes; HostError where it cannot be read."""
    content = bytearray()
    closed = sys.stdin is None
    stream: BinaryIO = io.FileIO(_INPUT, closefd=False) if closed else sys.stdin.buffer
    try:
        # None: there is nothing yet, and the descriptor is non-blocking.
        while (chunk := stream.read(limit - len(content))) is None or chunk:
            if chunk is None:
                _wait(reading=stream)
            else:
                content += chunk
    except OSError as error:
        raise _failed("cannot read standard input", error) from error
    return bytes(content)


def _occupy(descriptor: int) -> None:
    """Opens /dev/null there, by O_PATH: reads and writes fail as on a closed descriptor."""
    try:
        os.fstat(descriptor)
    except OSError:
        # The lowest free number, which is this one. For the programs that we run, too.
        os.set_inheritable(os.open(os.devnull, os.O_PATH), True)  # noqa: FBT003


def _failed(what: str, error: OSError) -> HostError:
    reason = "it is closed" if error.errno == errno.EBADF else error.strerror
    return HostError(f"{what}: {reason}")


def _text(raw: io.FileIO) -> io.TextIOWrapper:
    """UTF-8 in every locale; a file's name that is not UTF-8 is escaped."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=isinstance(raw, _Log) or raw.isatty(),
    )


def _wait(*, reading: BinaryIO | None = None, writing: BinaryIO | None = None) -> None:
    import select

    select.select([reading] if reading else [], [writing] if writing else [], [])


class _Output(io.FileIO):
    """Results: a failed write raises HostError."""

    def write(self, content: bytes) -> int:  # type: ignore[override]
        try:
            while (count := super().write(content)) is None:
                _wait(writing=self)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _failed("cannot write to standard output", error) from error
        return count


class _Log(io.FileIO):
    """Messages: a failed write must not end a verb half way.

    `lost` is the errno of a message that was not written, 0 for none. A closed pipe (EPIPE) is no
    failure: the journal may be restarted while a boot loads the rules.
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
