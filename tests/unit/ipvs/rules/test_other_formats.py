"""Other programs' files, which are named for what they are."""

from __future__ import annotations

import pytest

from tests.unit.ipvs.rules.test_as_found import WEB, problems


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n",
         "1: this is what `ipvsadm -L` shows, not rules"),
        ("Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port\n",
         "1: this is what `ipvsadm -L` shows, not rules"),
        ("IPVS connection entries\n", "1: this is a list of connections, not rules"),
        ("! Configuration File\n\nglobal_defs {\n}\n",
         "3: this is a configuration of keepalived, not rules"),
        ("#x\nvirtual_server 192.0.2.1 80 {\n  lb_algo rr\n}\n",
         "2: this is a configuration of keepalived, not rules"),
        ("checktimeout=3\nvirtual=192.0.2.1:80\n\treal=10.0.0.1:80 gate 4\n",
         "3: this is a configuration of ldirectord, not rules"),
        ("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i eth0 -j ACCEPT\nCOMMIT\n",
         "1: this is what `iptables-save` prints, not rules"),
        ("table inet filter {\n}\n", "1: this is a configuration of nftables, not rules"),
        ("version: 1\ndirector:\n", "1: this is a role file, or another YAML file, not rules"),
        ("[Unit]\nDescription=x\n[Service]\nExecStart=/sbin/ipvsadm -A -f 1\n",
         "1: this is a unit of systemd, not rules"),
        ('# ipvsadm\nAUTO="true"\nDAEMON="master"\n',
         "3: this is a file of settings of Debian's ipvsadm service, not rules"),
        ("\x1f\udc8b\x08\0\0", "1: this is binary data (a null byte), not rules"),
        (f"{WEB}-A -t 192.0.2.1:http\0\n", "2: this is binary data (a null byte), not rules"),
        ("\udcff\udcfe-A", "1: this is a text in UTF-16, not rules"),
    ],
)  # fmt: skip
def test_another_programs_file_is_named(text: str, message: str) -> None:
    assert problems(text) == [message]
