"""A rule as one sentence in a person's language: what was chosen, said back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from crm_core.rules.definition import All, Any, Condition, Field, Fields, Not, Rule, Scalar
from crm_core.text import t
from crm_core.text.formats import day, money, number, percent

_LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class _Words:
    fields: Fields
    language: str
    currency: str


def sentence(rule: Rule, *, fields: Fields, language: str, currency: str = "") -> str:
    """What a rule says, for people; long lists show their first five values.

    Names of fields come from their `label` text keys. The values are what people typed: show
    the result as plain text, never as Markdown.

    >>> sentence(All(), fields={}, language="en")
    'All customers'
    """
    words = _Words(fields, language, currency)
    if rule == All():
        return t("rules.everyone", language)
    return t("rules.customers", language, rule=_say(rule, words, outer=True))


def _say(rule: Rule, words: _Words, outer: bool = False) -> str:
    match rule:
        case Condition():
            return _condition(rule, words)
        case Not(part):
            return t("rules.not", words.language, rule=_say(part, words, outer=True))
        case All(()):
            return t("rules.always", words.language)
        case All(parts) | Any(parts) if len(parts) == 1:
            return _say(parts[0], words, outer)
        case All(parts) | Any(parts):
            joint = "and" if isinstance(rule, All) else "or"
            said = t(f"rules.{joint}", words.language).join(_say(part, words) for part in parts)
            return said if outer else t("rules.group", words.language, rule=said)


def _condition(condition: Condition, words: _Words) -> str:
    field = words.fields[condition.field]
    key = f"rules.operator.{_key(field, condition.operator)}"
    label = t(field.label, words.language)
    value = condition.value
    if isinstance(value, tuple) and condition.operator == "between":
        low, high = (_value(field, part, words) for part in value)
        return t(key, words.language, field=label, low=low, high=high)
    if isinstance(value, tuple):
        return t(key, words.language, field=label, value=_several(field, value, words))
    if condition.operator == "in_last_days":
        shown = number(cast("int", value), words.language)
        return t(key, words.language, field=label, value=shown)
    shown = "" if value is None else _value(field, value, words)
    return t(key, words.language, field=label, value=shown)


_SIGNS: Final = {
    "=": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "at_most",
    ">": "more",
    ">=": "at_least",
}


def _key(field: Field, operator: str) -> str:
    if operator == "between" and field.type == "date":
        return "between_days"
    return _SIGNS.get(operator, operator)


def _several(field: Field, values: tuple[Scalar, ...], words: _Words) -> str:
    comma = t("rules.comma", words.language)
    listed = comma.join(_value(field, value, words) for value in values[:_LISTED])
    more = len(values) - _LISTED
    if more <= 0:
        return listed
    return t("rules.more", words.language, listed=listed, more=number(more, words.language))


def _value(field: Field, value: Scalar, words: _Words) -> str:
    if isinstance(value, str):
        return t("rules.quoted", words.language, value=value)
    if isinstance(value, date):
        return day(value, words.language)
    return _UNITS.get(field.unit, _plain)(value, words)


def _plain(value: float, words: _Words) -> str:
    return number(value, words.language, 0 if float(value).is_integer() else 2)


_UNITS: Final[dict[str, Callable[[float, _Words], str]]] = {
    "money": lambda value, words: money(value, words.currency, words.language),
    "days": lambda value, words: t("rules.days", words.language, value=_plain(value, words)),
    "rate": lambda value, words: percent(value, words.language),
}
