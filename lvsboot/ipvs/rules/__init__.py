"""The language that `ipvsadm -R` reads, as a table and back. Must not do I/O."""

from lvsboot.ipvs.rules.format import format_rules

__all__ = ["format_rules"]
