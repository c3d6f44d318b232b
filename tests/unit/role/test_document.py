"""YAML 1.2's scalars, places, and files that are hostile or no YAML at all."""

from __future__ import annotations

import pytest
import yaml

from lvsboot.cli.text.problems import problems_text
from lvsboot.errors import InputError
from lvsboot.problem import Place, Problem, Span
from lvsboot.role import composer
from lvsboot.role.composer import MAX_DEPTH, MAX_VALUES
from lvsboot.role.document import (
    MAX_BYTES,
    MAX_FINDINGS,
    NOT_YAML,
    Finding,
    Path,
    parse_document,
    path_text,
    place_findings,
)
from lvsboot.role.reader import parse_role


def value(text: str) -> object:
    return parse_document(text.encode(), "role.yaml").value


def refusal(raw: bytes) -> Problem:
    with pytest.raises(InputError) as caught:
        parse_document(raw, "role.yaml")
    [problem] = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"),
        ("on", "on"),
        ("22:22", "22:22"),
        ("052", 52),
        ("0o52", 42),
        ("0x1F", 31),
        ("-7", -7),
        ("1_000", "1_000"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("'80'", "80"),
        ('"true"', "true"),
        ("2001-01-01", "2001-01-01"),
        ("<<", "<<"),
        ("52:54:00:12:34:56", "52:54:00:12:34:56"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    assert value(f"key: {text}") == {"key": expected}


def test_an_empty_value_is_null() -> None:
    assert value("a:\nb: []") == {"a": None, "b": []}


def test_a_finding_points_at_its_value_or_its_key() -> None:
    document = parse_document(b"a:\n  - bc: def\n", "role.yaml")
    path: Path = ("a", 0, "bc")
    at_value, at_key = place_findings(
        document, [Finding(path, "wrong"), Finding(path, "wrong", at_key=True)]
    )
    assert (at_value.span.line, at_value.span.column, at_value.span.length) == (2, 9, 3)
    assert (at_key.span.line, at_key.span.column, at_key.span.length) == (2, 5, 2)
    assert at_value.source == "  - bc: def"


def test_a_path_that_ends_early_points_at_the_nearest_ancestor() -> None:
    document = parse_document(b"a:\n  b: 1\n", "role.yaml")
    [problem] = place_findings(document, [Finding(("a", "missing"), "wrong")])
    assert problem.span.line == 2


def test_a_finding_names_what_it_contradicts() -> None:
    document = parse_document(b"a: 1\nb:\n- c\n", "role.yaml")
    [problem] = place_findings(document, [Finding(("a",), "wrong", conflicts_with=("b", 0))])
    assert problem.conflicts_with == Place(Span(3, 3, 1), "b[0]")


def test_places_are_found_past_keys_that_are_no_words() -> None:
    document = parse_document(b"? [1, {a: b}]\n: {c: d}\ne: f\ne: g\n", "role.yaml")
    *_own, problem = place_findings(document, [Finding(("e",), "wrong")])
    assert problem.span == Span(3, 4, 1)


def test_paths_read_like_the_role_file() -> None:
    assert path_text(("director", "services", 0, "scheduler")) == "director.services[0].scheduler"


@pytest.mark.parametrize(
    ("raw", "line", "column", "message"),
    [
        (b"", 1, 1, "the file is empty"),
        (b"# nothing\n", 1, 1, "the file is empty"),
        (b"a: 1\nb: \xff", 2, 4, "byte 0xff is not UTF-8"),
        (b"a: \x01", 1, 4, "U+0001 is a character that YAML refuses"),
        (b"a: 1\nb: \x00", 2, 4, "U+0000 is a character that YAML refuses"),
        (b"\x00", 1, 1, "U+0000 is a character that YAML refuses"),
        (b"a: 1\n# \x1b[2J\n", 2, 3, "U+001B is a character that YAML refuses"),
        ("a: 1\n'b\ufffe': 1\n".encode(), 2, 3, "U+FFFE is a character that YAML refuses"),
        (b"a: 1\nb: \xed\xa0\x80", 2, 4, "byte 0xed is not UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, 1, "byte 0xff is not UTF-8"),
        ("é: \x01".encode(), 1, 4, "U+0001 is a character that YAML refuses"),
        (b"a:\n\tb: 1", 2, 1, NOT_YAML),
        (b"a: 1\n---\nb: 1\n", 2, 1, "a second document begins here: a role file has one"),
        (b"a: [1,\n# ] forgotten\n\n", 2, 13, NOT_YAML),
        (b"a: 1\nb: {c:\n", 2, 6, NOT_YAML),
        (b"# old\n%YAML 1.1\n---\na: 1\n", 2, 1, "directives have no meaning in a role file"),
        (b"[" * 100_000, 1, MAX_DEPTH + 1, "lists and mappings are nested more than 64 deep"),
        (b"- " * 100_000, 1, 2 * MAX_DEPTH + 1, "lists and mappings are nested more than 64 deep"),
        (
            b"{a: " * 100_000,
            1,
            4 * MAX_DEPTH + 1,
            "lists and mappings are nested more than 64 deep",
        ),
        (b" " * (MAX_BYTES + 1), 1, 1, "the file has more than 16,777,216 bytes"),
    ],
)
def test_what_is_no_document(raw: bytes, line: int, column: int, message: str) -> None:
    problem = refusal(raw)
    assert (problem.span.line, problem.span.column) == (line, column)
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "line", "column", "key"),
    [
        ("a:\n  scheduler:wlc\n  port: 80\n", 2, 3, "scheduler:"),
        ("a:\n  port: 80\n  scheduler:wlc\n", 3, 3, "scheduler:"),
        ("a:\n  - vip: x\n    scheduler:wlc\n\n    # c\n    port: 80\n", 3, 5, "scheduler:"),
        ("a:\n  - - vip:2001:db8::1\n      port: 80\n", 2, 7, "vip:"),
        ("version:1\n\ndirector: 2\n", 1, 1, "version:"),
    ],
)
def test_a_colon_without_a_blank_is_reported_at_its_own_line(
    text: str, line: int, column: int, key: str
) -> None:
    problem = refusal(text.encode())
    assert problem.message == f"a blank is missing after '{key}'"
    assert problem.span == Span(line, column, len(key))


@pytest.mark.parametrize("text", ["a: b: c\n", "a:\n  b\n  c: 1\n", "a:\n  http://x\n  c: 1\n"])
def test_another_mistake_at_a_colon_is_the_librarys(text: str) -> None:
    assert refusal(text.encode()).message.startswith(NOT_YAML)


@pytest.mark.parametrize("opening", ["[", "- ", "{a: "])
def test_our_own_limit_speaks_before_a_librarys(
    opening: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of PyYAML's two scanners, and one that gives up while it reads ahead."""

    class Strict(yaml.SafeLoader):
        def fetch_flow_collection_start(self, kind: type[yaml.Token]) -> None:
            if self.flow_level > MAX_DEPTH + 10:
                raise yaml.scanner.ScannerError("", None, "too deep", self.get_mark())
            super().fetch_flow_collection_start(kind)

    for loader in (yaml.SafeLoader, Strict):
        monkeypatch.setattr(composer, "Loader", loader)
        problem = refusal(opening.encode() * 200)
        assert problem.message.startswith("lists and mappings are nested more than")
        assert problem.span.column == len(opening) * MAX_DEPTH + 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is here a second time"),
        ("a: *x\n", 1, "there is no anchor &x before this alias"),
        ("a: &x 1\nb: &x 2\n", 2, "the anchor &x is here a second time"),
        ("a:\n  &x [1, {b: *x}]\n", 2, "*x is inside of the value that &x names"),
        ("a: &x 1\n*x : 2\n", 2, "an alias cannot be a key"),
        ("a: &x {}\nb:\n  <<: *x\n", 3, "merge keys have no meaning"),
        ("b: {<<: {c: 1}}\n", 1, "merge keys have no meaning"),
        ("a: !!python/object:os.system x\n", 1, "tags (tag:yaml.org,2002:python/object:os"),
        ("? [1, 2]\n: 3\n", 1, "a key must be a word"),
        ("b: 1\n&x a: 1\n", 2, "only a value can have an anchor"),
        ("b: 1\n!x a: 1\n", 2, "tags (!x) have no meaning"),
        ("b: 1\na: ! '80'\n", 2, "tags (!) have no meaning"),
        ("b: 1\n! a: 80\n", 2, "tags (!) have no meaning"),
        ("b: 1\na: ! [80]\n", 2, "tags (!) have no meaning"),
        ("b: 1\na: !!int 80\n", 2, "tags (tag:yaml.org,2002:int) have no meaning"),
        ("b: 1\na: !<80> {}\n", 2, "tags (80) have no meaning"),
        ("# \u202e\na: 1\n", 1, "U+202E is invisible"),
        ("a: 1 # \u200b\n", 1, "U+200B is invisible"),
        ("a: 1 # \u2028\n", 1, "U+2028 is invisible"),
    ],
)
def test_what_yaml_allows_and_a_role_file_does_not(text: str, line: int, message: str) -> None:
    [problem] = place_findings(parse_document(text.encode(), "role.yaml"), [])
    assert problem.span.line == line
    assert problem.message.startswith(message)


