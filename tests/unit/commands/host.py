"""A folder for the files of a host, and its kernel in memory."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from lvsboot.commands import draining, saving, service
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.ipvs.changes import Change
from lvsboot.ipvs.rules import format_rules, parse_rules
from lvsboot.ipvs.table import Table
from lvsboot.policy import Foreign, Weights
from tests.unit.ipvs.fake import FakeKernel

ONE = "-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n"
TWO = "-A -t 192.0.2.2:80 -s wlc\n"
FOREIGN = "-A -t 192.0.2.9:80 -s rr\n"


class Host:
    """A folder for the files, and the kernel."""

    def __init__(self, folder: Path, table: str = "") -> None:
        self.places = StatePaths(*(str(folder / name) for name in StatePaths._fields))
        self.kernel = FakeKernel(rules(table))

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            Path(getattr(self.places, name)).write_text(text, encoding="utf-8")

    def read(self, name: str) -> str | None:
        place = Path(getattr(self.places, name))
        return place.read_text(encoding="utf-8") if place.exists() else None

    def connect(self) -> FakeKernel:
        return self.kernel

    @property
    def table(self) -> str:
        return format_rules(self.kernel.table)


def rules(text: str) -> Table:
    return parse_rules(text, file="rules", port_of=lambda _name, _protocol: None)


def start(
    host: Host,
    foreign: Foreign = Foreign.KEEP,
    weights: Weights = Weights.DECLARED,
) -> service.Loaded:
    connect = cast("service.Connect", host.connect)
    return service.start(foreign=foreign, weights=weights, places=host.places, connect=connect)


def reload(host: Host, *, allow_removal: bool = False) -> service.Loaded:
    connect = cast("service.Connect", host.connect)
    return service.reload(places=host.places, connect=connect, allow_removal=allow_removal)


def stop(host: Host) -> tuple[Change, ...]:
    return service.stop(places=host.places, connect=cast("service.Connect", host.connect))


def save(host: Host, *, everything: bool = False) -> saving.Saved:
    connect = cast("saving.Connect", host.connect)
    return saving.save(everything=everything, places=host.places, connect=connect)


def drain(host: Host, address: str, *services: str, weight: int = 0) -> draining.Weighed:
    connect = cast("draining.Connect", host.connect)
    return draining.set_weight(
        address, weight, by="ann", services=services, places=host.places, connect=connect
    )


def undrain(host: Host, address: str, *services: str) -> draining.Weighed:
    connect = cast("draining.Connect", host.connect)
    return draining.take_back(address, services=services, places=host.places, connect=connect)
