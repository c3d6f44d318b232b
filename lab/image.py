"""Makes the disks that the VMs boot from, out of Debian's packages and this checkout's own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from lab import cache
from lab.paths import GUEST, KEYS, LAB, LVSBOOT, REPO, ROOTFS, WEB_ADDRESS
from lab.shell import run, run_as_root

PACKAGES = (
    # A cloud image's floor.
    *("systemd", "systemd-sysv", "dbus", "udev", "kmod", "linux-image-cloud-amd64"),
    *("cloud-init", "openssh-server", "iproute2"),
    # What lvsboot's README asks for, and the programs that the tests compare with.
    *("python3", "python3-venv", "python3-yaml", "python3-jinja2", "python3-jsonschema"),
    *("ipvsadm", "nftables", "tcpdump", "strace", "procps"),
    # The client's load generators, and the real servers' web server.
    *("apache2-utils", "arping", "nginx"),
    # The kernel tier runs the test suite inside. The last is what the README asks for, as well.
    *("python3-pytest", "python3-hypothesis", "python3-pyroute2"),
    # The initrd.
    "busybox-static",
)
# Not needed in a VM that lives for minutes; the disks are a third smaller.
UNREAD = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/i18n/*")
# Of what lvsboot's package depends on, what no cloud image has.
LACKING = ("ipvsadm", "nftables", "python3-pyroute2")
DISK_SIZE = "2G"  # sparse


@dataclass(frozen=True, slots=True)
class Distribution:
    """A release of Debian, with what a lab host of this kind has besides PACKAGES.

    `renderer` is the one whose files cloud-init writes; None leaves it its own choice.
    """

    suite: str
    packages: tuple[str, ...] = ()
    renderer: str | None = None

    @property
    def name(self) -> str:
        """The default release has no name of its own in the cache."""
        if self == DEBIAN_13:
            return ""
        return "-".join((self.suite, self.renderer or "any", *self.packages, ""))


DEBIAN_13 = Distribution("trixie")


@dataclass(frozen=True, slots=True)
class Image:
    """What QEMU boots: it never writes to the disk."""

    kernel: Path
    initrd: Path
    disk: Path


def base(*extra: str) -> Image:
    """Debian with the lab's own files, without lvsboot: the client, and the kernel tier's host.

    With extra packages it is an image of its own.
    """
    distribution = Distribution(DEBIAN_13.suite, extra)
    return _with_disk(distribution, _base(distribution) / "disk")


def installed(distribution: Distribution = DEBIAN_13, *, by_wheel: bool = False) -> Image:
    """The base with lvsboot's Debian package, or its wheel; cloud-init gives a host its role."""
    kind = "by-wheel" if by_wheel else "installed"
    folder = cache.made(
        f"{distribution.name}{kind}",
        _lvsboot_key(distribution),
        lambda folder: _make_installed(folder, distribution, by_wheel=by_wheel),
    )
    return _with_disk(distribution, folder / "disk")


def baked(role: Path, distribution: Distribution = DEBIAN_13) -> Image:
    """The base without cloud-init, all of Debian's units back, and the role written offline.

    Without cloud-init a boot is short enough to keep all of the distribution's units.
    """
    key = cache.digest([_lvsboot_key(distribution)], [role])
    kind = f"{distribution.name}baked-{role.parent.name}-{role.stem}"
    folder = cache.made(kind, key, lambda folder: _make_baked(folder, role, distribution))
    return _with_disk(distribution, folder / "disk")


def waiting(distribution: Distribution = DEBIAN_13) -> Image:
    """As `baked`, but without a role: the boot brings one."""
    key = _lvsboot_key(distribution)
    kind = f"{distribution.name}waiting"
    folder = cache.made(kind, key, lambda folder: _make_waiting(folder, distribution))
    return _with_disk(distribution, folder / "disk")


def stock(distribution: Distribution = DEBIAN_13) -> Image:
    """A cloud image's like: no lvsboot and none of what it depends on but cloud-init has.

    Its only repository is the lab's copy of those packages, which lab/repository.py serves.
    """
    folder = cache.made(
        f"{distribution.name}stock",
        _stock_key(distribution),
        lambda folder: _make_stock(folder, distribution),
    )
    return _with_disk(distribution, folder / "disk")


