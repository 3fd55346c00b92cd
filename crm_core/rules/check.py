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
    MAX_CONDITIONS,
    MAX_DAYS,
    MAX_DEPTH,
    MAX_LIST,
    MAX_NUMBER,
    MAX_TEXT,
    SHAPES,
    All,
    Any,
    Condition,
    Field,
    Fields,
    FieldType,
    Not,
    Rule,
    Scalar,
    Value,
)

_SHOWN = 60
_CONTROL = ("Cc", "Cs")


def checked(rule: Rule, fields: Fields) -> Rule:
    """The same rule with tidy values (whole numbers stay whole, lists without repeats).

    Raises: CrmError rule_field or rule_no_field, rule_operator, rule_value_<what was expected>,
    rule_empty, rule_too_deep, rule_too_many or rule_list_too_long, each with its limit. The
    values people typed are never repeated in the error.

    >>> orders = {"orders": Field("orders", "number", "feature.orders.label")}
    >>> checked(Condition("orders", ">", 2), orders)
    Condition(field='orders', operator='>', value=2)
    """
    count = [0]
    return _walk(rule, fields, 1, count)


def _walk(rule: Rule, fields: Fields, depth: int, count: list[int]) -> Rule:
    if depth > MAX_DEPTH:
        raise CrmError("rule_too_deep", limit=MAX_DEPTH)
    match rule:
        case Condition():
            count[0] += 1
            if count[0] > MAX_CONDITIONS:
                raise CrmError("rule_too_many", limit=MAX_CONDITIONS)
            return _condition(rule, fields)
        case Not(part):
            return Not(_walk(part, fields, depth + 1, count))
        case All(parts):
            return All(tuple(_walk(part, fields, depth + 1, count) for part in parts))
        case Any(parts):
            if not parts:
                raise CrmError("rule_empty")
            return Any(tuple(_walk(part, fields, depth + 1, count) for part in parts))


def _condition(condition: Condition, fields: Fields) -> Condition:
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
