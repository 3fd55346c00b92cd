"""A rule as an expression the engine filters by. Values are always literals, never SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any as Anything
from typing import Final, cast

import ibis
from ibis.expr.types import BooleanValue, StringValue

from crm_core.errors import CrmError
from crm_core.rules.check import checked
from crm_core.rules.definition import (
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
    Leaf,
    Not,
    Rule,
)

Answers = Mapping[Leaf, ibis.Value]
_Test = Callable[[Anything, Anything], Anything]

_COMPARE: Final[Mapping[str, _Test]] = {
    "=": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "is": eq,
    "is_not": ne,
    "on_or_after": ge,
    "before": lt,
}


@dataclass(frozen=True, slots=True)
class _Given:
    fields: Fields
    expressions: Mapping[str, ibis.Value]
    as_of: date
    answers: Answers


def predicate(
    rule: Rule,
    *,
    fields: Fields,
    expressions: Mapping[str, ibis.Value],
    as_of: date,
    answers: Answers | None = None,
) -> BooleanValue:
    """Who a rule holds for, as one boolean expression over the columns given.

    An unknown value (NULL) never matches, neither a condition nor its opposite: only
    `is_unknown` finds it. The result itself is never NULL. Text is compared letter by letter;
    `%` and `_` in `contains` and `starts_with` are ordinary letters. `in_last_days` counts
    back from `as_of` (n days with `as_of` the last); later days are outside.
    `answers` holds what columns cannot tell: for each Did its measure (see `measured`; NULL where
    nothing happened), for each InList a yes where the customer is in it.
    Raises: what `checked` raises; CrmError rule_field_type if a column is not of its field's
    type, rule_unanswered for a question without an answer.

    >>> t = ibis.table({"orders": "int64"}, name="t")
    >>> fields = {"orders": Field("orders", "number", "feature.orders.label")}
    >>> holds = predicate(
    ...     Condition("orders", ">", 2),
    ...     fields=fields,
    ...     expressions={"orders": t.orders},
    ...     as_of=date(2026, 6, 30),
    ... )
    >>> holds.type().is_boolean()
    True
    """
    given = _Given(fields, expressions, as_of, answers or {})
    held = _expression(checked(rule, fields), given)
    return ibis.coalesce(held, ibis.literal(False))


def filters(
    rule: Rule,
    *,
    fields: Fields,
    expressions: Mapping[str, ibis.Value],
    as_of: date,
    answers: Answers | None = None,
) -> list[BooleanValue]:
    """The same question for filtering by: expressions that all must be true, unknown where
    unknown. An engine can ask each of them where its column is read, before anything is joined.
    """
    given = _Given(fields, expressions, as_of, answers or {})
    return [_expression(part, given) for part in conjuncts(checked(rule, fields))]


def conjuncts(rule: Rule) -> list[Rule]:
    """The parts that all hold where a rule holds.

    >>> conjuncts(All((InList(1), Not(Any((InList(2), InList(3)))))))
    [InList(name=1), Not(part=InList(name=2)), Not(part=InList(name=3))]
    """
    match rule:
        case All(parts):
            return [each for part in parts for each in conjuncts(part)]
        case Any((part,)):
            return conjuncts(part)
        case Not(Any(parts)):
            return [each for part in parts for each in conjuncts(Not(part))]
        case Not(Not(part)):
            return conjuncts(part)
        case _:
            return [rule]


def _expression(rule: Rule, given: _Given) -> BooleanValue:
    match rule:
        case Condition():
            column = _column(given.fields[rule.field], given.expressions)
            return cast("BooleanValue", _condition(rule, column, given.as_of))
        case Did():
            measure = cast("Anything", _answer(rule, given)).fill_null(0)
            return _COMPARE[rule.operator](measure, ibis.literal(rule.value))
        case InList() | InAudience() | InOffer():
            return cast("BooleanValue", _answer(rule, given).fill_null(False))
        case Not(part):
            return ~_expression(part, given)
        case All(parts):
            held = [_expression(part, given) for part in parts]
            return reduce(and_, held, cast("BooleanValue", ibis.literal(True)))
        case Any(parts):
            return reduce(or_, [_expression(part, given) for part in parts])


def _answer(leaf: Leaf, given: _Given) -> ibis.Value:
    if leaf not in given.answers:
        raise CrmError("rule_unanswered")
    return given.answers[leaf]


def _column(field: Field, expressions: Mapping[str, ibis.Value]) -> ibis.Value:
    column = expressions.get(field.name)
    if column is None or not _IS_TYPE[field.type](column):
        raise CrmError("rule_field_type", field=field.name, expected=field.type)
    return column


_IS_TYPE: Final[Mapping[FieldType, Callable[[ibis.Value], bool]]] = {
    "number": lambda column: column.type().is_numeric(),
    "text": lambda column: column.type().is_string(),
    "date": lambda column: column.type().is_date(),
    "bool": lambda column: column.type().is_boolean(),
}


def _condition(condition: Condition, column: Anything, as_of: date) -> Anything:
    operator, value = condition.operator, cast("Anything", condition.value)
    if operator in _COMPARE:
        return _COMPARE[operator](column, ibis.literal(value))
    match operator:
        case "between":
            low, high = value
            return column.between(ibis.literal(low), ibis.literal(high))
        case "in" | "not_in":
            found = column.isin(list(value))
            return found if operator == "in" else ~found
        case "contains":
            return cast("StringValue", column).contains(value)
        case "starts_with":
            return cast("StringValue", column).startswith(value)
        case "in_last_days":
            first = ibis.literal(as_of - timedelta(days=value - 1))
            return column.between(first, ibis.literal(as_of))
        case "is_true" | "is_false":
            return column if operator == "is_true" else ~column
        case _:
            return column.isnull() if operator == "is_unknown" else column.notnull()
