"""The contacts behind a number of care, and who has waited beyond what was promised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import is_guarded, is_small
from crm_core.metrics.care import WAITS, contacts_of, longest_waits, with_value
from crm_core.metrics.care_rules import CareRules
from crm_core.privacy.policy import Access, allowed
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.service import SPLITS

_COLUMNS: Final = (
    "contact_id", "customer_key", "day", "contact_channel", "topic", "reply", "settle", "resolved",
    "reopened", "rating",
)  # fmt: skip


@dataclass(frozen=True)
class ContactRows:
    """One page of contacts, the latest first.

    `rows`: contact_id, customer_key, day, contact_channel, topic, reply and settle (hours), resolved,
    reopened, rating; agent and message for who may see them (`with_words`). `total` is how many there
    are; `is_hidden`: they are of too few people for who looks.
    """

    total: int
    rows: pd.DataFrame
    with_words: bool
    is_hidden: bool = False


@dataclass(frozen=True)
class Waiting:
    """Open contacts of the last OPEN_DAYS days that are beyond the promise, those without a reply
    first, then those who waited longest.

    `rows`: contact_id, customer_key, day, contact_channel, topic, waited (hours), wait_state (one of
    WAITS), and agent for who may see it; `counts` by state, `open` all that are open, `forgotten` older
    ones that nobody closed; `is_hidden`: they are of too few people for who looks.
    """

    counts: dict[str, int]
    open: int
    forgotten: int
    rows: pd.DataFrame
    is_hidden: bool = False

    @property
    def total(self) -> int:
        """How many have waited beyond the promise."""
        return sum(self.counts.values())


def sees_words(access: Access) -> bool:
    """Whether somebody may read what customers wrote and who answered.

    >>> sees_words(Access("viewer", "ann")), sees_words(Access("marketer", "ben"))
    (False, True)
    """
    return allowed(access, "call") and not access.present


def service_contacts(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    rules: CareRules,
    by: str = "",
    code: str = "",
    page: int = 1,
    size: int = 25,
) -> ContactRows:
    """One page of the contacts of the period, of one value of a dimension if one is named; "" is
    unknown.

    Raises: CrmError("unknown_choice").
    """
    if (by and by not in SPLITS) or page < 1 or size < 1:
        raise CrmError("unknown_choice", name="by", value=by, match=close_match(by, SPLITS))
    if by == "agent" and not allowed(access, "call"):
        raise CrmError("unknown_choice", name="by", value=by, match="topic")
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    rows = contacts_of(store, rules, selection, period)
    if by:
        rows = with_value(store, rows, by, code)
    words = sees_words(access)
    counted = store.fetch(rows.agg(n=rows.count(), people=rows.customer_key.nunique())).iloc[0]
    total = int(counted["n"])
    if is_guarded(access) and is_small(float(counted["people"])):
        return ContactRows(total=0, rows=pd.DataFrame(), with_words=words, is_hidden=True)
    shown = rows.order_by(rows["at"].desc(), rows.contact_id)
    shown = shown.select(*_COLUMNS, *(("agent", "message") if words else ()))
    found = store.fetch(shown.limit(size, offset=(page - 1) * size))
    return ContactRows(total, _as_flags(found), words)


def _as_flags(rows: pd.DataFrame) -> pd.DataFrame:
    for name in ("resolved", "reopened"):
        rows[name] = rows[name].astype(object).where(rows[name].notna(), None)
    return rows


def service_waiting(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    rules: CareRules,
    page: int = 1,
    size: int = 25,
) -> Waiting:
    """Who waits as of the last day, whatever the period; filters of shop, region and segment apply."""
    rows = contacts_of(store, rules, selection)
    counts = {name: rows.count(where=rows.wait_state == name) for name in WAITS}
    more = {"open": rows.count(where=rows.is_open), "old": rows.count(where=rows.is_forgotten)}
    more["people"] = rows.customer_key.nunique(where=rows.wait_state.notnull())
    counted = store.fetch(rows.agg(**counts, **more)).iloc[0]
    if is_guarded(access) and is_small(float(counted["people"])):
        return Waiting(dict.fromkeys(WAITS, 0), 0, 0, pd.DataFrame(), is_hidden=True)
    columns = ["contact_id", "customer_key", "day", "contact_channel", "topic", "waited"]
    columns += ["wait_state", *(["agent"] if sees_words(access) else [])]
    late = longest_waits(rows).select(*columns)
    shown = store.fetch(late.limit(size, offset=(page - 1) * size))
    found = {name: int(counted[name]) for name in WAITS}
    return Waiting(found, int(counted["open"]), int(counted["old"]), shown)
