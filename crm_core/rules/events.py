"""What may happen to a customer, and what may be asked of each kind of event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crm_core.errors import CrmError, close_match
from crm_core.rules.definition import Field, Fields, FieldType, Unit

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event: its parts that conditions may name, and whether it has money and a day.

    Words: `behaviour.event.<name>.label`, `.did` and `.did_not`.
    """

    name: str
    fields: Fields
    has_amount: bool = False
    has_day: bool = True


def _part(name: str, type_: FieldType = "text", unit: Unit = "code") -> Field:
    operators = ("in", "not_in", "contains", "starts_with") if type_ == "text" else ()
    return Field(name, type_, f"behaviour.part.{name}", unit, operators)


def _event(name: str, *parts: Field, has_amount: bool = False, has_day: bool = True) -> Event:
    return Event(name, {part.name: part for part in parts}, has_amount, has_day)


_PRODUCT = (_part("category"), _part("product"), _part("product_id"))

EVENTS: Final[dict[str, Event]] = {
    event.name: event
    for event in (
        _event(
            "purchase",
            *_PRODUCT,
            _part("subcategory"),
            _part("brand"),
            _part("sales_channel"),
            _part("shop"),
            _part("region"),
            _part("coupon_code"),
            has_amount=True,
        ),
        _event(
            "order",
            _part("order_amount", "number", "money"),
            _part("sales_channel"),
            _part("coupon_code"),
            _part("payment_method"),
            _part("shop"),
            has_amount=True,
        ),
        _event(
            "refund",
            _part("refund_amount", "number", "money"),
            _part("reason"),
            has_amount=True,
        ),
        _event(
            "contact",
            _part("topic"),
            _part("contact_channel"),
            _part("direction"),
            _part("resolved", "bool"),
            _part("rating", "number", "stars"),
        ),
        _event("review", _part("stars", "number", "stars"), *_PRODUCT),
        _event("visit", _part("source")),
        _event("web_step", _part("step"), *_PRODUCT),
        _event("campaign", _part("campaign"), _part("arm"), _part("contact_channel")),
        _event(
            "message",
            _part("campaign"),
            _part("contact_channel"),
            _part("opened", "bool"),
            _part("clicked", "bool"),
        ),
        _event("consent", _part("contact_channel"), _part("state"), has_day=False),
        _event(
            "recommended",
            _part("list"),
            *_PRODUCT,
            _part("subcategory"),
            _part("brand"),
            has_day=False,
        ),
        _event(
            "running_out",
            _part("item"),
            _part("category"),
            _part("product_id"),
            _part("due_in_days", "number", "days"),
            _part("chance_7_days", "number", "rate"),
            _part("chance_30_days", "number", "rate"),
            has_day=False,
        ),
    )
}


def event_of(name: str) -> Event:
    """The kind of event of that name.

    Raises: CrmError("rule_event") with the closest name, ("rule_no_event") where none is close.

    >>> event_of("purchase").has_amount
    True
    """
    if name not in EVENTS:
        match = close_match(name[:_SHOWN], EVENTS)
        raise CrmError("rule_event" if match else "rule_no_event", name=name[:_SHOWN], match=match)
    return EVENTS[name]
