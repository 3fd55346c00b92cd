"""Rules over customers: a tree of conditions, as JSON, as an expression and as a sentence."""

from __future__ import annotations

from crm_core.rules.check import checked
from crm_core.rules.definition import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_LIST,
    OPERATORS,
    SHAPES,
    All,
    Any,
    Condition,
    Field,
    Fields,
    Not,
    Rule,
    conditions,
)
from crm_core.rules.document import from_document, from_json, to_document, to_json
from crm_core.rules.predicate import predicate
from crm_core.rules.sentence import sentence

__all__ = [
    "MAX_CONDITIONS",
    "MAX_DEPTH",
    "MAX_LIST",
    "OPERATORS",
    "SHAPES",
    "All",
    "Any",
    "Condition",
    "Field",
    "Fields",
    "Not",
    "Rule",
    "checked",
    "conditions",
    "from_document",
    "from_json",
    "predicate",
    "sentence",
    "to_document",
    "to_json",
]