def test_an_alias_repeats_a_value() -> None:
    text = "a: &x [1, &y {b: c}]\nd: *x\ne: {f: *y, g: &z 80}\nh: [*z]\n"
    repeated = [1, {"b": "c"}]
    assert value(text) == {
        "a": repeated,
        "d": repeated,
        "e": {"f": {"b": "c"}, "g": 80},
        "h": [80],
    }


@pytest.mark.parametrize(
    ("first", "width", "levels", "limit"),
    [
        ("[1, 2, 3, 4, 5, 6, 7, 8, 9]", 9, 30, "250,000 values"),
        ("x" * 4_000, 20, 5, "16,777,216 characters"),
        ("[]", 1, 100, "nested more than 64 deep"),
    ],
)
def test_an_alias_bomb_is_refused_before_it_explodes(
    first: str, width: int, levels: int, limit: str
) -> None:
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    problem = refusal("\n".join(lines).encode())
    assert limit in problem.message
    assert 1 < problem.span.line <= len(lines)


def test_what_aliases_expand_to_may_be_as_large_as_a_file() -> None:
    """Counted as if it were written out: ten lists of 24,990 entries, and what they stand in."""
    entries = MAX_VALUES // 10 - 10
    text = f"a: &a [{', '.join(['1'] * entries)}]\nb: [{', '.join(['*a'] * 9)}]\n"
    found = parse_document(text.encode(), "role.yaml")
    assert found.value["b"][8] is found.value["a"]
    assert refusal(text.replace("b: [", "b: [*a, ").encode()).span.line == 2


