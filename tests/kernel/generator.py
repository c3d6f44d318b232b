"""Rules that ipvsadm takes, made word by word: nothing here knows of lvsboot's parser or tables.

`USED` counts how often each of ipvsadm's options has been written.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import NamedTuple

# Long name to letter; both are ipvsadm(8)'s.
LETTERS = {
    "add-service": "A", "edit-service": "E", "delete-service": "D", "clear": "C", "zero": "Z",
    "add-server": "a", "edit-server": "e", "delete-server": "d", "set": "", "start-daemon": "",
    "stop-daemon": "", "tcp-service": "t", "udp-service": "u", "sctp-service": "",
    "fwmark-service": "f", "ipv6": "6", "scheduler": "s", "sched-flags": "b", "persistent": "p",
    "netmask": "M", "pe": "", "ops": "o", "real-server": "r", "masquerading": "m",
    "gatewaying": "g", "ipip": "i", "weight": "w", "u-threshold": "x", "l-threshold": "y",
    "tun-type": "", "tun-port": "", "tun-nocsum": "", "tun-csum": "", "tun-remcsum": "",
    "syncid": "", "mcast-interface": "", "sync-maxlen": "", "mcast-group": "", "mcast-port": "",
    "mcast-ttl": "",
}  # fmt: skip
USED: Counter[str] = Counter()

SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf")
KINDS = ("tcp-service", "udp-service", "sctp-service", "fwmark-service")
PORTS = {"80": "http", "443": "https", "53": "domain", "123": "ntp"}
NETMASKS4 = ("255.255.255.0", "255.0.255.0", "0.0.0.0", "255.255.255.255")
LONGEST = 86400 * 31
HEAVIEST = 2**31 - 1


class Service(NamedTuple):
    """The words that name it. A port of "" is a firewall mark's, "0" every port."""

    option: str
    host: str
    port: str
    ipv6: bool