def dependencies(distribution: Distribution = DEBIAN_13) -> Path:
    """A folder with the packages that a stock image lacks, from the release's own repository."""
    return cache.made(
        f"{distribution.name}dependencies",
        _stock_key(distribution),
        lambda folder: _download_dependencies(folder, distribution),
    )


def unpack_base(folder: Path, distribution: Distribution = DEBIAN_13) -> Path:
    """The base's root as a folder inside `folder`, whose files may belong to the image's users."""
    return _unpack(folder, distribution)


def key_file() -> Path:
    """The private key that opens root's SSH on every host of the lab."""
    key = KEYS / "root"
    with cache.lock("key"):  # two images may be made at once
        if not key.exists():
            KEYS.mkdir(parents=True, exist_ok=True)
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", key])
    return key


def _with_disk(distribution: Distribution, disk: Path) -> Image:
    folder = _base(distribution)
    return Image(folder / "vmlinuz", folder / "initrd", disk)


def _base(distribution: Distribution) -> Path:
    public_key = key_file().with_suffix(".pub")
    sources = (ROOTFS, GUEST / "customize", GUEST / "init", public_key)
    return cache.made(
        f"{distribution.name}base",
        cache.digest([repr(distribution), *PACKAGES, *UNREAD], sources),
        lambda folder: _make_base(folder, distribution),
    )


def _make_base(folder: Path, distribution: Distribution) -> None:
    _say(f"making the image of Debian {distribution.suite} (a minute or two, once)")
    public_key = key_file().with_suffix(".pub")
    run(
        [
            "mmdebstrap",
            # An image that a power cut spoils is made anew.
            "--dpkgopt=force-unsafe-io",
            "--variant=minbase",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in UNREAD),
            f"--include={','.join((*PACKAGES, *distribution.packages))}",
            f"--customize-hook=copy-in {ROOTFS / 'etc'} /",
            *_renderer_hooks(distribution),
            '--customize-hook=mkdir -p -m 700 "$1/root/.ssh"',
            f"--customize-hook=upload {public_key} /root/.ssh/authorized_keys",
            f"--customize-hook=upload {GUEST / 'init'} /tmp/init",
            f"--customize-hook=upload {GUEST / 'customize'} /tmp/customize",
            '--customize-hook=chroot "$1" sh /tmp/customize',
            f"--customize-hook=download /tmp/boot/vmlinuz {folder / 'vmlinuz'}",
            f"--customize-hook=download /tmp/boot/initrd {folder / 'initrd'}",
            '--customize-hook=rm -r "$1/tmp/boot" "$1/tmp/initrd"',
            distribution.suite,
            folder / "root.tar",
        ]
    )
    tree = _unpack(folder, distribution)
    _make_disk(tree, folder / "disk")


def _renderer_hooks(distribution: Distribution) -> list[str]:
    if distribution.renderer is None:
        return []
    line = f"system_info: {{network: {{renderers: [{distribution.renderer}]}}}}"
    return [f"--customize-hook=echo '{line}' >\"$1/etc/cloud/cloud.cfg.d/91-renderer.cfg\""]


def package(version: str = "") -> Path:
    """The Debian package of this checkout, as a later `version` where that is given."""
    key = cache.digest([_package_key(), version])
    kind = f"deb{version}"
    folder = cache.made(kind, key, lambda folder: _make_package(folder, version))
    (place,) = folder.glob("*.deb")
    return place


def _make_package(folder: Path, version: str) -> None:
    run([LAB / "deb", folder, version])


def _make_installed(folder: Path, distribution: Distribution, *, by_wheel: bool) -> None:
    _say(f"installing lvsboot into the image of Debian {distribution.suite}")
    tree = _unpack(folder, distribution)
    if by_wheel:
        # With the backend of the development environment, which is locked.
        offline = ("--no-deps", "--no-build-isolation", "--disable-pip-version-check")
        run([sys.executable, "-m", "pip", "wheel", "--quiet", *offline, "-w", folder, REPO])
        (wheel,) = folder.glob("*.whl")
        _install_lvsboot(tree, wheel, "install-wheel")
    else:
        _install_lvsboot(tree)
    _make_disk(tree, folder / "disk")


