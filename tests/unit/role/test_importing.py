"""Rules to a role and back: the role's own rules are the same, but for what is named."""

from __future__ import annotations

import re
import time
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import event, example, given

from lvsboot.errors import Exit, InputError
from lvsboot.ipvs.rules import format_rules, parse_rules
from lvsboot.ipvs.rules.as_found import parse_rules_as_found
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    FirewallMark,
    ForwardingMethod,
    Service,
    ServiceOptions,
    Table,
)
from lvsboot.render.rules import declared_table
from lvsboot.role.document import parse_document
from lvsboot.role.importing import count_values, import_table
from lvsboot.role.model import Director, Sync, SyncMode
from lvsboot.role.reader import parse_role
from tests.unit.cli.test_cli import lvsboot
from tests.unit.ipvs.tables import tables
from tests.unit.render.trees import EVERYTHING, render, text_of

GUIDE = """\
-A -t 172.16.14.1:80 -s wlc
-a -t 172.16.14.1:80 -r 172.16.14.11:80 -g -w 2
-a -t 172.16.14.1:80 -r 172.16.14.12:80 -g -w 4
"""
DEFAULT = (0, IPv4Address("224.0.0.81"), 8848, 1, None)
ALL = text_of(render(EVERYTHING), "/etc/lvs/ipvs.rules")


def rules_of(role: bytes) -> str:
    kind = parse_role(role, "imported.yaml").role.kind
    assert isinstance(kind, Director)
    return format_rules(declared_table(kind))


@pytest.mark.parametrize(
    "rules",
    [
        GUIDE,
        ALL,
        "-A -f 1 -s rr\n-a -f 1 -r 10.0.0.1:0 -m -w 1\n",
        "-A -t [2001:db8::1]:80 -s mh -b mh-port\n-a -t [2001:db8::1]:80 -r [::2]:80 -g -w 0\n",
    ],
)
def test_a_roles_rules_are_those_that_it_was_made_from(rules: str) -> None:
    done = lvsboot("import", "-", stdin=rules.encode())
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    assert rules_of(done.stdout) == rules


@pytest.mark.parametrize(
    ("rules", "remark"),
    [
        ("", ""),
        ("-C\n", ""),
        ("--set 10 20 30\n--start-daemon master --mcast-interface eth0\n", ""),
        ("-A -t 127.0.0.1:80 -s rr\n", "-t 127.0.0.1:80: 127.0.0.1 is a loopback address"),
        ("exit 0\nipvsadm -A -f 1\n", "passed over, as is all after it"),
    ],
)
def test_without_a_service_there_is_no_role(rules: str, remark: str) -> None:
    done = lvsboot("import", "-", stdin=rules.encode())
    assert (done.returncode, done.stdout) == (Exit.BAD_INPUT, b"")
    *remarks, last = done.stderr.decode().splitlines()
    assert last == "lvsboot: <stdin>: no service to import: no role is written"
    assert remark in "".join(remarks)


def test_a_role_says_where_a_person_must_decide() -> None:
    text = lvsboot("import", "-", stdin=GUIDE.encode()).stdout.decode()
    assert "  - {address: 172.16.14.1, interface: lo}  # decide: rules do not say" in text
    assert "    - {address: 172.16.14.11, weight: 2}\n" in text


@pytest.mark.parametrize(
    ("rules", "remark"),
    [
        ("-A -t 192.0.2.1:80 -s rr -p 60 -M 255.0.255.0\n", "is not a prefix"),
        ("-A -t 192.0.2.1:80 -s sh -b flag-3\n", "flag-3 of its scheduler"),
        ("-A -t 192.0.2.1:80 -s rr -b flag-1\n", "scheduler flags, which 'rr' ignores"),
        ("-A -u 192.0.2.1:80 -s rr --pe sip\n", "its engine 'sip' needs persistence"),
        ("-A -f 1 -s rr\n-a -f 1 -r 10.0.0.1:80 -g -w 1\n", "the port of 10.0.0.1:80"),
        (
            f"{GUIDE}--start-daemon backup --mcast-interface eth1\n"
            "--start-daemon master --mcast-interface eth0\n",
            "the backup sync daemon on eth1",
        ),
        (
            "-A -f 1 -s rr\n"
            "-a -f 1 -r 10.0.0.1:0 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum\n",
            "remote checksum offload",
        ),
    ],
)
def test_what_a_role_cannot_express_is_named(rules: str, remark: str) -> None:
    done = lvsboot("import", "-", stdin=rules.encode())
    assert done.returncode == Exit.DONE
    assert remark in done.stderr.decode()
    rules_of(done.stdout)


