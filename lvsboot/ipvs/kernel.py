"""Reads the kernel's IPVS table and sends it changes; diff() decides which."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from lvsboot.errors import HostError
from lvsboot.ipvs import netlink
from lvsboot.ipvs.changes import Change, all_steps, count_steps, is_in_effect
from lvsboot.ipvs.channel import Channel, RefusedError, RepliesLostError, open_channel
from lvsboot.ipvs.decode import decode_daemon, decode_key, decode_service, decode_timeouts
from lvsboot.ipvs.dumps import PoolDecoder
from lvsboot.ipvs.netlink import Attributes
from lvsboot.ipvs.numbers import Command, Top
from lvsboot.ipvs.reconcile import Outcome, Refusal
from lvsboot.ipvs.requests import RequestEncoder
from lvsboot.ipvs.table import Daemon, DaemonRole, Service, ServiceKey, Table, Timeouts

_BATCH = 256


class Kernel:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._encoder = RequestEncoder(channel.family_id)
        self._decoder = PoolDecoder()

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *reason: object) -> None:
        self._channel.__exit__(*reason)

    def read_table(self) -> Table:
        """The table without services of protocols that this program does not know."""
        services = {
            key: decode_service(service, key.family)
            for service in self.dump_services()
            if (key := decode_key(service)) is not None
        }
        pools = self._dumps(Command.GET_DEST, map(self._encoder.named_service, services))
        decode = self._decoder.decode
        table = {
            key: Service(options, decode(pool, key.family))
            for (key, options), pool in zip(services.items(), pools, strict=True)
        }
        return Table(table, self.read_timeouts(), self.read_daemons())

    def dump_services(self) -> list[Attributes]:
        return _nests(self._dump(Command.GET_SERVICE), Top.SERVICE)

    def dump_pool(self, key: ServiceKey) -> list[Attributes]:
        """The destinations of one service."""
        return _nests(self._dump(Command.GET_DEST, self._encoder.named_service(key)), Top.DEST)

    def read_timeouts(self) -> Timeouts:
        body = self._channel.query(Command.GET_CONFIG)
        return decode_timeouts(Attributes(netlink.generic_attributes(body)))

    def read_daemons(self) -> dict[DaemonRole, Daemon]:
        return dict(map(decode_daemon, _nests(self._dump(Command.GET_DAEMON), Top.DAEMON)))

    def execute(self, changes: Iterable[Change], *, stop_when_refused: bool) -> Outcome:
        """Send the changes in batches; the rest of a batch follows even when one is refused."""
        applied: list[Change] = []
        refused: list[Refusal] = []
        for batch in _batches(changes):
            failed = self._send(batch)
            if not failed:
                applied += batch
                continue
            for index, step in enumerate(all_steps(batch)):
                if index in failed:
                    refused.append(Refusal(step, failed[index]))
                else:
                    applied.append(step)
            if stop_when_refused:
                break
        return Outcome(tuple(applied), tuple(refused))

    def _send(self, batch: list[Change]) -> dict[int, int]:
        """Errno of the refused steps, by their place among the batch's."""
        first = self._channel.reserve(sum(map(count_steps, batch)))
        requests = self._encoder.changes(batch, first)
        failed: dict[int, int] = {}
        for begin in range(0, len(requests), _BATCH):
            part = requests[begin : begin + _BATCH]
            part[-1] = netlink.acknowledged(part[-1])
            try:
                refused = self._channel.send_batch(part, first + begin)
            except RepliesLostError:
                table = self.read_table()
                sent = islice(enumerate(all_steps(batch)), begin, begin + _BATCH)
                failed |= {index: 0 for index, step in sent if not is_in_effect(step, table)}
            else:
                failed |= {sequence - first: number for sequence, number in refused.items()}
        return failed

    def zero(self, key: ServiceKey | None = None) -> None:
        """Set the counters of one service, or of all, to zero; raises HostError."""
        sequence = self._channel.reserve()
        for number in self._channel.send_batch(
            [self._encoder.zero(key, sequence)], sequence
        ).values():
            raise HostError(f"the counters could not be zeroed: {os.strerror(number)}")

    def _dump(self, command: int, payload: bytes = b"") -> list[bytes]:
        return next(self._dumps(command, (payload,)))

    def _dumps(self, command: int, payloads: Iterable[bytes]) -> Iterator[list[bytes]]:
        try:
            yield from self._channel.dumps(command, payloads)
        except RefusedError as error:
            raise HostError(f"the kernel refuses to show its IPVS table: {error}") from error
        except RepliesLostError as error:
            raise HostError("the kernel lost a part of its IPVS table: try again") from error


def _batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Batches of some _BATCH steps; a larger pool stays in one batch, which is sent in parts."""
    batch: list[Change] = []
    size = 0
    for change in changes:
        batch.append(change)
        size += count_steps(change)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _nests(runs: Iterable[bytes], kind: int) -> list[Attributes]:
    bodies = chain.from_iterable(map(netlink.split_run, runs))
    return [Attributes(netlink.generic_attributes(body)).nested(kind) for body in bodies]


def open_kernel() -> Kernel:
    """The running kernel's table; raises HostError where there is no IPVS, NotPermittedError."""
    return Kernel(open_channel())
