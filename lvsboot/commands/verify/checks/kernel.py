"""Checks of the kernel: IPVS, the role's modules, and the size of the connection table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lvsboot.commands.verify.facts import Facts, LiveFacts
from lvsboot.commands.verify.results import Result, failure, found, ok, unseen, warning
from lvsboot.commands.verify.unseen import Seen, Unseen
from lvsboot.host.kernel_modules import ModuleState
from lvsboot.role.model import Director

IPVS, MODULES, TABLE_SIZE = "kernel.ipvs", "kernel.modules", "kernel.table_size"
_LOADED = "the modules of the role are loaded"
_IN_IMAGE = "each kernel of the image has the role's modules"
_KERNELS = "linux-image-amd64 and linux-image-cloud-amd64 have it"


def check_kernel(facts: Facts) -> Iterator[Result]:
    if facts.live is None:
        yield from _image(facts.images)
        return
    live = facts.live
    if isinstance(facts.role.kind, Director):
        yield _ipvs(live)
        if facts.role.kind.connection_table_bits is not None:
            bits = facts.role.kind.connection_table_bits
            problems = _table_size(live)
            yield from found(TABLE_SIZE, problems, f"the connection table has 2^{bits} buckets")
    if isinstance(live.modules, Unseen):
        yield unseen(MODULES, live.modules, _LOADED)
    elif live.modules:
        names = " ".join(live.modules)
        yield from found(MODULES, _modules(live.modules), f"the kernel has {names}")


def _ipvs(live: LiveFacts) -> Result:
    if live.has_ipvs:
        return ok(IPVS, "the kernel has IPVS")
    if live.ipvs_option == "n":
        seen = "the kernel was built without CONFIG_IP_VS"
        fix = f"boot another kernel: Debian's {_KERNELS}"
    else:
        seen, fix = (
            "the module ip_vs is not loaded",
            "`modprobe ip_vs`, then `systemctl restart lvs`",
        )
    return failure(IPVS, seen, "the kernel has IPVS", fix)


def _table_size(live: LiveFacts) -> Iterator[Result]:
    if live.table_size is not None:
        yield warning(TABLE_SIZE, live.table_size, "the role's connection_table_bits", "reboot")


def _modules(states: Mapping[str, ModuleState]) -> Iterator[Result]:
    for name, state in states.items():
        match state:
            case ModuleState.LOADED:
                continue
            case ModuleState.LOADABLE:
                seen, fix = f"{name} is not loaded", f"`modprobe {name}`"
            case ModuleState.MISSING:
                seen = f"{name} is not among the running kernel's modules"
                fix = f"after an upgrade of the kernel, reboot; Debian's {_KERNELS}"
        yield failure(MODULES, seen, _LOADED, fix)


def _image(images: Seen[Mapping[str, Seen[Mapping[str, ModuleState]]]]) -> Iterator[Result]:
    if isinstance(images, Unseen):
        yield unseen(MODULES, images, _IN_IMAGE)
    elif not images:
        seen = "there is no kernel in the image"
        fix = "none is needed where the kernel comes from elsewhere"
        yield warning(MODULES, seen, "a kernel with the role's modules", fix)
    else:
        problems = (
            problem for release, states in images.items() for problem in _kernel(release, states)
        )
        yield from found(MODULES, problems, f"{', '.join(images)}: all modules are there")


def _kernel(release: str, states: Seen[Mapping[str, ModuleState]]) -> Iterator[Result]:
    if isinstance(states, Unseen):
        yield unseen(MODULES, states, _IN_IMAGE)
        return
    fix = f"install another kernel: Debian's {_KERNELS}"
    for name, state in states.items():
        if state is ModuleState.MISSING:
            yield failure(MODULES, f"Linux {release} has no module {name}", _IN_IMAGE, fix)