SHARED = """\
version: 1
director:
  method: dr
  vips: [{address: 192.0.2.1, interface: lo}]
  services:
    - vip: 192.0.2.1
      port: 80
      real_servers: &web
        - {address: 192.0.2.11, weight: 2}
        - {address: 192.0.2.12}
    - vip: 192.0.2.1
      port: 443
      real_servers: *web
"""


def test_a_shared_list_is_as_good_as_one_written_twice() -> None:
    shared = parse_role(SHARED.encode(), "role.yaml")
    start = SHARED.index("&web") + len("&web")
    pool = SHARED[start : SHARED.index("    - vip", start)].rstrip()
    written_out = SHARED.replace(" &web", "").replace(" *web", pool)
    assert shared.role == parse_role(written_out.encode(), "role.yaml").role
    assert len(shared.role.kind.services[1].destinations) == 2  # type: ignore[union-attr]


def reported(text: str) -> list[tuple[int, str, str, tuple[int, str] | None]]:
    """Of each problem line, key, message, and line and key of what it names beside it."""
    try:
        problems = parse_role(text.encode(), "role.yaml").warnings
    except InputError as error:
        problems = error.problems
    return [
        (
            problem.span.line,
            problem.where,
            problem.message,
            problem.conflicts_with
            and (problem.conflicts_with.span.line, problem.conflicts_with.where),
        )
        for problem in problems
    ]


