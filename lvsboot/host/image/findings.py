"""Says what an image lacks for a role, each with its fix. No I/O."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from typing import NamedTuple

from lvsboot import paths
from lvsboot.host.image.architecture import Architecture
from lvsboot.host.image.facts import Image
from lvsboot.host.kernel_modules import UnreadKernel
from lvsboot.install.tree import File, Tree
from lvsboot.role.model import Backend, Director, Role
from lvsboot.system.printable import printable_line

_PACKAGES = {
    "lvsboot": "its package, which brings what it needs",
    "ip": "iproute2",
    "ipvsadm": "ipvsadm",
    "nft": "nftables",
}


# Of the table inet lvsboot, which nft lets the kernel load.
NFT_MODULE = "nf_tables"


class Needs(NamedTuple):
    """What a role's files need of a system, as names of programs and kernel modules."""

    programs: tuple[str, ...]
    modules: tuple[str, ...]


def role_needs(role: Role, tree: Tree) -> Needs:
    """`tree` is what the role has below the root."""
    texts = {entry.path: entry.text for entry in tree if isinstance(entry, File)}
    programs, modules = ["lvsboot", "ip"], texts.get(paths.MODULES, "").split()
    if isinstance(role.kind, Director):
        programs.append("ipvsadm")
    if paths.NFT in texts:
        programs.append("nft")
        modules.append(NFT_MODULE)
    return Needs(tuple(programs), tuple(modules))


def image_error(image: Image, asked: str | None, own: Architecture | None) -> str | None:
    """Why nothing can be written for this image; None where something can.

    `asked` is the name of the architecture that the caller says it has; without one it has to be
    `own`, lvsboot's.
    """
    if image.systemd is None:
        return (
            f"{image.root} has no systemd, which starts whatever a role needs: "
            "install systemd-sysv there first"
        )
    found = image.architecture
    if found is None or asked in found or (asked is None and own in {None, found}):
        return None
    fact = f"{image.place(image.systemd)} is a program for {found.debian}"
    if asked is not None:
        return f"{fact}, not for {asked}: name the other image, or the other architecture"
    return (
        f"{fact}, and lvsboot runs on {own.debian if own else 'another'}: "
        f"where that is meant, say --architecture {found.debian}"
    )


def image_sentences(
    image: Image, needs: Needs, *, backend: Backend, leftover_network: Collection[str]
) -> Iterator[str]:
    """Warnings, each on one line: an image's names are anybody's.

    `leftover_network` are the files by which cloud-init configures NICs.
    """
    yield from map(printable_line, _sentences(image, needs, backend, leftover_network))


def _sentences(
    image: Image, needs: Needs, backend: Backend, leftover_network: Collection[str]
) -> Iterator[str]:
    root = image.root
    yield from _system_sentences(image)
    for program in needs.programs:
        if program not in image.programs:
            yield f"{root} has no {program}: install {_PACKAGES[program]} there"
    if needs.modules:
        yield from _kernel_sentences(image, needs.modules)
    for path in image.machine_ids:
        place = image.place(path)
        fix = shlex.join(["truncate", "-s", "0", str(place)])
        yield f"{place} has an id, which all clones of the image would share: {fix}"
    if image.has_cloud_init and image.instances:
        yield (
            f"cloud-init has run in {root}, for the instance {image.instances[0]}: a clone may "
            "take itself for that one and not read its seed: "
            f"{shlex.join(['chroot', str(root), 'cloud-init', 'clean', '--logs'])}"
        )
    if backend is Backend.EXTERNAL:
        for path in leftover_network:
            yield (
                f"{image.place(path)} is what cloud-init wrote for the host that the image was "
                "taken from: remove it, or name in network.backend what configures the NICs"
            )


def _system_sentences(image: Image) -> Iterator[str]:
    for error in image.unread.values():
        yield f"{error}; what it says of the image is not known"
    if image.architecture is None and image.systemd and image.systemd not in image.unread:
        yield (
            f"{image.place(image.systemd)} is no program: whether the image has lvsboot's own "
            "architecture is not known: install systemd-sysv there anew"
        )
    if not image.has_init:
        yield f"{image.root} has no /sbin/init, which the kernel starts: install systemd-sysv there"


def _kernel_sentences(image: Image, modules: Collection[str]) -> Iterator[str]:
    if image.kernels is not None and not image.kernels:
        yield (
            f"{image.root} has no kernel below /usr/lib/modules: install one with "
            f"{', '.join(modules)}, such as Debian's linux-image"
        )
    for kernel in image.kernels or ():
        if isinstance(kernel, UnreadKernel):
            yield f"which modules the kernel {kernel.version} has is not known: {kernel.error}"
        elif kernel.modules is None:
            yield (
                f"which modules the kernel {kernel.version} has is not known: "
                f"{shlex.join(['depmod', '--basedir', str(image.root), kernel.version])}"
            )
        elif missing := _missing(modules, kernel.modules):
            yield (
                f"the kernel {kernel.version} in {image.root} has no {', '.join(missing)}: install "
                "one that has, such as Debian's linux-image, whose cloud variant lacks some"
            )


def _missing(modules: Collection[str], there: Collection[str]) -> list[str]:
    """Without ip_vs none of its schedulers is named."""
    missing = [module for module in modules if module not in there]
    return [name for name in missing if not ("ip_vs" in missing and name.startswith("ip_vs_"))]
