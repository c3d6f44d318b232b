"""What lvsboot says of sysctl.d's files is what systemd-sysctl and procps' sysctl do with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvsboot.host.sysctl_files import FOLDERS, read_sysctl_files
from lvsboot.system.sysctl.globs import is_glob
from lvsboot.system.sysctl.settings import Settings
from tests.unit.system.sysctl.sandbox import DEVICES, KEYS, SYSTEMD_SYSCTL, Sandbox, open_sandbox

HAND = "sysctl --system"
NAMES = ("10-a.conf", "50 b.conf", "90-lvs.conf", "99-c.conf", ".h.conf", "readme")
DEVICE_GLOBS = ("*", "e*", "eth?", "eth[01]", "eth[!0]", "eth[^1]", "[-a]*", "??", "x*", "***0")
KEY_GLOBS = ("arp_*", "arp_i*", "arp_[ia][gn]*", "arp_?nnounce", "*_ignore")
COMMENTS = ("", "   ", "# net.ipv4.conf.all.arp_ignore = 9", ";net.ipv4.conf.all.arp_ignore=9")


def spelled(device: str, key: str, style: str) -> str:
    if style == "dots":
        return f"net.ipv4.conf.{device.replace('.', '/')}.{key}"
    text = f"net/ipv4/conf/{device}/{key}"
    return {"slashes": text, "leading": f"/{text}", "doubled": text.replace("/c", "//c")}[style]


STYLES = st.sampled_from(["dots", "dots", "dots", "slashes", "slashes", "leading", "doubled"])
SPELLINGS = st.builds(
    spelled,
    st.sampled_from((*DEVICES, *DEVICE_GLOBS)),
    st.sampled_from((*KEYS, *KEYS, *KEY_GLOBS)),
    STYLES,
)
ASSIGNMENTS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "-", " ", "- "]),
    SPELLINGS,
    st.sampled_from(["=", " = ", "\t=  "]),
    st.integers(1, 5),
    st.sampled_from(["", " ", "\r"]),
)
EXCLUSIONS = st.builds("-{}".format, SPELLINGS)
LINES = st.one_of(ASSIGNMENTS, ASSIGNMENTS, ASSIGNMENTS, EXCLUSIONS, st.sampled_from(COMMENTS))
TEXTS = st.builds("\n".join, st.lists(LINES, max_size=5))
PATHS = st.builds("{}/{}".format, st.sampled_from(FOLDERS[:4]), st.sampled_from(NAMES))
FILES = st.dictionaries(st.one_of(PATHS, st.just("/etc/sysctl.conf")), TEXTS, max_size=5)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = open_sandbox(tmp_path_factory.mktemp("sysctl"))
    yield sandbox
    sandbox.close()


def write(sandbox: Sandbox, files: dict[str, str]) -> None:
    sandbox.clear()
    for path, text in files.items():
        (sandbox.root / path.lstrip("/")).write_text(text, encoding="utf-8", newline="")


def predicted(settings: Settings) -> dict[tuple[str, str], str]:
    values = {}
    for device in DEVICES:
        for key in KEYS:
            found = settings.in_force(f"net/ipv4/conf/{device}/{key}")
            values[device, key] = "0" if found is None else found.line.value or "0"
    return values


def assert_agreed(sandbox: Sandbox, files: dict[str, str]) -> None:
    write(sandbox, files)
    read = read_sysctl_files(sandbox.root)
    assert read.unread == ()
    assert sandbox.values(SYSTEMD_SYSCTL) == predicted(read.boot)
    # What such a line does has changed with procps 4.0.4.
    if not any(line.value is None and is_glob(line.key) for line in read.by_hand.lines):
        # Which of the two depends on the release's procps.
        expected = [predicted(read.by_hand), predicted(read.of_folders)]
        assert sandbox.values(HAND) in expected


@pytest.mark.long
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(FILES)
def test_any_files_are_read_as_both_programs_read_them(
    sandbox: Sandbox, files: dict[str, str]
) -> None:
    assert_agreed(sandbox, files)


@pytest.mark.parametrize(
    "lines",
    [
        # The same value again leaves the entry of systemd-sysctl where it was.
        ["net.ipv4.conf.*.arp_ignore=1", "net.ipv4.conf.e*.arp_ignore=2"] * 2,
        ["net.ipv4.conf.eth0.arp_ignore=3", "net.ipv4.conf.*.arp_ignore=1"],
        ["-net.ipv4.conf.eth0.arp_ignore", "net.ipv4.conf.*.arp_ignore=1"],
        ["net.ipv4.conf.eth0.arp_ignore=3", "-net.ipv4.conf.eth0.arp_ignore"],
        ["net.ipv4.conf.*.arp_ignore=3", "-net.ipv4.conf.*.arp_ignore"],
        ["net.ipv4.conf.*.arp_ignore=1", "net.ipv4.conf.eth0.arp_i* = 0"],
        ["net.ipv4.conf.-e.arp_ignore=3", "net.ipv4.conf.*.arp_ignore=1"],
        ["net.ipv4.conf.x/y.arp_ignore=3", "net/ipv4/conf/x.y/arp_announce=4"],
        ["net.ipv4.conf.all.arp_ignore=0x2", "net.ipv4.conf.lo.arp_ignore=010"],
    ],
)
def test_the_readings_that_are_easily_missed(sandbox: Sandbox, lines: list[str]) -> None:
    write(sandbox, {"/etc/sysctl.d/50.conf": "\n".join(lines)})
    read = read_sysctl_files(sandbox.root)
    for program, order in ((SYSTEMD_SYSCTL, read.boot), (HAND, read.by_hand)):
        wanted = {place: str(int(value, 0 if "x" in value else 8 if value[0] == "0" else 10))
                  for place, value in predicted(order).items()}  # fmt: skip
        assert sandbox.values(program) == wanted


def test_a_setting_is_set_and_a_wrong_prediction_would_be_seen(sandbox: Sandbox) -> None:
    """The control of the tests above: the programs do set, and what they set is compared."""
    write(sandbox, {"/etc/sysctl.d/50.conf": "net.ipv4.conf.eth0.arp_ignore = 7\n"})
    read = read_sysctl_files(sandbox.root)
    assert sandbox.values(SYSTEMD_SYSCTL)["eth0", "arp_ignore"] == "7"
    write(sandbox, {"/etc/sysctl.d/50.conf": "net.ipv4.conf.eth0.arp_ignore = 6\n"})
    assert sandbox.values(SYSTEMD_SYSCTL) != predicted(read.boot)
    assert sandbox.values(HAND) not in (predicted(read.by_hand), predicted(read.of_folders))
