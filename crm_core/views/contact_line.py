"""Everything said between the shop and one customer, through every channel, on one line of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.history import shop_clock

NEWEST = 200
#: What became of a contact that a customer began, and of a message that the shop sent.
STATES = ("settled", "answered", "open", "clicked", "opened")
_COLUMNS = (
    "kind", "channel", "direction", "about", "reference", "reply_hours", "state", "rating", "agent",
    "message",
)  # fmt: skip


@dataclass(frozen=True)
class ContactLine:
    """The newest 200 contacts and messages, newest first, and how many there are in all.

    Columns: at (the shop's clock), kind (contact, touch), channel, direction (in, out), about (topic
    or campaign), reference (order number), reply_hours, state (of `STATES`, nothing where it is not
    told), rating, agent, message (the first words).
    """

    rows: pd.DataFrame
    total: int


def contact_line(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    key: int | None = None,
    order_key: int | None = None,
    others: tuple[int, ...] = (),
    words: bool = False,
) -> ContactLine:
    """One customer's contacts, with those of nobody about their orders, and campaign messages.

    With `others`, of them all: the members of an account. Without a `key`, what was said about one
    order of nobody known. What people wrote may say anything: it comes with `words` alone. Messages
    held back on purpose (a control group) were not said.
    """
    del selection, access
    keys = () if key is None else (key, *others)
    parts = [_contacts(store, keys, order_key, words=words)]
    if keys:
        parts.append(_touches(store, keys))
    frames, total = [], 0
    for part in parts:
        newest = part.order_by(part["at"].desc(), part["place"].asc()).limit(NEWEST)
        found = store.fetch(newest)
        counted = part.agg(rows=part.count())
        total += len(found) if len(found) < NEWEST else int(store.fetch(counted)["rows"].iloc[0])
        frames.append(_tidy(found, store.meta.timezone))
    merged = pd.concat(frames, ignore_index=True).sort_values(
        ["at", "kind", "place"], ascending=[False, True, True], kind="stable", ignore_index=True
    )
    return ContactLine(merged.head(NEWEST).drop(columns="place"), total)


def orders_of(store: Store, key: int | None, order_key: int | None) -> Any:
    """A customer's orders in any state, or the one order."""
    orders = store.table("orders")
    if key is None:
        return orders.filter(orders.order_key == order_key)
    return orders.filter(orders.customer_key == key)


def _contacts(store: Store, keys: tuple[int, ...], order_key: int | None, *, words: bool) -> Any:
    table, orders = store.table("contacts"), store.table("orders")
    if keys:
        numbers = orders.filter(orders.customer_key.isin(keys)).order_id
        of_nobody = table.customer_key.isnull() & table.order_id.isin(numbers)
        mine = table.filter(table.customer_key.isin(keys) | of_nobody.fill_null(False))
    else:
        mine = table.filter(
            table.order_id.isin(orders.filter(orders.order_key == order_key).order_id)
        )
    return mine.select(
        "resolved",
        "reply_minutes",
        "rating",
        "agent",
        *(["message"] if words else []),
        at=mine.occurred_at,
        place=mine.contact_id,
        direction=mine.direction,
        channel=mine.contact_channel,
        about=mine.topic,
        reference=mine.order_id,
    )


def _touches(store: Store, keys: tuple[int, ...]) -> Any:
    table = store.table("touches")
    mine = table.filter(table.customer_key.isin(keys) & (table.arm != "control"))
    return mine.select(
        "opened",
        "clicked",
        at=mine.sent_at,
        place=mine.touch_id,
        channel=mine.contact_channel,
        about=mine.campaign,
    )


def _tidy(frame: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Rows of one kind with all columns."""
    is_touch = "opened" in frame
    tidy = pd.DataFrame({"at": shop_clock(frame["at"], timezone), "place": frame["place"]})
    rows: list[dict[Any, Any]] = frame.to_dict("records")
    told: dict[str, Any] = {
        "kind": "touch" if is_touch else "contact",
        "state": [_touched(row) if is_touch else _stands(row) for row in rows],
        "direction": "out" if is_touch else [_text(row["direction"]) or "in" for row in rows],
        "reply_hours": float("nan")
        if is_touch
        else pd.to_numeric(frame["reply_minutes"]).astype("float64") / 60.0,
    }
    for name in _COLUMNS:
        tidy[name] = told.get(name, frame.get(name))
    tidy["rating"] = pd.to_numeric(tidy["rating"]).astype("float64")
    texts = [name for name in _COLUMNS if name not in ("rating", "reply_hours")]
    return tidy.assign(**{name: _words(tidy[name]) for name in texts})


def _words(values: pd.Series[Any]) -> pd.Series[Any]:
    return values.astype(object).where(values.notna(), None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is(value: Any) -> bool:
    return not pd.isna(value) and bool(value)


def _stands(row: dict[Any, Any]) -> str | None:
    """What became of a contact; of what the shop began nothing is to become."""
    if _text(row["direction"]) == "out":
        return None
    if _is(row["resolved"]):
        return "settled"
    if not pd.isna(row["reply_minutes"]):
        return "answered" if pd.isna(row["resolved"]) else "open"
    return None if pd.isna(row["resolved"]) else "open"


def _touched(row: dict[Any, Any]) -> str | None:
    if _is(row["clicked"]):
        return "clicked"
    return "opened" if _is(row["opened"]) else None
