"""`python -m lvsboot`: the command line, where no script is installed."""

from lvsboot.cli import run

run()
