"""Whether a rule may run: known fields, allowed operators, values of the right kind, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from math import isfinite
from typing import NoReturn
from unicodedata import category

from crm_core.errors import CrmError, close_match
from crm_core.rules.definition import (
    MAX_BEHAVIOURS,
    MAX_CONDITIONS,
    MAX_DAYS,
    MAX_DEPTH,
    MAX_LIST,
    MAX_NUMBER,
    MAX_TEXT,
    MAX_TIMES,
    MAX_WHERE,
    SHAPES,
    All,
    Any,
    Condition,
    Did,
    Field,
    Fields,
    FieldType,
    InAudience,
    InList,
    InOffer,
    Not,
    Rule,
    Scalar,
    Then,
    Value,
)
from crm_core.rules.events import Event, event_of

_SHOWN = 60
_CONTROL = ("Cc", "Cs")


def checked(rule: Rule, fields: Fields) -> Rule:
    """The same rule with tidy values (whole numbers stay whole, lists without repeats).

    Raises: CrmError rule_field or rule_no_field, rule_operator, rule_value_<what was expected>,
    rule_empty, rule_too_deep, rule_too_many or rule_list_too_long, each with its limit, and
    what `checked_behaviour` raises. The values people typed are never repeated in the error.

    >>> orders = {"orders": Field("orders", "number", "feature.orders.label")}
    >>> checked(Condition("orders", ">", 2), orders)
    Condition(field='orders', operator='>', value=2)
    """
    return _Walk(fields).rule(rule, 1)


class _Walk:
    """One pass over a rule, counting its conditions."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._conditions = 0
        self._behaviours = 0

    def rule(self, rule: Rule, depth: int) -> Rule:
        """A part at that depth, tidy."""
        if depth > MAX_DEPTH:
            raise CrmError("rule_too_deep", limit=MAX_DEPTH)
        match rule:
            case Not(part):
                return Not(self.rule(part, depth + 1))
            case All(parts):
                return All(tuple(self.rule(part, depth + 1) for part in parts))
            case Any(parts):
                if not parts:
                    raise CrmError("rule_empty")
                return Any(tuple(self.rule(part, depth + 1) for part in parts))
            case Condition():
                self._count(1)
                return checked_condition(rule, self._fields)
            case Did():
                return self._did(rule)
            case InList(name) | InAudience(name) | InOffer(name):
                self._count(1)
                return type(rule)(_reference(name))

    def _did(self, did: Did) -> Did:
        self._count(1 + len(did.where) + (len(did.then.where) if did.then else 0))
        self._behaviours += 1
        if self._behaviours > MAX_BEHAVIOURS:
            raise CrmError("rule_too_many_events", limit=MAX_BEHAVIOURS)
        return checked_behaviour(did)

    def _count(self, more: int) -> None:
        self._conditions += more
        if self._conditions > MAX_CONDITIONS:
            raise CrmError("rule_too_many", limit=MAX_CONDITIONS)


def _reference(name: object) -> int | str:
    is_number = type(name) is int and 0 < name < MAX_NUMBER
    found = name if is_number else _text(name)
    if found is None:
        raise CrmError("rule_reference")
    return found  # pyright: ignore[reportReturnType]


def checked_condition(condition: Condition, fields: Fields) -> Condition:
    """One condition with a tidy value; raises as `checked`."""
    field = fields.get(condition.field)
    if field is None:
        match = close_match(condition.field[:_SHOWN], fields)
        code = "rule_field" if match else "rule_no_field"
        raise CrmError(code, name=condition.field[:_SHOWN], match=match)
    if condition.operator not in field.operators:
        raise CrmError(
            "rule_operator",
            name=condition.operator[:_SHOWN],
            field=field.name,
            allowed=", ".join(field.operators),
        )
    return replace(condition, value=_value(field, condition))


def _value(field: Field, condition: Condition) -> Value:
    value = condition.value
    match SHAPES[condition.operator]:
        case "none":
            if value is not None:
                _refuse(field, condition, "none")
            return None
        case "days":
            return _days(field, condition)
        case "one":
            return _scalar(field, condition, value)
        case "pair":
            return _pair(field, condition)
        case "list":
            return _list(field, condition)


def _refuse(field: Field, condition: Condition, expected: str) -> NoReturn:
    raise CrmError(f"rule_value_{expected}", field=field.name, operator=condition.operator)