POOL = "director.services[0].real_servers"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("weight: 2", "weight: 3", []),
        (
            "weight: 2",
            "weight: -1",
            [(9, f"{POOL}[0].weight", "-1 is too small for a weight: at least 0", None)],
        ),
        (
            "address: 192.0.2.12",
            "address: 192.0.2.11",
            [
                (
                    10,
                    f"{POOL}[1].address",
                    "192.0.2.11 is used twice in one service",
                    (9, f"{POOL}[0]"),
                ),
            ],
        ),
        (
            "weight: 2",
            "port: 80",
            [
                (
                    9,
                    f"{POOL}[0].port",
                    "port 80 differs from the service's port 443",
                    (13, "director.services[1].real_servers"),
                )
            ],
        ),
        (
            "port: 443\n",
            "port: 443\n      scheduler: rr\n",
            [
                (
                    13,
                    "director.services[1].scheduler",
                    "'rr' ignores all weights but 0",
                    (10, f"{POOL}[1].weight"),
                )
            ],
        ),
        (
            "      port: 443\n",
            "      <<: {port: 443}\n",
            [(12, "director.services[1]", "merge keys have no meaning in a role file", None)],
        ),
        (
            "vips: [{address: 192.0.2.1, interface: lo}]",
            "vips: [&v {address: 192.0.2.1, interface: lo}, *v]",
            [
                (
                    4,
                    "director.vips[1]",
                    "192.0.2.1 is used twice",
                    (4, "director.vips[0].address"),
                )
            ],
        ),
    ],
)
def test_a_problem_in_a_shared_list_is_told_where_it_was_written(
    old: str, new: str, expected: list[tuple[int, str, str, tuple[int, str] | None]]
) -> None:
    assert old in SHARED
    assert reported(SHARED.replace(old, new)) == expected


def test_a_word_that_is_an_alias_is_told_where_it_contradicts_another() -> None:
    """Not where it was written: that line, a VIP's own, is in order."""
    text = SHARED.replace("{address: 192.0.2.1,", "{address: &vip 192.0.2.1,")
    text += "    - {vip: *vip, port: 443, real_servers: [{address: *vip}]}\n"
    assert [row[:2] for row in reported(text)] == [
        (14, "director.services[2].vip"),
        (14, "director.services[2].real_servers[0].address"),
    ]


def test_what_many_aliases_repeat_hides_nothing_else() -> None:
    """One broken entry in a list that 2,000 services share, and another behind them."""
    service = "    - {vip: 192.0.2.1, port: %d, real_servers: *web}\n"
    services = "".join(service % port for port in range(1000, 3000))
    text = SHARED.replace("weight: 2", "weight: x") + services
    text += "    - {vip: 192.0.2.1, port: 99999, real_servers: *web}\n"
    assert [row[:2] for row in reported(text)] == [
        (9, f"{POOL}[0].weight"),
        (2014, "director.services[2002].port"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b"k%d: 1\n" % i for i in range(20_000)),
        b"{" + b",".join(b"k%d" % i for i in range(20_000)) + b"}",
        b"a: [" + b"&a 1," * 100_000 + b"]",
        b"a: [" + b"*a ," * 100_000 + b"]",
        b"a: &a [1]\nb: [" + b"*a ," * 100_000 + b"]",
        b"a: [" + b",".join(b"&a%d 1" % i for i in range(50_000)) + b", *b" * 900 + b"]",
        b"%TAG !a! b\n" * 100_000,
        "# \u202e".encode() * 100_000,
        b"hostname: " + b"9" * 1_000_000,
    ],
    ids=[
        "keys",
        "keys in one line",
        "anchors",
        "no anchors",
        "aliases",
        "aliases of nothing",
        "directives",
        "unseen",
        "digits",
    ],
)
def test_a_hostile_file_has_an_end(raw: bytes) -> None:
    """In a second or two and in few words, where a product of sizes would take an hour."""
    with pytest.raises(InputError) as caught:
        parse_role(raw, "role.yaml")
    assert len(caught.value.problems) <= MAX_FINDINGS + 3
    assert len(problems_text(caught.value.problems)) < 1_000_000
