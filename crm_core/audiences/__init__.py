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

__all__ = [
    "FIELDS",
    "Size",
    "list_columns",
    "members",
    "people",
    "rule_of",
    "segment_rule",
    "size",
    "tenths",
]