def _days(field: Field, condition: Condition) -> int:
    value = condition.value
    if type(value) is not int or not 1 <= value <= MAX_DAYS:
        _refuse(field, condition, "days")
    return value


def _scalar(field: Field, condition: Condition, value: object) -> Scalar:
    found = _READ[field.type](value)
    if found is None:
        _refuse(field, condition, field.type)
    return found


def _pair(field: Field, condition: Condition) -> tuple[Scalar, Scalar]:
    value = condition.value
    if not isinstance(value, tuple) or len(value) != 2:
        _refuse(field, condition, "pair")
    low, high = (_scalar(field, condition, part) for part in value)  # pyright: ignore
    if low > high:  # pyright: ignore[reportOperatorIssue]
        _refuse(field, condition, "pair")
    return low, high


def _list(field: Field, condition: Condition) -> tuple[Scalar, ...]:
    value = condition.value
    if not isinstance(value, tuple) or not value:
        _refuse(field, condition, "list")
    if len(value) > MAX_LIST:
        raise CrmError("rule_list_too_long", field=field.name, limit=MAX_LIST)
    return tuple(dict.fromkeys(_scalar(field, condition, part) for part in value))


def _number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not isfinite(value) or abs(value) > MAX_NUMBER:
        return None
    return int(value) if float(value).is_integer() else value


def _text(value: object) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        return None
    # control marks and halves of characters: no engine stores them, some break on them
    return None if any(category(letter) in _CONTROL for letter in value) else value


def _date(value: object) -> date | None:
    if isinstance(value, datetime) or not isinstance(value, date):
        return None
    return value if date(1900, 1, 1) <= value <= date(2200, 12, 31) else None


def _no_value(_: object) -> None:
    return None


_READ: dict[FieldType, Callable[[object], Scalar | None]] = {
    "number": _number,
    "text": _text,
    "date": _date,
    "bool": _no_value,
}


def checked_behaviour(did: Did) -> Did:
    """One condition on behaviour with tidy values.

    Raises: CrmError rule_event or rule_no_event, rule_event_amount, _times, _days, _period,
    _undated, _where, and what `checked` raises of a condition.
    """
    event = event_of(did.event)
    if did.measure == "amount" and not event.has_amount:
        raise CrmError("rule_event_amount", event=event.name)
    if not event.has_day and (did.last_days or did.between or did.then):
        raise CrmError("rule_event_undated", event=event.name)
    if did.last_days is not None and did.between is not None:
        raise CrmError("rule_event_period", event=event.name)
    if did.last_days is not None:
        _behaviour_days(event, did.last_days)
    return replace(
        did,
        where=_where(event, did.where),
        value=_measured(event, did),
        between=None if did.between is None else _period(event, did.between),
        then=None if did.then is None else _then(did.then),
    )


def _measured(event: Event, did: Did) -> int | float:
    value = _number(did.value)
    if did.operator not in (">=", "<=", "=") or did.measure not in ("times", "amount"):
        raise CrmError("rule_shape")
    if did.measure == "amount":
        if value is None:
            raise CrmError("rule_event_amount_value", event=event.name)
        return value
    least = 1 if did.operator == ">=" else 0
    if not isinstance(value, int) or not least <= value <= MAX_TIMES:
        raise CrmError("rule_event_times", event=event.name)
    return value


def _period(event: Event, between: tuple[date, date]) -> tuple[date, date]:
    low, high = (_date(day) for day in between)
    if low is None or high is None or low > high:
        raise CrmError("rule_event_period", event=event.name)
    return low, high


def _then(then: Then) -> Then:
    event = event_of(then.event)
    if not event.has_day:
        raise CrmError("rule_event_undated", event=event.name)
    _behaviour_days(event, then.within_days)
    return replace(then, where=_where(event, then.where))


def _behaviour_days(event: Event, days: object) -> None:
    if type(days) is not int or not 1 <= days <= MAX_DAYS:
        raise CrmError("rule_event_days", event=event.name)


def _where(event: Event, where: tuple[Condition, ...]) -> tuple[Condition, ...]:
    if len(where) > MAX_WHERE:
        raise CrmError("rule_event_where", event=event.name, limit=MAX_WHERE)
    return tuple(checked_condition(part, event.fields) for part in where)
