"""The language that `ipvsadm -R` reads, as a table and back. Must not do I/O."""

from lvsboot.ipvs.rules.format import format_rules
from lvsboot.ipvs.rules.parse import RuleKey, locate_rules, parse_rules

__all__ = ["RuleKey", "format_rules", "locate_rules", "parse_rules"]
