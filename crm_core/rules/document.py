"""Rules as JSON: what is saved, sent and pasted; read strictly, because people edit it by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any as Anything
from typing import Final, NoReturn, cast

from crm_core.errors import CrmError
from crm_core.rules.check import checked
from crm_core.rules.definition import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_LIST,
    MAX_WHERE,
    SHAPES,
    All,
    Any,
    Condition,
    Did,
    Fields,
    InAudience,
    InList,
    InOffer,
    Not,
    Rule,
    Then,
    Value,
)
from crm_core.rules.events import event_of

MAX_CHARACTERS: Final = 4_000_000
_Node = dict[str, object]


def to_document(rule: Rule) -> dict[str, object]:
    """A rule as plain JSON values, dates in ISO form.

    >>> to_document(Not(Condition("orders", "between", (2, 5))))
    {'not': {'field': 'orders', 'operator': 'between', 'value': [2, 5]}}
    """
    match rule:
        case All(parts):
            return {"all": [to_document(part) for part in parts]}
        case Any(parts):
            return {"any": [to_document(part) for part in parts]}
        case Not(part):
            return {"not": to_document(part)}
        case Condition(field, operator, value):
            node: dict[str, object] = {"field": field, "operator": operator}
            return node if value is None else {**node, "value": _plain(value)}
        case Did():
            return _behaviour_node(rule)
        case InList(name):
            return {"in_list": name}
        case InAudience(name):
            return {"in_audience": name}
        case InOffer(name):
            return {"in_offer_rule": name}


def _behaviour_node(did: Did) -> dict[str, object]:
    node = _step_node("did", did.event, did.where)
    if (did.measure, did.operator, did.value) != ("times", ">=", 1):
        node[did.measure] = {"operator": did.operator, "value": did.value}
    if did.last_days is not None:
        node["in_last_days"] = did.last_days
    if did.between is not None:
        node["between"] = _plain(did.between)
    if did.then is not None:
        then = did.then
        step = _step_node("did" if then.happened else "did_not", then.event, then.where)
        node["then"] = {**step, "within_days": then.within_days}
    return node


def _step_node(name: str, event: str, where: tuple[Condition, ...]) -> dict[str, object]:
    step: dict[str, object] = {name: event}
    return {**step, "where": [to_document(part) for part in where]} if where else step


def _plain(value: Value) -> object:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def to_json(rule: Rule) -> str:
    """A rule as one line of JSON; the same rule always gives the same line.

    >>> to_json(All((Condition("country", "is", "中国"),)))
    '{"all": [{"field": "country", "operator": "is", "value": "中国"}]}'
    """
    return json.dumps(to_document(rule), ensure_ascii=False, allow_nan=False)


def from_json(text: str, fields: Fields) -> Rule:
    """The rule that a JSON text describes, checked against the fields a shop has.

    Raises: CrmError rule_unreadable (no JSON, a repeated key, NaN), rule_shape (unknown or
    missing keys, a wrong kind of node), and what `checked` raises.
    """
    if len(text) > MAX_CHARACTERS:
        raise CrmError("rule_too_long", limit=MAX_CHARACTERS)
    try:
        node: object = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_repeats)
    except (ValueError, RecursionError):
        raise CrmError("rule_unreadable") from None
    return from_document(node, fields)


def from_document(node: object, fields: Fields) -> Rule:
    """The rule that decoded JSON describes; raises as `from_json`."""
    return checked(_rule(node, fields, 1), fields)


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _no_repeats(pairs: list[tuple[str, object]]) -> _Node:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def _rule(node: object, fields: Fields, depth: int) -> Rule:
    if depth > MAX_DEPTH:
        raise CrmError("rule_too_deep", limit=MAX_DEPTH)
    if not isinstance(node, dict):
        raise CrmError("rule_shape")
    content = cast("_Node", node)
    keys = set(content)
    if keys == {"not"}:
        return Not(_rule(content["not"], fields, depth + 1))
    for name, group in _GROUPS.items():
        if keys == {name}:
            return group(_parts(content[name], fields, depth))
    for name, reference in _REFERENCES.items():
        if keys == {name}:
            return reference(cast("int | str", content[name]))  # `checked` refuses anything else
    if "did" in keys:
        return _behaviour(content)
    return _condition(content, fields)


_GROUPS: dict[str, Callable[[tuple[Rule, ...]], Rule]] = {"all": All, "any": Any}
_REFERENCES: dict[str, Callable[[int | str], Rule]] = {
    "in_list": InList,
    "in_audience": InAudience,
    "in_offer_rule": InOffer,
}


def _parts(node: object, fields: Fields, depth: int) -> tuple[Rule, ...]:
    if not isinstance(node, list):
        raise CrmError("rule_shape")
    parts = cast("list[object]", node)
    if len(parts) > MAX_CONDITIONS:
        raise CrmError("rule_too_many", limit=MAX_CONDITIONS)
    return tuple(_rule(part, fields, depth + 1) for part in parts)


def _behaviour(node: _Node) -> Did:
    _known_keys(node, {"did", "where", "times", "amount", "in_last_days", "between", "then"})
    if {"times", "amount"} <= node.keys():
        raise CrmError("rule_shape")
    measure = "amount" if "amount" in node else "times"
    counted = _keyed(node.get(measure, {"operator": ">=", "value": 1}))
    if set(counted) != {"operator", "value"}:
        raise CrmError("rule_shape")
    event = _event_name(node["did"])
    between = node.get("between")
    return Did(
        event,
        _where(node, event),
        measure,
        operator=cast("Anything", counted["operator"]),
        value=cast("Anything", counted["value"]),
        last_days=cast("Anything", _given(node, "in_last_days")),
        between=None if between is None and "between" not in node else _days(between, event),
        then=_then(_keyed(node["then"])) if "then" in node else None,
    )


def _then(node: _Node) -> Then:
    _known_keys(node, {"did", "did_not", "where", "within_days"})
    said = node.keys() & {"did", "did_not"}
    if len(said) != 1 or "within_days" not in node:
        raise CrmError("rule_shape")
    event = _event_name(node[next(iter(said))])
    days = cast("int", node["within_days"])
    return Then(event, days, _where(node, event), happened="did" in said)


def _known_keys(node: _Node, allowed: set[str]) -> None:
    if not node.keys() <= allowed:
        raise CrmError("rule_shape")


def _keyed(node: object) -> _Node:
    if not isinstance(node, dict):
        raise CrmError("rule_shape")
    return cast("_Node", node)


def _given(node: _Node, name: str) -> object:
    """A key's value; one that says null says nothing that a rule could mean."""
    if name in node and node[name] is None:
        raise CrmError("rule_shape")
    return node.get(name)


