"""Segments described from the front door: how they differ from everybody else, and the rule that tells them."""

from crmresearch.mining.profiles.rule_tree import segment_rules as segment_rules
from crmresearch.mining.profiles.segment_profiles import segment_profiles as segment_profiles

__all__ = ["segment_profiles", "segment_rules"]
