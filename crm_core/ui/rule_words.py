"""A rule said back to people, with the names that things have in this shop."""

from __future__ import annotations

from crm_core.audiences import FIELDS
from crm_core.rules import All, Any, Condition, Not, Rule, sentence, to_json
from crm_core.ui.segment_words import BY_FIELD, value_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.views.audiences import names


def in_words(rule: Rule) -> str:
    """A rule as a sentence in the viewer's language, segments, lists and audiences by name."""
    session = current()
    named = _named(rule)
    return sentence(
        named,
        fields=FIELDS,
        language=session.language,
        currency=session.currency,
        names=show(names, session.selection, rule=to_json(rule)),
    )


def _named(rule: Rule) -> Rule:
    """The rule with segment codes replaced by their names: for reading, never for choosing."""
    match rule:
        case Condition(field, operator, str(code)) if field in BY_FIELD:
            return Condition(field, operator, value_words(field, code))
        case Condition(field, operator, tuple(codes)) if field in BY_FIELD:
            return Condition(field, operator, tuple(value_words(field, code) for code in codes))
        case Not(part):
            return Not(_named(part))
        case All(parts):
            return All(tuple(_named(part) for part in parts))
        case Any(parts):
            return Any(tuple(_named(part) for part in parts))
        case _:
            return rule