@given(tables())
@example(parse_rules("-A -f 1\n-a -f 1 -r 192.0.2.1 -g\n", file="", port_of=lambda *_: None))
def test_what_is_written_is_a_role_and_what_it_lacks_is_said(table: Table) -> None:
    """The strategy draws much that a role refuses; a role without a remark has lost nothing."""
    imported = import_table(table)
    assert lint(imported.text) == []
    rules = rules_of(imported.text.encode())
    parsed = parse_rules(rules, file="", port_of=lambda *_: None)
    left_out = [line[4:] for line in imported.text.splitlines() if line.startswith("#   ")]
    parse_rules_as_found("\n".join(left_out), file="", port_of=lambda *_: None)
    event("with remarks" if imported.remarks else "without")
    if not imported.remarks:
        assert parsed == table._replace(daemons={})
    for key, service in parsed.services.items():
        assert table.services[key].options.scheduler == service.options.scheduler
        for where, destination in service.destinations.items():
            assert destination.weight in {
                row.weight
                for there, row in table.services[key].destinations.items()
                if there.address == where.address
            }


def lint(text: str) -> list[str]:
    """The errors that are left; parse_role raises them."""
    try:
        parse_role(text.encode(), "imported.yaml")
    except InputError as error:
        return [problem.message for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("rules", "comment"),
    [
        (
            "-A -t 127.0.0.1:80 -s rr\n-a -t 127.0.0.1:80 -r 10.0.0.1:80 -m -w 1\n",
            "# 127.0.0.1 is a loopback address:\n#   -A -t 127.0.0.1:80 -s rr\n"
            "#   -a -t 127.0.0.1:80 -r 10.0.0.1:80 -m -w 1\n",
        ),
        (
            "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 127.0.0.1:80 -m -w 1\n"
            "-A -t 192.0.2.1:81 -s rr\n-a -t 192.0.2.1:81 -r 127.0.0.1:81 -m -w 1\n",
            "# 127.0.0.1 is a loopback address, to which nat cannot forward:\n"
            "#   -a -t 192.0.2.1:80 -r 127.0.0.1:80 -m -w 1\n"
            "# 127.0.0.1 is a loopback address, to which nat cannot forward:\n"
            "#   -a -t 192.0.2.1:81 -r 127.0.0.1:81 -m -w 1\n",
        ),
        (
            "-A -t 192.0.2.1:80 -s rr -p 300 --pe other\n",
            "# 'other' is not a persistence engine:\n"
            "#   -A -t 192.0.2.1:80 -s rr -p 300 --pe other\n",
        ),
        ("-A -t 192.0.2.1:80 -s absent\n", "#   -A -t 192.0.2.1:80 -s absent\n"),
        ("--set 2678400 0 0\n", "#   --set 2678400 0 0\n"),
        (
            "--start-daemon master --mcast-interface 1e5 --sync-maxlen 100\n",
            "#   --start-daemon master --mcast-interface 1e5 --syncid 0 --sync-maxlen 100\n",
        ),
    ],
)
def test_what_a_role_refuses_is_left_as_a_comment(rules: str, comment: str) -> None:
    done = lvsboot("import", "-", stdin=f"{GUIDE}{rules}".encode())
    assert done.returncode == Exit.DONE
    assert b"lvsboot: <stdin>: left out: " in done.stderr
    assert done.stdout.decode().endswith(comment)
    rules_of(done.stdout)


def test_an_address_that_every_service_has_is_left_out_in_one_go() -> None:
    """Each round looks at the whole role: a round for each service would take minutes."""
    services = "".join(
        f"-A -t 192.0.2.1:{port} -s rr\n-a -t 192.0.2.1:{port} -r 127.0.0.1:{port} -m -w 1\n"
        for port in range(1, 401)
    )
    began = time.process_time()
    imported = import_table(parse_rules(services, file="", port_of=lambda *_: None))
    assert time.process_time() - began < 2
    assert len(imported.remarks) == 400


