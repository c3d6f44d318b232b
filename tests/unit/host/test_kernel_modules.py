"""A kernel's lists of modules: read inside the root, from regular files, and not without end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lvsboot.errors import HostError
from lvsboot.host.kernel_modules import (
    Kernel,
    ModuleState,
    UnreadKernel,
    kernel_option,
    read_kernels,
    read_modules,
)
from lvsboot.install.root_folder import RootFolder
from tests.images import put, put_unreadable

LISTS = "usr/lib/modules/6.1.0"
DEP = "kernel/net/ip-vs.ko.xz: kernel/lib/libcrc32c.ko.xz\nkernel/net/ip_vs_rr.ko:\n"


def kernels(root: Path) -> tuple[Kernel | UnreadKernel, ...]:
    with RootFolder(root) as folder:
        return read_kernels(folder, ("ip_vs", "nf_tables", "sit"))


def test_what_each_kernel_has_of_what_is_asked(tmp_path: Path) -> None:
    put(tmp_path, f"{LISTS}/modules.dep", DEP)
    put(tmp_path, f"{LISTS}/modules.builtin", "kernel/net/nf_tables.ko\n")
    put(tmp_path, "usr/lib/modules/6.2.0/modules.builtin")
    (tmp_path / "usr/lib/modules/empty").mkdir()
    first, second = kernels(tmp_path)
    assert first == Kernel("6.1.0", frozenset({"nf_tables"}), frozenset({"ip_vs"}))
    assert isinstance(first, Kernel)
    assert first.state("nf_tables") is ModuleState.LOADED
    assert first.state("ip_vs") is ModuleState.LOADABLE
    assert first.state("sit") is ModuleState.MISSING
    assert second == Kernel("6.2.0", frozenset(), None)


@pytest.mark.parametrize("target", ["{outside}", "/usr/lib", "../../../../../../../usr/lib"])
def test_no_link_leads_out_of_the_root(tmp_path: Path, target: str) -> None:
    put(tmp_path, "outside/modules/6.6.6/modules.dep", DEP)
    put(tmp_path, f"image/{LISTS}/modules.dep", DEP)
    image = tmp_path / "image"
    (image / "lib").symlink_to(target.format(outside=tmp_path / "outside"))
    assert [kernel.version for kernel in kernels(image)] == ["6.1.0"]
    states = read_modules(["ip_vs"], root=image, release="6.1.0", loaded=tmp_path)
    assert states["ip_vs"] is (ModuleState.MISSING if "{" in target else ModuleState.LOADABLE), (
        "what is outside counts"
    )
    states = read_modules(["ip_vs"], root=image, release="6.6.6", loaded=tmp_path)
    assert states["ip_vs"] is ModuleState.MISSING


@pytest.mark.parametrize("name", ["modules.dep", "modules.builtin"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "sparse"])
def test_a_list_that_cannot_be_read(tmp_path: Path, name: str, kind: str) -> None:
    put(tmp_path, "usr/lib/modules/6.2.0/modules.dep", DEP)
    (tmp_path / "lib").symlink_to("usr/lib")
    place = tmp_path / LISTS / name
    place.parent.mkdir()
    put_unreadable(place, kind)
    unread, read = kernels(tmp_path)
    assert isinstance(unread, UnreadKernel)
    assert str(place) in str(unread.error)
    assert isinstance(read, Kernel)
    with pytest.raises(HostError, match=name):
        read_modules(["ip_vs"], root=tmp_path, release="6.1.0", loaded=tmp_path)


def test_a_long_list_takes_little_memory(tmp_path: Path) -> None:
    """Within the limit: of the names in it only those are kept that were asked for."""
    lines = (f"kernel/{i:07}.ko:\n" for i in range(500_000))
    put(tmp_path, "lib/modules/6.1.0/modules.dep", "".join(lines))
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from lvsboot.host.kernel_modules import ModuleState, read_modules\n"
        "read_modules(['x'], root=Path(sys.argv[1]), release='6.1.0', loaded=Path('/nowhere'))\n"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) * 1024 < 80 << 20


def test_a_loaded_module_needs_no_list(tmp_path: Path) -> None:
    os.mkfifo(put(tmp_path, "lib/modules/6.1.0/other").with_name("modules.dep"))
    (tmp_path / "ip_vs").mkdir()
    states = read_modules(["ip_vs"], root=tmp_path, release="6.1.0", loaded=tmp_path)
    assert states == {"ip_vs": ModuleState.LOADED}


def test_an_option_of_the_kernel(tmp_path: Path) -> None:
    place = put(tmp_path, "boot/config-6.1.0", "CONFIG_IP_VS=m\n# CONFIG_X is not set\n")
    assert kernel_option("CONFIG_IP_VS", root=tmp_path, release="6.1.0") == "m"
    assert kernel_option("CONFIG_X", root=tmp_path, release="6.1.0") == "n"
    place.unlink()
    assert kernel_option("CONFIG_X", root=tmp_path, release="6.1.0") is None
    os.mkfifo(place)
    assert kernel_option("CONFIG_X", root=tmp_path, release="6.1.0") is None