def _event_name(name: object) -> str:
    if not isinstance(name, str):
        raise CrmError("rule_shape")
    return event_of(name).name


def _days(value: object, event: str) -> tuple[date, date]:
    found = _decoded(value, is_date=True)
    if not isinstance(found, tuple) or len(found) != 2:
        raise CrmError("rule_event_period", event=event)
    return cast("tuple[date, date]", found)


def _where(node: _Node, event: str) -> tuple[Condition, ...]:
    listed = node.get("where", [])
    if not isinstance(listed, list):
        raise CrmError("rule_shape")
    parts = cast("list[object]", listed)
    if len(parts) > MAX_WHERE:
        raise CrmError("rule_event_where", event=event, limit=MAX_WHERE)
    fields = event_of(event).fields
    return tuple(_condition(_keyed(part), fields) for part in parts)


def _condition(node: _Node, fields: Fields) -> Condition:
    if not {"field", "operator"} <= node.keys() <= {"field", "operator", "value"}:
        raise CrmError("rule_shape")
    field, operator = node["field"], node["operator"]
    if not isinstance(field, str) or not isinstance(operator, str):
        raise CrmError("rule_shape")
    # an operator without a value takes no "value" at all; the others need one
    if operator in SHAPES and ("value" in node) == (SHAPES[operator] == "none"):
        expected = "missing" if SHAPES[operator] != "none" else "none"
        raise CrmError(f"rule_value_{expected}", field=field[:60], operator=operator)
    known = fields.get(field)
    is_date = known is not None and known.type == "date"
    return Condition(field, operator, _decoded(node.get("value"), is_date))


def _decoded(value: object, is_date: bool) -> Value:
    if isinstance(value, list):
        parts = cast("list[object]", value)
        if len(parts) > MAX_LIST:
            raise CrmError("rule_list_too_long", field="", limit=MAX_LIST)
        # whatever is no plain value is left for `checked` to refuse
        return tuple(cast("str", _decoded_one(part, is_date)) for part in parts)
    return cast("Value", _decoded_one(value, is_date))


def _decoded_one(value: object, is_date: bool) -> object:
    if not is_date or not isinstance(value, str):
        return value
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return value
    return found if found.isoformat() == value else value
