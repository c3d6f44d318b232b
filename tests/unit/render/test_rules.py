"""A director's services and real servers as ipvsadm's rules."""

from __future__ import annotations

from tests.unit.render.trees import DIRECTOR, EVERYTHING, render, text_of


def test_rules_take_their_method_port_and_weight_from_the_service() -> None:
    assert text_of(render(DIRECTOR), "/etc/lvs/ipvs.rules").splitlines() == [
        "-A -t 192.0.2.1:80 -s wlc",
        "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 0",
        "-A -t [2001:db8::1]:80 -s mh",
        "-a -t [2001:db8::1]:80 -r [2001:db8::2]:8080 -m -w 1",
    ]


def test_weights_and_timeouts_are_as_large_as_ipvsadms() -> None:
    text = DIRECTOR.replace("weight: 0", "weight: 2147483647").replace(
        "port: 80, real", "port: 80, persistence: {timeout: 2678400}, real", 1
    )
    assert text_of(render(text), "/etc/lvs/ipvs.rules").splitlines()[:2] == [
        "-A -t 192.0.2.1:80 -s wlc -p 2678400",
        "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 2147483647",
    ]


def test_every_option_of_a_service_reaches_its_rule() -> None:
    assert text_of(render(EVERYTHING), "/etc/lvs/ipvs.rules").splitlines() == [
        "--set 0 30 0",
        "-A -u 192.0.2.1:0 -s wlc -p 300 -o",
        "-a -u 192.0.2.1:0 -r 10.0.0.2:0 -i -w 1 -x 20 -y 10",
        "-a -u 192.0.2.1:0 -r [2001:db8::2]:0 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum",
        "-A -u [2001:db8::1]:5060 -s sh -p 60 -M 64 --pe sip -b sh-fallback,sh-port",
        "-a -u [2001:db8::1]:5060 -r [2001:db8::2]:5060 -g -w 1",
        "-a -u [2001:db8::1]:5060 -r [2001:db8::3]:5061 -m -w 1",
        "-A -f 7 -s wlc -p 300 -M 255.255.255.0",
        "-a -f 7 -r 10.0.0.2:0 -i -w 1 --tun-type gre --tun-nocsum",
        "-A -f 7 -6 -s wlc",
    ]
