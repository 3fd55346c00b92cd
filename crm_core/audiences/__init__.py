"""Lists of people: who a rule picks, how many they are and how they can be reached."""

from crm_core.audiences.events import known_values, running_out
from crm_core.audiences.events import rows_of as event_rows
from crm_core.audiences.fields import FIELDS, SEGMENT_FIELDS, field_of, in_segments, people
from crm_core.audiences.members import (
    LIST_FACTS,
    RULE_SECONDS,
    SEGMENT_CODES,
    Size,
    count,
    fetched,
    list_columns,
    members,
    rule_of,
    segment_rule,
    segments_rule,
    size,
    tenths,
)
from crm_core.audiences.past import PAST_FIELDS, members_at, size_at
from crm_core.audiences.references import names_of, resolved
from crm_core.audiences.risk import AT_RISK, BANDS, band_of, band_rule, banded
from crm_core.audiences.running import DUE_STATES, running_out_rule

__all__ = [
    "AT_RISK",
    "BANDS",
    "DUE_STATES",
    "FIELDS",
    "LIST_FACTS",
    "PAST_FIELDS",
    "RULE_SECONDS",
    "SEGMENT_CODES",
    "SEGMENT_FIELDS",
    "Size",
    "band_of",
    "band_rule",
    "banded",
    "count",
    "event_rows",
    "fetched",
    "field_of",
    "in_segments",
    "known_values",
    "list_columns",
    "members",
    "members_at",
    "names_of",
    "people",
    "resolved",
    "rule_of",
    "running_out",
    "running_out_rule",
    "segment_rule",
    "segments_rule",
    "size",
    "size_at",
    "tenths",
]
