"""Rules as people have them: what their tool made of them, and a sentence on the rest."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lvsboot.errors import InputError
from lvsboot.ipvs.rules import format_rules, parse_rules
from lvsboot.ipvs.rules.as_found import RulesAsFound, parse_rules_as_found
from lvsboot.ipvs.table import Protocol, Table
from tests.unit.ipvs.tables import tables

WEB = "-A -t 192.0.2.1:80 -s wlc\n"
ONE = "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n"
TWO = "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1\n"
PLAIN = WEB + ONE + TWO


def port_of(name: str, protocol: Protocol) -> int | None:
    return {("http", Protocol.TCP): 80}.get((name, protocol))


def script(command: str, between: str = "\n") -> str:
    return between.join(command.format(line) for line in PLAIN.splitlines())


def read(text: str) -> RulesAsFound:
    return parse_rules_as_found(text, file="rules", port_of=port_of)


def rules(text: str) -> str:
    found = read(text)
    assert found.remarks == ()
    return format_rules(found.table)


def problems(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(text)
    return [f"{p.span.line}: {p.message}" for p in caught.value.problems]


@given(tables())
def test_what_the_service_reads_is_read_the_same(table: Table) -> None:
    text = format_rules(table)
    assert read(text) == RulesAsFound(table, ())


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"# ipvsadm.rules\n{PLAIN}",
        f"\N{BYTE ORDER MARK}# a web\n\n  # more\n\t#\n#\udcff\n{WEB}#-C\n{ONE}\n{TWO}",
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(" ", "\t"),
        "".join(f"  {line}  # the web \"'`$(\n" for line in PLAIN.splitlines()),
        PLAIN.removesuffix("\n"),
        f"ipvsadm -C\n{PLAIN}ipvsadm -L -n\n-Ln\n--list --stats\n-S -n\n",
        script("ipvsadm {}"),
        script("#!/bin/sh\n/sbin/ipvsadm {}"),
        script("sudo -u root /usr/sbin/ipvsadm {} || exit 1"),
        script("'ipvsadm' {} >/dev/null 2>&1"),
        f"ipvsadm {WEB}ipvsadm {ONE}exec ipvsadm {TWO}",
        script("ipvsadm {}", "; "),
        script("ipvsadm {}", " && "),
        f"( {script('ipvsadm {}', ' ;' + chr(92) + chr(10))} )",
        script("ipvsadm {} &>> log &").replace(" -", " \\\n -"),
        script("$IPVSADM {}"),
        'CMD="sudo /sbin/ipvsadm"\n' + script("$CMD {}"),
        f"VIP=192.0.2.1\n{PLAIN.replace('192.0.2.1', '$VIP')}ipvsadm -L\n",
        "export NET=192.0.2 VIP=x\nVIP=\"${NET}.1\"; PORT=80\nI='ipvsadm'\n"
        + script("${{I}} {}").replace("192.0.2.1:80", '"$VIP":${PORT}'),
        f"VIP=192.0\nVIP+=.2\nVIP+=.1 X+=1\n{PLAIN.replace('192.0.2.1', '$VIP')}ipvsadm -L\n",
        f"ipvsadm -Z && A=192\nipvsadm -Z || A=10\n{PLAIN.replace('192', '$A')}ipvsadm -L\n",
        "ipv=/sbin/ipvsadm\n" + script("$ipv {}"),
        "export A=1 ipv=/usr/sbin/ipvsadm\n" + script("${{ipv}} {}"),
        f"S=wlc\n{PLAIN.replace('wlc', '$S')}ipvsadm -L\n",
        script("ipvsadm {}").replace("wlc", "'wlc'"),
        script("ipvsadm {}").replace("wlc", "wlc;#"),
        f"/sbin/ipvsadm -R <<EOF\n{PLAIN}EOF\n",
        f"{PLAIN}export A=1 || ipvsadm -C\nA=$(id); A=1 || ipvsadm -C\nipvsadm -L\n",
        f"ipvsadm -R << 'END'\n{PLAIN}END\nipvsadm\t-L\t-n\n",
        f"ipvsadm-restore -n <<-EOF\n\t{PLAIN}\tEOF\n",
        f"{{ {script('ipvsadm {}', '; ')}; }}",
        f"{WEB}ipvsadm {ONE.strip()} &&\n\n# two\nipvsadm {TWO}",
        f"{PLAIN}ipvsadm -L || {{\nipvsadm -C\nexit 1\n}}\n",
        f"{PLAIN}! ipvsadm -L && ipvsadm -C\n! ! ipvsadm -L || exit\nipvsadm -L\n",
        f"S=wlc\n{PLAIN.replace('wlc', chr(34) + '$S' + chr(34))}ipvsadm -L '>x;y|z'\n",
    ],
    ids=ascii,
)  # fmt: skip
def test_the_same_rules_in_other_clothes(text: str) -> None:
    assert rules(text) == PLAIN


def test_a_script_may_look_for_ipvsadm_first() -> None:
    text = "".join(f"[ -x /{at}/ipvsadm ] && I=/{at}/ipvsadm\n" for at in ("sbin", "bin"))
    assert format_rules(read(text + script("$I {}")).table) == PLAIN


@given(tables(), st.sampled_from(["", "ipvsadm ", "/sbin/ipvsadm ", " sudo /usr/sbin/ipvsadm\t"]))
def test_a_script_of_plain_lines_is_read_as_its_rules_are(table: Table, prefix: str) -> None:
    """By what reads whole services at once, and line by line."""
    lines = format_rules(table).splitlines()
    text = "".join(f"{prefix}{line}\n" for line in lines)
    assert read(text) == read(f"{text}# a backslash: \\") == RulesAsFound(table, ())


@pytest.mark.parametrize(
    ("text", "kept", "remarks"),
    [
        (
            f"{WEB}-A -t 192.0.2.1:80 -s rr\n",
            WEB,
            ["2: passed over, as the kernel refuses it: the service -t 192.0.2.1:80 is there"],
        ),
        (
            f"{WEB}{ONE}{TWO}{ONE.replace('-w 1', '-w 9')}",
            PLAIN,
            ["4: passed over, as the kernel refuses it: the service has this destination already"],
        ),
        (
            f"{ONE}{PLAIN}",
            PLAIN,
            ["1: passed over, as the kernel refuses it: there is no service -t 192.0.2.1:80"],
        ),
        (
            f"-D -t 192.0.2.1:80\n-E -f 1\n{PLAIN}-d -t 192.0.2.1:80 -r 10.0.0.9\n",
            PLAIN,
            ["1: passed over", "2: passed over", "6: passed over"],
        ),
        (
            f"{PLAIN}-a -t 192.0.2.1:80 -r 10.0.0.3 -x 1 -y 2\n",
            PLAIN,
            ["4: passed over, as the kernel refuses it: the lower threshold is above"],
        ),
        (
            f"{WEB}-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -g\n{TWO.replace(':80 -g', ':81')}",
            PLAIN,
            [
                "2: 10.0.0.1:8080 is port 80, the service's: only nat has another",
                "3: 10.0.0.2:81 is port 80, the service's: only nat has another",
            ],
        ),
        (
            # Two ports that are one to the kernel.
            f"{WEB}{ONE}{TWO}-a -t 192.0.2.1:80 -r 10.0.0.2:81 -i\n",
            PLAIN,
            ["4: passed over, as the kernel refuses it: the service has this destination already"],
        ),
        (
            "#!/bin/sh\nipvsadm -D -f 1; modprobe ip_vs\nmodprobe ip_vs\n"
            "[ -x /sbin/ipvsadm ] || exit 0\n"
            f"ip addr add 192.0.2.1/32 dev eth0; ip link set eth0 up\nipvsadm -C\n{PLAIN}exit 0\n",
            PLAIN,
            [
                "2: passed over, as the kernel refuses it: there is no service -f 1",
                "3: passed over, since it is not ipvsadm's: modprobe ip_vs",
                "4: passed over, since it is not ipvsadm's: [ -x",
                "5: passed over, since it is not ipvsadm's: ip addr add",
                "10: passed over, since it is not ipvsadm's: exit 0",
            ],
        ),
        (
            f"{PLAIN}ipvsadm-restore < /etc/more\nipvsadm -R < /etc/more\n",
            PLAIN,
            ["4: passed over: the rules that it loads are not", "5: passed over: the rules"],
        ),
        (
            f"ipvsadm -E -f 1 || ipvsadm {WEB}ipvsadm {WEB.strip()} && ipvsadm -C; ipvsadm {ONE}"
            f"ipvsadm {TWO.strip()} || ipvsadm -C && ipvsadm {ONE}",
            PLAIN,
            ["1: passed over", "2: passed over", "3: passed over"],
        ),
        (
            f"{PLAIN}ipvsadm -L; exit; ipvsadm -C\n# end\n\nipvsadm -C\n{WEB}",
            PLAIN,
            ["7: passed over, as is all after it: the script ends in line 4: ipvsadm"],
        ),
        (
            f"ipvsadm {WEB}{ONE}exec ipvsadm {TWO}ipvsadm -C\n",
            PLAIN,
            ["4: passed over, as is all after it: the script ends in line 3: ipvsadm -C"],
        ),
        (
            f"ipvsadm {WEB}ipvsadm -D -f 1 || exit 1\n{ONE}",
            WEB,
            ["2: passed over", "3: passed over, as is all after it: the script ends in line 2"],
        ),
        (
            f"ipvsadm {WEB}! ipvsadm -D -f 1 || exit 1\n{ONE}{TWO}",
            PLAIN,
            ["2: passed over, as the kernel refuses it: there is no service -f 1"],
        ),
        (
            f"[ -x /sbin/ipvsadm ] || {{ echo none; exit 1; }}\nipvsadm {WEB}{ONE}{TWO}",
            PLAIN,
            ["1: passed over, since it is not ipvsadm's: [ -x"],
        ),
        (
            f"cat >/etc/more <<EOF\n{WEB}exit\nEOF\nipvsadm {WEB}{ONE}{TWO}",
            PLAIN,
            ["1: passed over, since it is not ipvsadm's: cat"],
        ),
        (
            f"{WEB}-A -f 1\n-C\n{PLAIN}-A -f 2 -s rr\n-a -f 2 -r 10.0.0.1 -m\n-D -f 2\n-Z\n",
            PLAIN,
            [],
        ),
    ],
)  # fmt: skip
def test_what_the_tool_took_and_what_it_passed_over(
    text: str, kept: str, remarks: list[str]
) -> None:
    found = read(text)
    assert format_rules(found.table) == kept
    assert len(found.remarks) == len(remarks)
    for remark, expected in zip(found.remarks, remarks, strict=True):
        assert remark.startswith(f"rules:{expected.replace(': ', ': ', 1)}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{PLAIN}foo\n", "4: the line does not start with a command such as -A or -a"),
        (f"VIP=1\n{PLAIN}", "1: the line does not start with a command such as -A or -a"),
        (f"{PLAIN}-a -t 192.0.2.1:80 -r 10.0.0.3 -w x\n", "4: weight 'x' is not a number"),
        (f"{PLAIN}-a -t 192.0.2.1:80 -r ::1 -m\n", "4: only a tunnel (-i) leads to the other"),
        (f"{PLAIN}ipvsadm -a -t 192.0.2.1:80 -r rs3\n", "4: 'rs3' is a host name"),
        ("-A -t 192.0.2.1:h\udcfft\n", "1: 'h\udcfft' is neither a port nor a service's name"),
        ("-A -t 192.0.2.1\vjunk:80\n", "1: '192.0.2.1\vjunk' is a host name"),
        ("ipvsadm -A -t 192.0.2.1\fjunk:80\n", "1: '192.0.2.1\fjunk' is a host name"),
        ('A="192.0.2.1\v9"\nipvsadm -A -t $A:80\n', "2: '192.0.2.1\v9' is a host name"),
        ("ipvsadm -A -t $1:80\n", "1: '$1:80': only a shell knows"),
        ("ipvsadm -A -t $VIP:80\n", "1: $VIP, which the file does not set to a plain text"),
        ("VIP=$(hostname -i)\nipvsadm -A -t $VIP:80\n", "2: $VIP, which the file does not set"),
        ("VIP=`hostname -i`\nipvsadm -A -t $VIP:80\n", "2: $VIP, which the file does not set"),
        ("ipvsadm -A -t ${VIP:-192.0.2.1}:80\n", "1: '${VIP:-192.0.2.1}:80': only a shell"),
        ('case "$1" in\nstart)\nipvsadm -C\n;;\nesac\n', "1: `case`: only a shell knows"),
        (f"ipvsadm -C\nfor i in 1 2; do\n{WEB}done\n", "2: `for`: only a shell knows"),
        ("if [ -x /sbin/ipvsadm ]; then\nipvsadm -C\nfi\n", "1: `if`: only a shell knows"),
        (f"stop() {{\nipvsadm -C\n}}\nipvsadm {WEB}", "1: a function (stop): only a shell"),
        (f"[ -n x ] && ipvsadm {WEB}", "1: a command behind `&&`: only a shell knows"),
        (f"modprobe ip_vs || ipvsadm {WEB}", "1: a command behind `||`: only a shell"),
        (f"ipvsadm '{WEB}", "1: a quotation that ends"),
        ("A=x\n" + "A=$A$A$A$A\n" * 40 + "ipvsadm -A -t $A:80\n", "42: $A, which the"),
        ("V=1.2.3.4\n[ -n x ] && V=5.6.7.8\nipvsadm -A -t $V:80\n", "3: $V, which the file"),
        ("V=1.2.3.4\ntest x || export V=5.6.7.8\nipvsadm -A -t $V:80\n", "3: $V, which the file"),
        ("V=1.2.3.4\nunset V\nipvsadm -A -t $V:80\n", "3: $V, which the file"),
        ("V=1.2.3.4\nread U V\nipvsadm -A -t $V:80\n", "3: $V, which the file"),
        ("V=$1\nV+=.4\nipvsadm -A -t $V:80\n", "3: $V, which the file"),
        ("V=$(cat vip) && ipvsadm -C\n", "1: a command behind `&&`: only a shell knows"),
        ("V=1.2.3.4\nipvsadm -A -t '$V':80\n", "2: '$V' is a host name"),
        ("V=1.2.3.4\nipvsadm -A -t \\$V:80\n", "2: '$V' is a host name"),
        ('V=1.2.3.4\nipvsadm -A -t "\\$V:80"\n', "2: '$V' is a host name"),
        ("V='$U'\nU=1.2.3.4\nipvsadm -A -t $V:80\n", "3: '$U' is a host name"),
        ("(\nipvsadm -C\nexit\n)\n", "3: `exit` in a subshell: only a shell knows"),
        ("ipvsadm -C\nreturn 0\n", "2: `return`: only a shell knows"),
        (f"[ -n x ] && {{\nipvsadm {WEB}}}\n", "2: a command behind `&&`: only a shell"),
        (f"[ -n x ] &&\nipvsadm {WEB}", "2: a command behind `&&`: only a shell knows"),
        (f"! modprobe ip_vs || ipvsadm {WEB}", "1: a command behind `||`: only a shell"),
        ("ipvsadm -A -t $(cat vip):80\n", "1: a word that another command gives: only a shell"),
    ],
)  # fmt: skip
def test_what_ipvsadm_or_only_a_shell_can_read(text: str, problem: str) -> None:
    found = problems(text)
    assert found[-1].startswith(problem)
    assert len(found) == 1


@pytest.mark.long
def test_remarks_and_problems_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(WEB + ONE * 1500)
    assert len(found.remarks) == 1001
    assert found.remarks[-1] == "499 more lines have remarks"
    assert len(problems("foo\n" * 1500)) == len(problems("-A -t x\n" * 1500)) == 1001
    monkeypatch.setattr("lvsboot.ipvs.rules.shell.MAX_CHARACTERS", 100)
    assert problems("ipvsadm '-L'\n" * 9)[0].startswith("9: more than 100 characters of shell: ")
    assert rules("ipvsadm -L # one's\n" * 9 + script('ipvsadm {} # "')) == PLAIN
    assert problems("ipvsadm '" + "x" * 5000) == ["1: the line is longer than 4,096 characters"]
    assert problems("-C\\\n" * 5000)[0].startswith("1: ")


@given(
    st.text(alphabet="-AaCtr1.:0 \t\r\n#'\"\\$`;&|<>(){}=ipvsadmV\v\0\udcff", max_size=60)
    | st.lists(
        st.sampled_from(["ipvsadm ", "-A ", "-t 192.0.2.1:80", "\n", "V=", "$V", "; ", "'", "&&"])
    ).map("".join)
)
@example("\\")
@example("$V $V\n")
@example("V=\n$V\n")
@example("\v\n\x85\n$\v")
@example("ipvsadm\v-L\n")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read(text)
    except InputError as error:
        assert error.problems


def test_the_service_itself_stays_strict() -> None:
    for text in (
        f"# ipvsadm.rules\n{PLAIN}",
        f"/sbin/ipvsadm {WEB}",
        WEB + WEB,
        f"{WEB}{ONE}{ONE}",
    ):
        with pytest.raises(InputError):
            parse_rules(text, file="rules", port_of=port_of)
