"""Rules over customers: a tree of conditions, as JSON, as an expression and as a sentence."""

from __future__ import annotations

from crm_core.rules.behaviour import Rows, measured
from crm_core.rules.check import checked
from crm_core.rules.contradiction import contradiction
from crm_core.rules.definition import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_LIST,
    OPERATORS,
    SHAPES,
    All,
    Any,
    Condition,
    Did,
    Field,
    Fields,
    InAudience,
    InList,
    InOffer,
    Leaf,
    Not,
    Rule,
    Then,
    conditions,
    leaves,
)
from crm_core.rules.document import from_document, from_json, to_document, to_json
from crm_core.rules.events import EVENTS, Event, event_of
from crm_core.rules.predicate import Answers, conjuncts, filters, predicate
from crm_core.rules.sentence import sentence, value_words

__all__ = [
    "EVENTS",
    "MAX_CONDITIONS",
    "MAX_DEPTH",
    "MAX_LIST",
    "OPERATORS",
    "SHAPES",
    "All",
    "Answers",
    "Any",
    "Condition",
    "Did",
    "Event",
    "Field",
    "Fields",
    "InAudience",
    "InList",
    "InOffer",
    "Leaf",
    "Not",
    "Rows",
    "Rule",
    "Then",
    "checked",
    "conditions",
    "conjuncts",
    "contradiction",
    "event_of",
    "filters",
    "from_document",
    "from_json",
    "leaves",
    "measured",
    "predicate",
    "sentence",
    "to_document",
    "to_json",
    "value_words",
]
