"""Lists of people: who a rule picks, how many they are and how they can be reached."""

from crm_core.audiences.events import known_values, running_out
from crm_core.audiences.events import rows_of as event_rows
from crm_core.audiences.fields import FIELDS, SEGMENT_FIELDS, field_of, in_segments, people
from crm_core.audiences.list_extras import EXTRAS, extra_columns, known_preferences, with_extras
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
from crm_core.audiences.offers import (
    LISTS,
    clocks,
    has_offers,
    next_three,
    not_sensitive,
    offers,
    with_reason,
)
from crm_core.audiences.past import members_at, size_at
from crm_core.audiences.people_at import PAST_FIELDS, people_at
from crm_core.audiences.references import by_name, names_of, resolved
from crm_core.audiences.risk import AT_RISK, BANDS, band_of, band_rule, banded
from crm_core.audiences.running import DUE_STATES, running_out_rule

__all__ = [
    "AT_RISK",
    "BANDS",
    "DUE_STATES",
    "EXTRAS",
    "FIELDS",
    "LISTS",
    "LIST_FACTS",
    "PAST_FIELDS",
    "RULE_SECONDS",
    "SEGMENT_CODES",
    "SEGMENT_FIELDS",
    "Size",
    "band_of",
    "band_rule",
    "banded",
    "by_name",
    "clocks",
    "count",
    "event_rows",
    "extra_columns",
    "fetched",
    "field_of",
    "has_offers",
    "in_segments",
    "known_preferences",
    "known_values",
    "list_columns",
    "members",
    "members_at",
    "names_of",
    "next_three",
    "not_sensitive",
    "offers",
    "people",
    "people_at",
    "resolved",
    "rule_of",
    "running_out",
    "running_out_rule",
    "segment_rule",
    "segments_rule",
    "size",
    "size_at",
    "tenths",
    "with_extras",
    "with_reason",
]
