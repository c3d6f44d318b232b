"""What import reads is what the tool that the file is from has made of it, and what that takes."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

import pytest

from lvsboot.errors import InputError
from lvsboot.ipvs.changes import AddDestination
from lvsboot.ipvs.kernel import open_kernel
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.rules.as_found import parse_rules_as_found
from lvsboot.ipvs.table import Destination, DestinationKey, FirewallMark, Service, ServiceKey
from tests.kernel.hosts import CLEAR, Host

WEB = "-A -t 10.0.0.1:80 -s wlc\n"
ONE = "-a -t 10.0.0.1:80 -r 172.16.0.1:80 -g -w 1\n"
TWO = "-a -t 10.0.0.1:80 -r 172.16.0.2:8080 -m -w 2\n"
# What the kernel says of a weight below zero.
ERANGE = 34

FILES = {
    "Debian's first line": f"# ipvsadm.rules\n{WEB}{ONE}{TWO}",
    "a service twice": f"{WEB}{ONE}-A -t 10.0.0.1:80 -s rr -p 60\n{TWO}",
    "a destination twice": f"{WEB}{ONE}{ONE.replace('-w 1', '-w 9')}{TWO}",
    "another port than the service's": f"{WEB}{ONE.replace(':80 -g', ':8080 -g')}{TWO}",
    "two ports that are one": f"{WEB}{ONE}{ONE.replace(':80 -g', ':81 -i')}{TWO}",
    "a mark's server with a port": "-A -f 1 -s rr\n-a -f 1 -r 172.16.0.1:80 -g\n",
    "edits and deletions": (
        f"-D -t 10.0.0.1:80\n-E -f 1\n{WEB}{TWO}-e -t 10.0.0.1:80 -r 172.16.0.9 -w 3\n"
        "-e -t 10.0.0.1:80 -r 172.16.0.2:8080 -m -w 7\n-E -t 10.0.0.1:80 -s sh -p\n"
        "-A -f 2\n-D -f 2\n-Z\n-L\n"
    ),
    "a table that is cleared": f"-A -f 1\n-C\n{WEB}",
    "thresholds the wrong way round": f"{WEB}{ONE}{TWO.strip()} -x 1 -y 2\n",
    "as Windows ends lines": f"{WEB}{ONE}{TWO}".replace("\n", "\r\n"),
    "tabs and blanks": f"\t{WEB}{ONE}{TWO}".replace(" ", " \t  "),
    "the heaviest": f"{WEB}{ONE.replace('-w 1', '-w 2147483647')}{TWO.replace('-w 2', '-w 65536')}",
    "the longest": "-A -f 1 -s rr -p 2678400\n",
}
SCRIPTS = {
    "plain": f"#!/bin/sh\n/sbin/ipvsadm -C\n/sbin/ipvsadm {WEB}ipvsadm {ONE}ipvsadm {TWO}",
    "with variables": (
        "VIP=10.0.0.1; RS='172.16.0.1'\nIPVSADM=\"/sbin/ipvsadm\"\n"
        "$IPVSADM -A -t $VIP:80 -s wlc # the web\n"
        '"$IPVSADM" -a -t "$VIP:80" -r ${RS}:80 \\\n  -g -w 1 >/dev/null 2>&1 || true\n'
    ),
    "in one line": f"ipvsadm -D -f 1; ipvsadm {WEB.strip()} && ipvsadm {ONE.strip()}",
    "one for the other": (
        f"ipvsadm -E -f 1 || ipvsadm {WEB}ipvsadm {WEB.strip()} && ipvsadm -C; ipvsadm {ONE}"
    ),
    "a here-document": f"ipvsadm -R <<EOF\n{WEB}{ONE}{TWO}EOF\n",
    "refused in the middle": f"ipvsadm {WEB}ipvsadm {WEB}ipvsadm {ONE}ipvsadm {ONE}ipvsadm {TWO}",
}


def services(host: Host) -> Mapping[ServiceKey, Service]:
    with host.entered(), open_kernel() as kernel:
        return kernel.read_table().services


def found(text: str) -> Mapping[ServiceKey, Service]:
    return parse_rules_as_found(text, file="rules", port_of=lambda *_: None).table.services


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_file_of_rules(hosts: dict[str, Host], text: str) -> None:
    """Loaded as Debian's init script does: grep -v '^#' /etc/ipvsadm.rules | ipvsadm -R."""
    oracle = hosts["ipvsadm"]
    oracle.restore(CLEAR)
    oracle.restore("".join(it for it in text.splitlines(keepends=True) if not it.startswith("#")))
    assert found(text) == services(oracle) != {}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script(hosts: dict[str, Host], text: str) -> None:
    oracle = hosts["ipvsadm"]
    oracle.restore(CLEAR)
    with oracle.entered():
        subprocess.run(["sh"], input=text, text=True, capture_output=True, check=False)
    assert found(text) == services(oracle) != {}


