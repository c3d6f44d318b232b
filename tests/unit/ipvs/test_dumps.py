"""The decoder of large dumps, against the general one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lvsboot.ipvs import netlink
from lvsboot.ipvs.dumps import PoolDecoder, _decode_row
from lvsboot.ipvs.encode import (
    encode_destination,
)
from lvsboot.ipvs.netlink import MalformedReplyError, split_attributes
from lvsboot.ipvs.numbers import Top
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Family,
    ServiceKey,
    family_of,
)
from tests.unit.ipvs import tables as drawn
from tests.unit.ipvs.dumps import damaged, dumped, run_of


@given(drawn.keys, st.data())
def test_the_quick_decoder_is_the_general_one(service: ServiceKey, data: st.DataObject) -> None:
    rows = dict(data.draw(st.lists(drawn.destinations(service), max_size=4)))
    bodies = [dumped(*row) for row in rows.items()]
    decoder = PoolDecoder()
    assert decoder.decode([run_of(*bodies)] * bool(rows), service.family) == rows
    assert dict(_decode_row(body, service.family) for body in bodies) == rows
    mixed = {family_of(key.address) for key in rows} - {service.family}
    assert mixed or all(decoder._decode_usual(run_of(body), service.family, {}) for body in bodies)


def test_another_layout_is_decoded_too() -> None:
    """Kernels before 5.3 have no tunnels, and another order is no error."""
    key, row = DestinationKey(b"\x0a\0\0\1", 80), Destination(weight=5)
    parts = split_attributes(encode_destination(key, row))
    for numbers in ((1, 2, 3, 4, 5, 6, 11), (11, 6, 5, 4, 3, 2, 1), (1, 2, 3, 4, 5, 6)):
        nest = b"".join(netlink.attribute(kind, parts[kind]) for kind in numbers)
        body = netlink.GENERIC_HEADER.pack(5, 1, 0) + netlink.nested(Top.DEST, nest)
        assert PoolDecoder().decode([run_of(body)], Family.IPV4) == {key: row}


@given(drawn.keys, st.data())
def test_a_damaged_destination_is_decoded_or_refused(
    service: ServiceKey, data: st.DataObject
) -> None:
    cut = damaged(dumped(*data.draw(drawn.destinations(service))), data)
    try:
        pool = PoolDecoder().decode([run_of(cut)], service.family)
    except MalformedReplyError:
        return
    assert all(len(key.address) in {4, 16} for key in pool)