class Generator:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - rules, not secrets

    def rules(self) -> str:
        """Lines of which none fails. Sync daemons exclude tunnels between the families.

        They say the timeouts and end both daemons first, so that a host's past does not matter.
        """
        has_daemon = self._often(0.5)
        lines = [f"{self._word('set')} 900 120 300"]
        lines += [self._word("stop-daemon", role) for role in ("master", "backup")]
        if self._often(0.5):
            timeouts = " ".join(self._number(0, LONGEST) for _ in range(3))
            lines.append(f"ipvsadm {self._word('set')} {timeouts}")
        if self._often(0.2):
            lines += [f"{self._word('add-service')} -t 10.9.9.9:80", "", self._word("clear")]
        services = {self._service() for _ in range(self._random.randint(0, 8))}
        for service in sorted(services):
            lines += self._service_lines(service, may_mix=not has_daemon)
        if has_daemon:
            for role in self._some(("master", "backup"), 1):
                words = [self._word("start-daemon", role), *self._shuffled(self._daemon_words())]
                lines.append(" ".join(words))
        return "".join(f"{line}\n" for line in lines)

    def _often(self, probability: float) -> bool:
        return self._random.random() < probability

    def _number(self, low: int, high: int) -> str:
        return str(self._random.choice((low, high, self._random.randint(low, high))))

    def _some(self, what: tuple[str, ...], least: int = 0) -> list[str]:
        return self._random.sample(what, self._random.randint(least, len(what)))

    def _shuffled(self, words: list[str]) -> list[str]:
        return self._random.sample(words, len(words))

    def _word(self, name: str, value: str | None = None) -> str:
        """An option in one of its spellings."""
        USED[name] += 1
        letter = LETTERS[name]
        if value is None:
            return self._random.choice([f"--{name}", *([f"-{letter}"] if letter else [])])
        spellings = [f"--{name} {value}", f"--{name}={value}"]
        if letter:
            spellings += [f"-{letter} {value}", f"-{letter}{value}", f"-{letter}={value}"]
        return self._random.choice(spellings)

    def _service(self) -> Service:
        ipv6 = self._often(0.5)
        option = self._random.choice(KINDS)
        if option == "fwmark-service":
            return Service(option, self._number(1, 2**31 - 1), "", ipv6)
        last = self._random.randint(1, 250)
        host = f"2001:db8::{last:x}" if ipv6 else f"10.0.0.{last}"
        return Service(option, host, self._random.choice(("0", *PORTS)), ipv6)

    def _naming(self, service: Service) -> str:
        if service.option == "fwmark-service":
            words = self._word(service.option, service.host)
            return f"{words} {self._word('ipv6')}" if service.ipv6 else words
        port = service.port
        if service.option == "tcp-service" and port in {"80", "443"} and self._often(0.3):
            port = PORTS[port]
        if service.option == "udp-service" and port in {"53", "123"} and self._often(0.3):
            port = PORTS[port]
        host = f"[{service.host}]" if service.ipv6 else service.host
        return self._word(service.option, f"{host}:{port}")

    def _service_words(self, service: Service) -> list[str]:
        words = []
        scheduler = self._random.choice(SCHEDULERS)
        if self._often(0.7):
            words.append(self._word("scheduler", scheduler))
            named = (f"{scheduler}-fallback", f"{scheduler}-port") * (scheduler in {"sh", "mh"})
            if flags := self._some(("flag-1", "flag-2", "flag-3", *named)):
                words.append(self._word("sched-flags", ",".join(flags)))
        if service.port == "0" or self._often(0.5):
            timeout = None if self._often(0.2) else self._number(1, LONGEST)
            words.append(self._word("persistent", timeout))
            if self._often(0.5):
                mask = self._number(1, 128) if service.ipv6 else self._random.choice(NETMASKS4)
                words.append(self._word("netmask", mask))
            if self._often(0.3):
                words.append(self._word("pe", "sip"))
        if service.option in {"udp-service", "fwmark-service"} and self._often(0.4):
            words.append(self._word("ops"))
        return self._shuffled(words)

    def _service_lines(self, service: Service, *, may_mix: bool) -> list[str]:
        lines = [self._line("add-service", service, *self._service_words(service))]
        if self._often(0.3):
            lines.append(self._line("edit-service", service, *self._service_words(service)))
        for last in range(1, self._random.randint(1, 7)):
            lines += self._server_lines(service, last, mixed=may_mix and self._often(0.3))
        match self._random.randint(0, 7):
            case 0:
                lines.append(self._line("delete-service", service))
            case 1:
                lines.append(self._line("zero", service))
        return lines

    def _line(self, verb: str, service: Service, *words: str) -> str:
        return " ".join([self._word(verb), self._naming(service), *words])

    def _server_lines(self, service: Service, last: int, *, mixed: bool) -> list[str]:
        ipv6 = service.ipv6 is not mixed
        host = f"2001:db8:1::{last:x}" if ipv6 else f"172.16.0.{last}"
        bracketed = f"[{host}]" if ipv6 else host
        there = f"{bracketed}:8080"
        if self._often(0.6):
            where = self._word("real-server", self._random.choice((host, there)))
            return [self._line("add-server", service, where, *self._server_words(mixed=mixed))]
        # Where it is when it is edited or deleted depends on its method but for NAT.
        method = self._word("ipip" if mixed else "masquerading")
        if mixed and service.port:
            there = f"{bracketed}:{service.port}"
        lines = [self._line("add-server", service, self._word("real-server", there), method)]
        where = self._word("real-server", there)
        if self._often(0.5):
            return [*lines, self._line("delete-server", service, where)]
        weight = self._word("weight", self._number(0, HEAVIEST))
        return [*lines, self._line("edit-server", service, where, weight, method)]

    def _server_words(self, *, mixed: bool) -> list[str]:
        words = []
        method = self._random.choice(("", "gatewaying", "masquerading", "ipip", "ipip"))
        method = "ipip" if mixed else method
        if method:
            words.append(self._word(method))
        if self._often(0.5):
            words.append(self._word("weight", self._number(0, HEAVIEST)))
        if self._often(0.4):
            upper = self._random.randint(0, 1000)
            words.append(self._word("u-threshold", str(upper)))
            if self._often(0.5):
                words.append(self._word("l-threshold", self._number(0, upper)))
        if method == "ipip" and self._often(0.7):
            words += self._tunnel_words()
        return self._shuffled(words)

    def _tunnel_words(self) -> list[str]:
        kind = self._random.choice(("ipip", "gue", "gue", "gre"))
        words = [self._word("tun-type", kind)]
        sums = {"ipip": (), "gue": ("nocsum", "csum", "remcsum"), "gre": ("nocsum", "csum")}[kind]
        if kind == "gue":
            words.append(self._word("tun-port", self._number(1, 65535)))
        if sums and self._often(0.8):
            words.append(self._word(f"tun-{self._random.choice(sums)}"))
        return words

    def _daemon_words(self) -> list[str]:
        values = {
            "syncid": self._number(0, 255),
            "sync-maxlen": self._number(200, 1400),
            "mcast-group": self._random.choice(("224.0.0.81", "239.1.2.3")),
            "mcast-port": self._number(1, 65535),
            "mcast-ttl": self._number(1, 255),
        }
        words = [self._word(name, values[name]) for name in self._some((*values,))]
        return [self._word("mcast-interface", "eth0"), *words]