@pytest.mark.parametrize("weight", ["-1", "2147483648", "4294967295", "5000000000", "x"])
def test_no_weight_is_taken_that_ipvsadm_does_not_take(hosts: dict[str, Host], weight: str) -> None:
    oracle = hosts["ipvsadm"]
    oracle.restore(f"{CLEAR}{WEB}{ONE.replace('-w 1', f'-w {weight}')}")
    (service,) = services(oracle).values()
    assert service.destinations == {}


@pytest.mark.parametrize(
    ("weight", "number"), [(2**31 - 1, 0), (2**31, ERANGE), (2**32 - 1, ERANGE)]
)
def test_the_kernels_own_bound_of_weights(host: Host, weight: int, number: int) -> None:
    """ip_vs_add_dest() takes the number for an int, and none below zero."""
    mark = FirewallMark(1)
    host.restore("-A -f 1 -s rr\n")
    change = AddDestination(mark, DestinationKey(b"\xac\x10\0\1", 0), Destination(weight=weight))
    with host.entered(), open_kernel() as kernel:
        outcome = kernel.execute([change], stop_when_refused=False)
    assert [refusal.number for refusal in outcome.refused] == [number] * bool(number)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        # inet_aton(3) ends at the blank; what follows is ignored.
        ("-A -t 10.0.0.1\vjunk:80\n", "-A -t 10.0.0.1:80\n"),
        ("-A -t 10.0.0.1\f:80\n", "-A -t 10.0.0.1:80\n"),
        ("-A -t 10.0.0.1:\v80\n", "-A -t 10.0.0.1:80\n"),
        # The rest of a word behind a null is not there.
        ("-A -t 10.0.0.1:80\0junk\n", "-A -t 10.0.0.1:80\n"),
    ],
)
def test_what_ipvsadm_takes_and_we_do_not(hosts: dict[str, Host], line: str, meant: str) -> None:
    oracle = hosts["ipvsadm"]
    oracle.restore(CLEAR)
    oracle.restore(line)
    parsed = parse_rules(meant, file="", port_of=lambda *_: None)
    assert services(oracle) == parsed.services


@pytest.mark.parametrize(
    "first", ["# a comment\n", "\N{BYTE ORDER MARK}-A -f 1\n", "-A -f 1 # mark\n"]
)
def test_where_ipvsadm_stops(hosts: dict[str, Host], first: str) -> None:
    oracle = hosts["ipvsadm"]
    oracle.restore(CLEAR)
    assert oracle.restore(f"{first}{WEB}").returncode != 0
    assert services(oracle) == {}


@pytest.mark.parametrize(
    "words", ["-r [2001:db8::1]:80 -g", "-r 172.16.0.3 -w x", "-r 172.16.0.3:x"]
)
def test_where_ipvsadm_stops_import_does(hosts: dict[str, Host], words: str) -> None:
    text = f"{WEB}-a -t 10.0.0.1:80 {words}\n{ONE}"
    oracle = hosts["ipvsadm"]
    oracle.restore(CLEAR)
    oracle.restore(text)
    assert services(oracle) == found(WEB)
    with pytest.raises(InputError):
        found(text)
