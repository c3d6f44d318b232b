"""`python -m lvsboot`: the command line, where no script is installed."""

import sys

from lvsboot.cli import main

sys.exit(main())
