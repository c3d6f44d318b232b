"""The netlink channel, on a fake socket with scripted answers."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.errors import HostError, NotPermittedError
from lvsboot.ipvs import netlink
from lvsboot.ipvs.changes import AddDestination, AddService, steps
from lvsboot.ipvs.channel import Channel, RefusedError, RepliesLostError
from lvsboot.ipvs.encode import encode_key, encode_options, encode_timeouts
from lvsboot.ipvs.kernel import Kernel
from lvsboot.ipvs.netlink import MalformedReplyError
from lvsboot.ipvs.numbers import Command, Svc, Top
from lvsboot.ipvs.reconcile import Refusal
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    FirewallMark,
    Protocol,
    ServiceOptions,
    Table,
    Timeouts,
    VirtualAddress,
)
from tests.unit.ipvs import tables as drawn
from tests.unit.ipvs.dumps import dumped, dumped_service


class FakeSocket:
    """Returns its answers one by one, raises those that are an errno, and times out at the end."""

    def __init__(self, answers: Iterable[bytes | int]) -> None:
        self._answers = iter(answers)
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> int:
        self.sent.append(data)
        return len(data)

    def recv(self, size: int, _flags: int = 0) -> bytes:
        answer = next(self._answers, errno.EAGAIN)
        if isinstance(answer, int):
            raise OSError(answer, "refused")
        return answer[:size]

    def close(self) -> None:
        pass


def channel(*answers: bytes | int) -> Channel:
    return Channel(cast("socket.socket", FakeSocket(answers)))


def message(kind: int, sequence: int, body: bytes = b"") -> bytes:
    data = netlink.HEADER.pack(16 + len(body), kind, 2, sequence, 0) + body
    return data + bytes(-len(data) % 4)


def failure(number: int, sequence: int) -> bytes:
    body = (-number).to_bytes(4, sys.byteorder, signed=True) + bytes(16)
    return message(netlink.NLMSG_ERROR, sequence, body)


def reply(sequence: int, attributes: bytes, command: int = 1) -> bytes:
    return message(31, sequence, netlink.GENERIC_HEADER.pack(command, 1, 0) + attributes)


def done(sequence: int) -> bytes:
    return message(netlink.NLMSG_DONE, sequence, bytes(4))


def test_the_family_is_found_by_name() -> None:
    link = channel(reply(1, netlink.u16(netlink.CTRL_ATTR_FAMILY_ID, 31)))
    link.resolve_family()
    assert link.family_id == 31


def test_no_family_is_no_ipvs() -> None:
    with pytest.raises(HostError, match="CONFIG_IP_VS"):
        channel(failure(errno.ENOENT, 1)).resolve_family()


def dump(link: Channel) -> list[bytes]:
    (runs,) = link.dumps(Command.GET_SERVICE, [b""])
    return runs


def test_a_dump_comes_in_parts_and_old_replies_are_dropped() -> None:
    parts = (reply(1, b"") + reply(1, b"aaaa"), reply(1, b"bbbb") * 2 + done(1))
    link = channel(failure(errno.EINVAL, 0), *parts)
    assert [run[20:] for run in dump(link)] == [b"", b"aaaa", b"bbbb", b"bbbb"]


def test_messages_of_one_length_stay_together() -> None:
    run = reply(1, b"aaaa") * 3
    assert dump(channel(run, done(1))) == [run]


def test_an_end_is_found_where_lengths_hide_it() -> None:
    """Two messages and the end, together twice as long as the first message."""
    first, second = reply(1, bytes(36)), reply(1, bytes(16))
    data = first + second + done(1)
    assert len(data) == 2 * len(first)
    assert [*map(len, dump(channel(data)))] == [len(first), len(second)]


def test_a_dump_is_for_root() -> None:
    with pytest.raises(NotPermittedError, match="CAP_NET_ADMIN"):
        dump(channel(failure(errno.EPERM, 1)))


def test_a_refused_dump() -> None:
    with pytest.raises(RefusedError):
        dump(channel(failure(errno.EBUSY, 1)))


def test_a_batch_says_only_what_was_refused() -> None:
    link = channel(failure(errno.EEXIST, 2), failure(errno.ESRCH, 3), failure(0, 4))
    assert link.send_batch([b"", b"", b"", b""], first=1) == {2: errno.EEXIST, 3: errno.ESRCH}


def test_the_last_of_a_batch_may_be_the_refused_one() -> None:
    assert channel(failure(errno.EEXIST, 2)).send_batch([b"", b""], first=1) == {2: errno.EEXIST}


def test_a_kernel_that_is_silent() -> None:
    with pytest.raises(HostError, match="did not answer"):
        channel().query(Command.GET_CONFIG)


def test_lost_replies() -> None:
    with pytest.raises(RepliesLostError):
        channel(errno.ENOBUFS).send_batch([b""], first=1)


def test_an_empty_reply() -> None:
    with pytest.raises(MalformedReplyError):
        channel(b"").query(Command.GET_CONFIG)


@given(drawn.tables())
def test_a_table_is_read_as_the_kernel_shows_it(table: Table) -> None:
    """A service of an unknown protocol is left out, and its destinations are not dumped."""
    bodies = [dumped_service(key, service.options) for key, service in table.services.items()]
    unknown = dumped_service(VirtualAddress(Protocol.TCP, bytes(4), 80), ServiceOptions())
    bodies.append(unknown.replace(netlink.u16(Svc.PROTOCOL, 6), netlink.u16(Svc.PROTOCOL, 51)))
    answers = [message(31, 1, body) for body in bodies]
    answers.append(done(1))
    for sequence, service in enumerate(table.services.values(), start=2):
        rows = [message(31, sequence, dumped(*row)) for row in service.destinations.items()]
        answers += [*rows, done(sequence)]
    after = len(table.services) + 2
    answers += [reply(after, encode_timeouts(table.timeouts)), done(after + 1)]
    assert Kernel(channel(*answers)).read_table() == table._replace(daemons={})


def table_answers(first: int, *keys: FirewallMark) -> list[bytes]:
    """The replies to read_table() of a kernel with these services, which have no destinations."""
    services = [
        reply(
            first,
            netlink.nested(
                Top.SERVICE, encode_key(key) + encode_options(key.family, ServiceOptions())
            ),
        )
        for key in keys
    ]
    pools = [done(first + 1 + index) for index in range(len(keys))]
    after = first + 1 + len(keys)
    config = reply(after, encode_timeouts(Timeouts(1, 2, 3)))
    return [*services, done(first), *pools, config, done(after + 1)]


def test_a_table_is_read() -> None:
    table = Kernel(channel(*table_answers(1, FirewallMark(1), FirewallMark(2)))).read_table()
    assert [*table.services] == [FirewallMark(1), FirewallMark(2)]
    assert table.timeouts == Timeouts(1, 2, 3)


def test_where_replies_are_lost_the_table_is_asked() -> None:
    changes = [AddService(FirewallMark(mark), ServiceOptions()) for mark in (1, 2)]
    kernel = Kernel(
        channel(errno.ENOBUFS, b"old", errno.EAGAIN, *table_answers(3, FirewallMark(2)))
    )
    outcome = kernel.execute(changes, stop_when_refused=True)
    assert outcome.applied == (changes[1],)
    assert outcome.refused == (Refusal(changes[0], 0),)


def test_when_a_change_is_refused_no_further_batch_is_sent() -> None:
    changes = [AddService(FirewallMark(mark), ServiceOptions()) for mark in range(1, 300)]
    kernel = Kernel(channel(failure(errno.EEXIST, 1), failure(0, 256)))
    outcome = kernel.execute(changes, stop_when_refused=True)
    assert (len(outcome.applied), len(outcome.refused)) == (255, 1)


def test_a_large_pool_is_sent_in_parts_and_what_is_refused_of_it_is_named() -> None:
    key, row = FirewallMark(1), Destination()
    places = [DestinationKey(number.to_bytes(4, "big"), 0) for number in range(300)]
    change = AddService(key, ServiceOptions(), dict.fromkeys(places, row))
    fake = FakeSocket([failure(0, 256), failure(errno.EINVAL, 260), failure(0, 301)])
    kernel = Kernel(Channel(cast("socket.socket", fake)))
    outcome = kernel.execute([change], stop_when_refused=True)
    assert len(fake.sent) == 2
    refused = AddDestination(key, places[258], row)
    assert outcome.refused == (Refusal(refused, errno.EINVAL),)
    assert outcome.applied == tuple(step for step in steps(change) if step != refused)


def test_where_replies_are_lost_within_a_pool_only_that_part_is_asked_for() -> None:
    key = FirewallMark(1)
    places = [DestinationKey(number.to_bytes(4, "big"), 0) for number in range(300)]
    change = AddService(key, ServiceOptions(), dict.fromkeys(places, Destination()))
    link = channel(failure(0, 256), errno.ENOBUFS, errno.EAGAIN, *table_answers(302, key))
    outcome = Kernel(link).execute([change], stop_when_refused=True)
    assert len(outcome.applied) == 256
    assert {refusal.number for refusal in outcome.refused} == {0}
    assert [refusal.change for refusal in outcome.refused] == [*steps(change)[256:]]


@given(st.data())
def test_damaged_answers_are_errors(data: st.DataObject) -> None:
    answers = [bytearray(answer) for answer in table_answers(1, FirewallMark(1))]
    for _ in range(data.draw(st.integers(1, 6))):
        answer = data.draw(st.sampled_from(answers))
        answer[data.draw(st.integers(0, len(answer) - 1))] = data.draw(st.integers(0, 255))
    victim = data.draw(st.sampled_from(answers))
    del victim[data.draw(st.integers(1, len(victim))) :]
    try:
        Kernel(channel(*map(bytes, answers))).read_table()
    except (HostError, NotPermittedError):
        return


def test_a_key_is_asked_for_by_name() -> None:
    fake = FakeSocket([failure(0, 1)])
    Kernel(Channel(cast("socket.socket", fake))).zero(FirewallMark(5))
    assert encode_key(FirewallMark(5)) in fake.sent[0]
