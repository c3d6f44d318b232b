import gc, os, sys, time

t0 = time.perf_counter()
gc.disable()
from bench.rivals import rules, fresh_host, seconds, LVSBOOT, RULES, prepare
from lvsboot.ipvs.kernel import open_kernel
from lvsboot.ipvs import netlink
from lvsboot.ipvs.numbers import Command, Top
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.changes import diff
from lvsboot.ipvs.table import Table


def t(name, f):
    a = time.perf_counter()
    c = time.process_time()
    u = os.times()
    r = f()
    v = os.times()
    print(
        f"{name:28} wall {time.perf_counter() - a:.3f} user {v.user - u.user:.2f} sys {v.system - u.system:.2f}",
        flush=True,
    )
    return r


prepare()
for size in map(int, sys.argv[1:]):
    print(size)
    with fresh_host() as host:
        RULES.write_text(rules(size))
        text = rules(size)
        print("start", seconds(host, LVSBOOT))
        print("again", seconds(host, LVSBOOT))
        print("again", seconds(host, LVSBOOT))
        with host.entered():
            table = t("parse", lambda: parse_rules(text, file="x", port_of=lambda a, b: None))
            k = open_kernel()
            runs = t("dump services", lambda: k._dump(Command.GET_SERVICE))
            shown = t("decode services", lambda: list(k._services.decode(runs)))

            def raw():
                return [
                    k._dump(Command.GET_DEST, netlink.nested(Top.SERVICE, s.name)) for s in shown
                ]

            pools = t("dump pools raw", raw)
            pools = t("dump pools raw", raw)
            t(
                "decode pools",
                lambda: [k._pools.decode(p, s.key.family) for p, s in zip(pools, shown)],
            )
            s = k._channel._link
            req = [
                netlink.request(
                    k._channel.family_id,
                    netlink.NLM_F_DUMP,
                    1,
                    Command.GET_DEST,
                    netlink.nested(Top.SERVICE, x.name),
                )
                for x in shown
            ]
            for size_ in (65536, 32768, 16384, 8192, 4096):

                def bare():
                    for r in req:
                        s.send(r)
                        n = 0
                        while True:
                            d = s.recv(size_)
                            n += len(d)
                            if len(d) < 30:
                                break
                    return n

                t(f"bare {size_}", bare)
            buf = bytearray(65536)

            def into():
                ri = s.recv_into
                for r in req:
                    s.send(r)
                    while ri(buf) > 30:
                        pass

            t("recv_into", into)
            actual = t("read_table", k.read_table)
            t("diff", lambda: diff(actual, table))
            t("diff from empty", lambda: diff(Table({}), table))
            ch = diff(Table({}), table)
            t("encode", lambda: k._encoder.changes(ch, 1))