def _make_baked(folder: Path, role: Path, distribution: Distribution) -> None:
    what = f"{role.parent.name}/{role.stem}"
    _say(f"baking {what} into an image of Debian {distribution.suite} without cloud-init")
    tree = _without_cloud_init(folder, distribution)
    run_as_root([LVSBOOT, "render", role, "--root", tree])
    _make_disk(tree, folder / "disk")


def _make_waiting(folder: Path, distribution: Distribution) -> None:
    _say(f"installing lvsboot into an image of Debian {distribution.suite} without cloud-init")
    _make_disk(_without_cloud_init(folder, distribution), folder / "disk")


def _without_cloud_init(folder: Path, distribution: Distribution) -> Path:
    tree = _unpack(folder, distribution)
    _install_lvsboot(tree)
    _in_tree(tree, ["dpkg", "--purge", "cloud-init"])
    _in_tree(tree, ["sh", "-c", (GUEST / "restore").read_text()])
    return tree


def _package_key() -> str:
    names = ("lvsboot", "units", "templates", "schemas", "debian", "docs", "examples")
    files = ("pyproject.toml", "README.md", "CHANGELOG.md", "lab/deb")
    return cache.digest([], [REPO / name for name in (*names, *files)])


def _stock_key(distribution: Distribution) -> str:
    return cache.digest([_base(distribution).name], [GUEST / "strip", LAB / "image.py"])


def _make_stock(folder: Path, distribution: Distribution) -> None:
    _say(f"stripping the image of Debian {distribution.suite}")
    tree = _unpack(folder, distribution)
    mirror = f"http://{WEB_ADDRESS}/{distribution.suite}"
    _in_tree(tree, ["sh", "-c", (GUEST / "strip").read_text(), "strip", mirror, *LACKING])
    _make_disk(tree, folder / "disk")


def _download_dependencies(folder: Path, distribution: Distribution) -> None:
    _say(f"fetching what lvsboot depends on in Debian {distribution.suite}")
    tree = _unpack(folder, distribution)
    run_as_root(["cp", "/etc/resolv.conf", tree / "etc/resolv.conf"])
    _in_tree(tree, ["dpkg", "--purge", *LACKING])
    # Debian 12's apt writes to /dev/null, which the tree lacks.
    script = 'mount --rbind /dev "$1/dev"; tree=$1; shift; exec chroot "$tree" sh -ec "$@"'
    fetch = 'apt-get -qq update; apt-get -qq --download-only --yes install "$@"'
    run_as_root(["unshare", "--mount", "sh", "-ec", script, "sh", tree, fetch, "sh", *LACKING])
    for package in (tree / "var/cache/apt/archives").glob("*.deb"):
        run_as_root(["cp", package, folder])
    cache.remove_tree(tree)


def _lvsboot_key(distribution: Distribution) -> str:
    return cache.digest(
        [_base(distribution).name, _package_key()],
        [*GUEST.glob("install*"), GUEST / "restore", LAB / "image.py"],
    )


def _install_lvsboot(tree: Path, file: Path | None = None, script: str = "install") -> None:
    # The same on every release: it is pure Python.
    run_as_root(["cp", file or package(), tree / "tmp"])
    _in_tree(tree, ["sh", "-c", (GUEST / script).read_text()])


def _unpack(folder: Path, distribution: Distribution) -> Path:
    """The base's root as a folder. Device nodes stay out: the kernel makes its own at boot."""
    tree = folder / "root"
    tree.mkdir()
    tar = folder / "root.tar"
    source = tar if tar.exists() else _base(distribution) / "root.tar"
    run_as_root(["tar", "-C", tree, "--exclude=./dev/*", "-xf", source])
    return tree


def _in_tree(tree: Path, argv: list[str]) -> None:
    # A clean environment: the host's settings (of pip, of locales) are not the image's.
    clean = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    run_as_root([*clean, "chroot", tree, *argv])


def _make_disk(tree: Path, disk: Path) -> None:
    """An ext4 file system from the tree, written without mounting anything; the tree goes."""
    run_as_root(
        ["mkfs.ext4", "-q", "-L", "root", "-O", "^has_journal", "-d", tree, disk, DISK_SIZE]
    )
    cache.remove_tree(tree)


def _say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)
