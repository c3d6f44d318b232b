"""What is lighter than the standard library's is used in the same way."""

from __future__ import annotations

import copy

import pytest

from lvsboot.ipvs.table import DestinationKey, Family, Timeouts


def test_a_text_names_its_member_and_no_other() -> None:
    assert Family("ipv6") is Family.IPV6
    assert [*Family] == ["ipv4", "ipv6"]
    assert (Family.IPV4.name, Family.IPV4.value, f"{Family.IPV4}") == ("IPV4", "ipv4", "ipv4")
    with pytest.raises(ValueError, match="'ipx' is no Family"):
        Family("ipx")


def test_a_member_remains_itself_in_a_copy() -> None:
    assert copy.deepcopy(Family.IPV4) is copy.copy(Family.IPV4) is Family.IPV4


def test_a_record_is_made_and_changed_by_its_fields_names() -> None:
    assert Timeouts(1, udp=3) == Timeouts(1)._replace(udp=3) == (1, 0, 3)
    assert DestinationKey(port=80, address=b"1234") == DestinationKey(b"1234", 80)


@pytest.mark.parametrize("values", [(), (b"1234",), (b"1234", 80, 1)])
def test_a_record_has_all_of_its_fields_and_no_more(values: tuple[bytes | int, ...]) -> None:
    with pytest.raises(TypeError, match="DestinationKey"):
        DestinationKey(*values)  # type: ignore[arg-type]
