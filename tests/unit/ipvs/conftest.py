"""How many examples each property gets: LVSBOOT_EXAMPLES=1000 digs deeper."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile(
    "ipvs", deadline=None, max_examples=int(os.environ.get("LVSBOOT_EXAMPLES", "15"))
)
settings.load_profile("ipvs")