def test_a_name_that_looks_like_a_number_stays_a_name() -> None:
    rules = GUIDE.encode() + b"--start-daemon backup --mcast-interface 1e5\n"
    kind = parse_role(lvsboot("import", "-", stdin=rules).stdout, "imported.yaml").role.kind
    assert isinstance(kind, Director)
    assert kind.sync is not None
    assert kind.sync.interface == "1e5"


@pytest.mark.parametrize(
    ("rules", "sync"),
    [
        ("--start-daemon master --mcast-interface eth0\n", Sync(SyncMode.MASTER, "eth0", *DEFAULT)),
        ("--start-daemon backup --mcast-interface eth0\n", Sync(SyncMode.BACKUP, "eth0", *DEFAULT)),
        (
            "--start-daemon master --mcast-interface eth0 --syncid 7 --sync-maxlen 1000 "
            "--mcast-group ff02::81 --mcast-port 9000 --mcast-ttl 3\n"
            "--start-daemon backup --mcast-interface eth0 --syncid 7 --sync-maxlen 1000 "
            "--mcast-group ff02::81 --mcast-port 9000 --mcast-ttl 3\n",
            Sync(SyncMode.BOTH, "eth0", 7, IPv6Address("ff02::81"), 9000, 3, 1000),
        ),
    ],
)
def test_sync_daemons_become_the_roles(rules: str, sync: Sync) -> None:
    done = lvsboot("import", "-", stdin=f"{GUIDE}{rules}".encode())
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    kind = parse_role(done.stdout, "imported.yaml").role.kind
    assert isinstance(kind, Director)
    assert kind.sync == sync


def test_a_destination_on_the_director_itself_is_named() -> None:
    pool = {DestinationKey(bytes(4), 0): Destination(ForwardingMethod.LOCAL)}
    table = Table({FirewallMark(1): Service(ServiceOptions(), pool)})
    assert "is this host itself" in import_table(table).remarks[0]


LOOPBACKS = "".join(f"-A -t 127.0.{i >> 8}.{i & 255}:80 -s rr\n" for i in range(1_200))


@pytest.mark.parametrize(
    ("limit", "most", "rules", "message"),
    [
        ("MAX_VALUES", 15, GUIDE, "the role would have 19 values; it has at most 15"),
        ("MAX_BYTES", 300, GUIDE, "the role would have [0-9]{3} bytes; it has at most 300"),
        # A thousand are found at a time, and to look again and again would take too long.
        ("MAX_VALUES", 10_000, LOOPBACKS, "a role refuses too many of these rules, the last since"),
    ],
)
def test_a_role_is_bounded(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, rules: str, message: str
) -> None:
    monkeypatch.setattr(f"lvsboot.role.importing.{limit}", most)
    with pytest.raises(InputError) as caught:
        import_table(parse_rules(rules, file="", port_of=lambda *_: None))
    assert re.fullmatch(f"{message}.*", caught.value.problems[0].message)


def test_the_values_are_counted_as_a_reader_of_the_role_counts_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = import_table(parse_rules(ALL, file="", port_of=lambda *_: None)).text.encode()
    count = count_values(parse_document(raw, "role.yaml").value)
    monkeypatch.setattr("lvsboot.role.composer.MAX_VALUES", count)
    parse_document(raw, "role.yaml")
    monkeypatch.setattr("lvsboot.role.composer.MAX_VALUES", count - 1)
    with pytest.raises(InputError):
        parse_document(raw, "role.yaml")


@pytest.mark.parametrize(
    "rules",
    [
        "-A -t 192.0.2.1:80 -s rr -p 2678400\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 65536\n",
        "-A -f 4294967295 -s rr -p 1\n-a -f 4294967295 -r 10.0.0.1:0 -m -w 2147483647\n",
        "--set 2147483 2147483 2147483\n-A -t 192.0.2.1:0 -s sh -p 2678400\n",
    ],
)
def test_what_ipvsadm_takes_at_its_bounds_a_role_takes(rules: str) -> None:
    done = lvsboot("import", "-", stdin=rules.encode())
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    assert rules_of(done.stdout) == rules
