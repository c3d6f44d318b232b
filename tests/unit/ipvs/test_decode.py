"""Replies of the kernel, of which some are damaged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lvsboot.ipvs import netlink
from lvsboot.ipvs.decode import (
    decode_daemon,
    decode_destination,
    decode_key,
    decode_service,
)
from lvsboot.ipvs.encode import (
    encode_key,
)
from lvsboot.ipvs.netlink import Attributes, MalformedReplyError
from lvsboot.ipvs.numbers import Dest, Svc, Top
from lvsboot.ipvs.table import (
    Family,
    ServiceKey,
)
from tests.unit.ipvs import tables as drawn
from tests.unit.ipvs.dumps import damaged, dumped_service
from tests.unit.ipvs.wire import WEB, attributes


@given(drawn.keys, st.data())
def test_a_damaged_service_is_decoded_or_refused(key: ServiceKey, data: st.DataObject) -> None:
    cut = damaged(dumped_service(key, data.draw(drawn.service_options(key))), data)
    try:
        found = Attributes(netlink.generic_attributes(cut)).nested(Top.SERVICE)
        name = decode_key(found)
        options = name and decode_service(found, name.family)
    except MalformedReplyError:
        return
    assert options is None or isinstance(options.scheduler, str)


@given(st.binary(max_size=120))
def test_any_bytes_are_attributes_or_refused(data: bytes) -> None:
    try:
        found = attributes(data)
        decode_key(found)
        decode_service(found, Family.IPV4)
        decode_destination(found)
        decode_daemon(found)
    except MalformedReplyError:
        return


def test_a_service_of_a_protocol_that_is_not_known_is_nobody() -> None:
    found = attributes(
        encode_key(WEB).replace(netlink.u16(Svc.PROTOCOL, 6), netlink.u16(Svc.PROTOCOL, 51))
    )
    assert decode_key(found) is None
    assert Dest.ADDR == Top.SERVICE
