"""Runs other programs: the only module that starts any."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from lvsboot.errors import HostError, NotPermittedError

# A busy host answers in a second; a table of nftables with 100,000 elements is a few MiB.
_QUERY_SECONDS = 60.0
_QUERY_BYTES = 64 << 20
_CHUNK = 1 << 16


def run(argv: Sequence[str]) -> str:
    """Standard output of `argv`; HostError with its standard error where it fails."""
    with _translate_start_errors(argv[0]):
        done = subprocess.run(argv, capture_output=True, check=False)
    return _output(argv, done.returncode, done.stdout, done.stderr)


def query(
    argv: Sequence[str], *, seconds: float = _QUERY_SECONDS, limit: int = _QUERY_BYTES
) -> str:
    """As run(), for what only reads: ended, with its children, after `seconds` or `limit` bytes."""
    with (
        _translate_start_errors(argv[0]),
        subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process,
    ):
        try:
            out, err = _read_both(process, argv, time.monotonic() + seconds, limit)
        except TimeoutError as error:
            raise HostError(f"`{' '.join(argv)}` has not ended after {seconds:g} s") from error
        finally:
            # With its children: the session is its own, and the number is until it is waited for.
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return _output(argv, process.returncode, out, err)


def _read_both(
    process: subprocess.Popen[bytes], argv: Sequence[str], deadline: float, limit: int
) -> tuple[bytes, bytes]:
    """Standard output and error; raises TimeoutError, HostError above `limit` bytes."""
    out, err = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, text in ((process.stdout, out), (process.stderr, err)):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, text)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _events in ready:
                chunk = os.read(key.fd, _CHUNK)
                key.data.extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif len(key.data) > limit:
                    raise HostError(f"`{' '.join(argv)}` printed more than {limit >> 20} MiB")
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    return bytes(out), bytes(err)


@contextmanager
def _translate_start_errors(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise HostError(f"{name} is not installed") from error
    except PermissionError as error:
        raise NotPermittedError(f"{name} may not be run: {error.strerror}") from error
    except OSError as error:
        raise HostError(f"{name} cannot be run: {error.strerror}") from error


def _output(argv: Sequence[str], status: int, out: bytes, err: bytes) -> str:
    if status != 0:
        reason = err.decode("utf-8", "replace").strip() or f"exit status {status}"
        raise HostError(f"`{' '.join(argv)}` failed: {reason}")
    return out.decode("utf-8", "replace")
