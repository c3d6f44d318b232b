"""pyroute2's decoder reads our requests as we mean them."""

from __future__ import annotations

from typing import Any

import pytest

from lvsboot.ipvs.changes import diff
from lvsboot.ipvs.requests import RequestEncoder
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.table import Table


def decoded(rules: str) -> list[Any]:
    messages = pytest.importorskip("pyroute2.netlink.generic.ipvs", exc_type=ImportError)
    table = parse_rules(rules, file="rules", port_of=lambda _name, _protocol: None)
    encoder = RequestEncoder(0x1F)
    found = []
    for request in encoder.changes(diff(Table({}), table), 1):
        message = messages.ipvsmsg(request)
        message.decode()
        found.append(message)
    return found


def attributes(message: Any, nest: str, prefix: str) -> dict[str, object]:
    return {name.removeprefix(prefix): value for name, value in message.get_attr(nest)["attrs"]}


def test_a_service_and_its_destination() -> None:
    service, destination = decoded(
        "-A -t 10.0.0.1:80 -s wlc -p 300 -M 255.255.255.0 --pe sip -b flag-2\n"
        "-a -t 10.0.0.1:80 -r 172.16.0.1:80 -i -w 7 -x 9 -y 4"
        " --tun-type gue --tun-port 6080 --tun-remcsum\n"
    )
    assert (service["cmd"], destination["cmd"]) == (1, 5)
    found = attributes(service, "IPVS_CMD_ATTR_SERVICE", "IPVS_SVC_ATTR_")
    flags = found.pop("FLAGS")
    assert (flags["flags"], flags["mask"]) == (0x11, 0xFFFFFFFF)  # type: ignore[index]
    assert found == {
        "AF": 2, "PROTOCOL": 6, "ADDR": "10.0.0.1", "PORT": 80, "SCHED_NAME": "wlc",
        "TIMEOUT": 300, "NETMASK": "255.255.255.0", "PE_NAME": "sip",
    }  # fmt: skip
    assert attributes(destination, "IPVS_CMD_ATTR_SERVICE", "IPVS_SVC_ATTR_") == {
        "AF": 2, "PROTOCOL": 6, "ADDR": "10.0.0.1", "PORT": 80,
    }  # fmt: skip
    row = attributes(destination, "IPVS_CMD_ATTR_DEST", "IPVS_DEST_ATTR_")
    # It reads the tunnel's port in host order; the kernel, in network order.
    assert row.pop("TUN_PORT") in {6080, int.from_bytes((6080).to_bytes(2, "big"), "little")}
    assert row == {
        "ADDR": "172.16.0.1", "PORT": 80, "ADDR_FAMILY": 2, "FWD_METHOD": 2, "WEIGHT": 7,
        "U_THRESH": 9, "L_THRESH": 4, "TUN_TYPE": 1, "TUN_FLAGS": 2,
    }  # fmt: skip


def test_ipv6_and_a_mark() -> None:
    service, destination = decoded("-A -f 7 -6 -s rr -o\n-a -f 7 -6 -r [2001:db8::1]:0\n")
    found = attributes(service, "IPVS_CMD_ATTR_SERVICE", "IPVS_SVC_ATTR_")
    assert (found["AF"], found["FWMARK"], found["SCHED_NAME"]) == (10, 7, "rr")
    row = attributes(destination, "IPVS_CMD_ATTR_DEST", "IPVS_DEST_ATTR_")
    assert (row["ADDR"], row["ADDR_FAMILY"], row["FWD_METHOD"]) == ("2001:db8::1", 10, 3)
