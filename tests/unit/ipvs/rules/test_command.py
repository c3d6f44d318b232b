"""What belongs together in one line."""

from __future__ import annotations

import pytest

from tests.unit.ipvs.rules.reading import ADD, problems


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("# comment", "1:1: a comment: `ipvsadm -R` would stop here"),
        ("\ufeff-A -f 1", "1:1: a byte order mark: `ipvsadm -R` would stop here"),
        ("foo", "1:1: the line does not start with a command such as -A or -a"),
        ("-t 192.0.2.1:80", "1:1: the line does not start with a command such as -A or -a"),
        ("-L", "1:1: --list has no place in a rules file"),
        ("-A -a", "1:4: a second command in one line"),
        ("-A", "1:1: the command names no service"),
        ("-A -t 192.0.2.1:80 x", "1:20: 'x' belongs to no option"),
        ("-A -t 192.0.2.1:80 -s rr -s rr", "1:29: a second scheduler option"),
        ("-A -t 192.0.2.1:80 -r 10.0.0.1", "1:23: --real-server does not go with --add-service"),
        ("-A -t 192.0.2.1:80 -" + "o" * 5000, "1:1: the line is longer than 4,096 characters"),
        ("--set 1 2", "1:1: --set needs three timeouts: TCP, TCP FIN, UDP"),
    ],
)  # fmt: skip
def test_a_wrong_line(line: str, message: str) -> None:
    assert problems(line) == [message]


def test_an_option_of_a_destination_is_given_once() -> None:
    message = "2:35: a second forwarding-method option"
    assert problems(f"{ADD}-a -t 192.0.2.1:80 -r 10.0.0.1 -g -i\n") == [message]
