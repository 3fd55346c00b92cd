"""Lists of people: who a rule picks, how many they are and how they can be reached."""

from crm_core.audiences.fields import FIELDS, people
from crm_core.audiences.members import (
    Size,
    list_columns,
    members,
    rule_of,
    segment_rule,
    size,
    tenths,
)
from crm_core.audiences.risk import AT_RISK, BANDS, TIERS, band_of, band_rule, banded, tiered

__all__ = [
    "AT_RISK",
    "BANDS",
    "FIELDS",
    "TIERS",
    "Size",
    "band_of",
    "band_rule",
    "banded",
    "list_columns",
    "members",
    "people",
    "rule_of",
    "segment_rule",
    "size",
    "tenths",
    "tiered",
]
