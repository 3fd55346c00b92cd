"""A rule as one sentence in a person's language: what was chosen, said back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, cast

from crm_core.rules.definition import (
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
    Scalar,
)
from crm_core.rules.events import event_of
from crm_core.text import has, t
from crm_core.text.formats import day, money, number, percent

_LISTED: Final = 5
_NAMED: Final[Mapping[type, str]] = {
    InList: "in_list",
    InAudience: "in_audience",
    InOffer: "in_offer",
}


@dataclass(frozen=True, slots=True)
class _Words:
    fields: Fields
    language: str
    currency: str
    names: Mapping[Leaf, str]


def sentence(
    rule: Rule,
    *,
    fields: Fields,
    language: str,
    currency: str = "",
    names: Mapping[Leaf, str] | None = None,
) -> str:
    """What a rule says, for people; long lists show their first five values.

    Names of fields come from their `label` text keys, those of lists and audiences from `names`.
    The values are what people typed: show the result as plain text, never as Markdown.

    >>> sentence(All(), fields={}, language="en")
    'All customers'
    """
    words = _Words(fields, language, currency, names or {})
    if rule == All():
        return t("rules.everyone", language)
    return t("rules.customers", language, rule=_say(rule, words, outer=True))


def _say(rule: Rule, words: _Words, outer: bool = False) -> str:
    match rule:
        case Condition():
            return _condition(rule, words)
        case Did():
            return _behaviour(rule, words)
        case InList(name) | InAudience(name) | InOffer(name):
            kind = _NAMED[type(rule)]
            shown = t("rules.quoted", words.language, value=words.names.get(rule, name))
            return t(f"rules.{kind}", words.language, name=shown)
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
    condition = _single(condition)
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


def _single(condition: Condition) -> Condition:
    """One of a list of one is that one."""
    value = condition.value
    if condition.operator not in _OF_ONE or not isinstance(value, tuple) or len(value) != 1:
        return condition
    return replace(condition, operator=_OF_ONE[condition.operator], value=value[0])


def _behaviour(did: Did, words: _Words) -> str:
    """Did it so often, in such days, and then what."""
    language, when = words.language, _when(did, words)
    if did.measure == "times" and did.operator != ">=" and did.value == 0:
        said = t("behaviour.plain", language, what=_step(did, "did_not", words), when=when)
        return said if did.then is None else _then(did, said, words)
    what, count = _step(did, "did", words), _count(did, words)
    if did.then is not None:
        said = _then(did, t("behaviour.plain", language, what=what, when=when), words)
        return t("behaviour.of_these", language, said=said, count=count) if count else said
    if not count:
        return t("behaviour.plain", language, what=what, when=when)
    return t("behaviour.counted", language, what=what, when=when, count=count)


def _then(did: Did, said: str, words: _Words) -> str:
    then = did.then
    if then is None:
        return said
    following = Did(then.event, then.where)
    next_ = _step(following, "did" if then.happened else "did_not", words)
    days = number(then.within_days, words.language)
    return t("behaviour.then", words.language, said=said, next=next_, days=days)


def _step(did: Did, form: str, words: _Words) -> str:
    event = event_of(did.event)
    what = t(f"behaviour.event.{event.name}.{form}", words.language)
    if not did.where:
        return what
    of_event = replace(words, fields=event.fields)
    said = [_condition(part, of_event) for part in did.where]
    joined = t("rules.comma", words.language).join(said)
    return t("behaviour.where", words.language, what=what, where=joined)


def _count(did: Did, words: _Words) -> str:
    """How often or for how much; nothing for "at least once", which every event says."""
    if (did.measure, did.operator, did.value) == ("times", ">=", 1):
        return ""
    is_money = did.measure == "amount"
    value = (
        money(did.value, words.currency, words.language) if is_money else _plain(did.value, words)
    )
    key = f"behaviour.count.{did.measure}.{_SIGNS[did.operator]}"
    return t(key, words.language, value=value)


def _when(did: Did, words: _Words) -> str:
    if did.last_days is not None:
        return t("behaviour.last_days", words.language, days=number(did.last_days, words.language))
    if did.between is None:
        return ""
    low, high = (day(each, words.language) for each in did.between)
    return t("behaviour.between", words.language, low=low, high=high)


_OF_ONE: Final = {"in": "is", "not_in": "is_not"}
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
        shown = value_words(field, value, words.language)
        return t("rules.quoted", words.language, value=shown)
    if isinstance(value, date):
        return day(value, words.language)
    return _UNITS.get(field.unit, _plain)(value, words)


def value_words(field: Field, value: str, language: str) -> str:
    """A value of a text field: a code of an event's part in words, anything else as it stands.

    >>> from crm_core.rules.events import EVENTS
    >>> value_words(EVENTS["consent"].fields["state"], "granted", "en")
    'agreed'
    """
    key = f"{field.label.replace('.part.', '.value.')}.{value}"
    return (
        t(key, language) if field.label.startswith("behaviour.") and has(key, language) else value
    )


def _plain(value: float, words: _Words) -> str:
    return number(value, words.language, 0 if float(value).is_integer() else 2)


_UNITS: Final[dict[str, Callable[[float, _Words], str]]] = {
    "money": lambda value, words: money(value, words.currency, words.language),
    "days": lambda value, words: t("rules.days", words.language, value=_plain(value, words)),
    "rate": lambda value, words: percent(value, words.language),
}
