import resource, subprocess, sys, os
from bench.rivals import prepare, RULES, rules, fresh_host
prepare()
def cost(argv, n=8):
    out=[]
    for _ in range(n):
        a=resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(argv, capture_output=True)
        b=resource.getrusage(resource.RUSAGE_CHILDREN)
        out.append((b.ru_utime+b.ru_stime-a.ru_utime-a.ru_stime)*1000)
    return min(out)
py="python3"
from pathlib import Path
Path("/run/bench/lvsboot").write_text("#!/usr/bin/python3\nimport sys\nfrom lvsboot.cli import main\nsys.exit(main())\n")
RULES.write_text(rules(3))
with fresh_host() as h, h.entered():
  base=cost([py,"-c","import json, socket"])
  for name, argv in {
 "pass":[py,"-c","pass"], "-I":[py,"-I","-c","pass"], "-IS":[py,"-IS","-c","pass"],
 "argparse":[py,"-c","import argparse"], "typing":[py,"-c","import typing"],"socket":[py,"-c","import socket"],"enum":[py,"-c","import enum"],"re":[py,"-c","import re"],
 "json,socket":[py,"-c","import json, socket"],
 "lvsboot -m":[py,"-m","lvsboot","start","--rules",str(RULES)],
 "lvsboot script":[py,"/run/bench/lvsboot","start","--rules",str(RULES)],
 "import cli":[py,"-c","import lvsboot.cli"],
 "import cli service":[py,"-c","import lvsboot.cli.service"],
 "cli parse":[py,"-c","from lvsboot.cli import _parser; _parser(['start']).parse_args(['start'])"],
 "import commands":[py,"-c","import lvsboot.commands.service"],
 "import rules":[py,"-c","import lvsboot.ipvs.rules"],
 "import changes":[py,"-c","import lvsboot.ipvs.changes"],
 "import table":[py,"-c","import lvsboot.ipvs.table"],
 "import rulefiles":[py,"-c","import lvsboot.commands.rulefiles"],
 "import kernel":[py,"-c","import lvsboot.ipvs.kernel"],
  }.items():
    c=cost(argv); print(f"{name:20} {c:6.0f} ms  {c/base:.2f}x", flush=True)
