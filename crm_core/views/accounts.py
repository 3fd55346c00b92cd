"""Accounts: their list, and one account as its members, what they brought and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import measure, scope
from crm_core.models.account_standing import AccountStanding, account_standing
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.people import is_somewhere

LEVELS = ("person", "account")
SORTS = ("revenue", "orders", "members", "last_order_day")
KINDS = ("all", "several", "household", "company")
COLUMNS = ("account_kind", "account_rule", "members", "orders", "revenue", "last_order_day")
FIGURES = ("revenue", "contribution", "orders", "average_order_value")
MOST_MEMBERS = 200
_MOST_ROWS = 200


@dataclass(frozen=True)
class Accounts:
    """One page of accounts: account_key, customer_key (of its first member) and `COLUMNS`."""

    total: int
    rows: pd.DataFrame


@dataclass(frozen=True)
class Account:
    """The account a customer belongs to.

    `members` has customer_key, orders, revenue and last_order_day, the greatest first (at most
    200 of `size`); `figures` are measured over everything its members bought; `standing` is its
    stage and value, None before the first scores.
    """

    key: int
    kind: str
    rule: str
    size: int
    first_order_day: date | None
    last_order_day: date | None
    members: pd.DataFrame
    figures: dict[str, float | None]
    standing: AccountStanding | None

    @property
    def keys(self) -> tuple[int, ...]:
        """The members shown, as customer keys."""
        return tuple(int(key) for key in self.members["customer_key"])


def accounts(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    kind: str = "all",
    sort: str = "revenue",
    page: int = 1,
    size: int = 50,
) -> Accounts:
    """Accounts that bought where the filter bar says, the greatest first; equal ones by key.

    `kind` is one of `KINDS`: several means more than one member. Numbers are those of the whole
    log, or, with a filter, of what was bought there.
    Raises: CrmError("unknown_choice") for another code, or a page beyond bounds.
    """
    del access
    for name, value, known in (("kind", kind, KINDS), ("sort", sort, SORTS)):
        if value not in known:
            match = close_match(value, known)
            raise CrmError("unknown_choice", name=name, value=value, match=match)
    if page < 1 or not 1 <= size <= _MOST_ROWS:
        raise CrmError("unknown_choice", name="page", value=page, match="")
    chosen = _chosen(store, selection)
    if kind == "several":
        chosen = chosen.filter(chosen.members > 1)
    elif kind != "all":
        chosen = chosen.filter(chosen.account_kind == kind)
    ordered = chosen.order_by(chosen[sort].desc(nulls_first=False), chosen.account_key.desc())
    rows = store.fetch(ordered.limit(size, offset=(page - 1) * size))
    total = int(store.fetch(chosen.agg(n=chosen.count()))["n"].iloc[0])
    members = store.table("account_members")
    mine = members.filter(members.account_key.isin([int(key) for key in rows["account_key"]]))
    first = store.fetch(mine.group_by("account_key").agg(customer_key=mine.customer_key.min()))
    return Accounts(total, rows.merge(first, on="account_key", how="left"))


def _chosen(store: Store, selection: Selection) -> Any:
    """All accounts with a buyer, or those that bought somewhere with what they bought there."""
    facts = store.table("account_facts")
    facts = facts.filter(facts.buyers > 0)
    facts = facts.mutate(revenue=facts.revenue.cast("float64"))
    if not is_somewhere(selection) and not selection.segment:
        return facts.select("account_key", *COLUMNS)
    rows = scope(store, selection)
    rows = rows.filter((rows.entry == "sale") & rows.customer_key.notnull())
    told = store.table("account_members").select("customer_key", "account_key")
    rows = rows.join(told, "customer_key")
    there = rows.group_by("account_key").agg(
        orders=rows.order_key.nunique(),
        revenue=(rows.gross - rows.discount).sum().cast("float64"),
        last_order_day=rows.day.max(),
    )
    told_by = facts.select("account_key", "account_kind", "account_rule", "members")
    return told_by.join(there, "account_key").select("account_key", *COLUMNS)


def account(selection: Selection, *, store: Store, access: Access, key: int) -> Account | None:
    """The account of a customer, whatever the filters; None for a key the store does not know."""
    del selection, access
    members = store.table("account_members")
    mine = store.fetch(members.filter(members.customer_key == key).select("account_key"))
    if mine.empty:
        return None
    number = int(mine["account_key"].iloc[0])
    facts = store.table("account_facts")
    row = store.fetch(facts.filter(facts.account_key == number)).iloc[0]
    theirs = members.filter(members.account_key == number).select("customer_key")
    ledger = store.table("ledger")
    bought = ledger.semi_join(theirs, "customer_key")
    return Account(
        key=number,
        kind=str(row["account_kind"]),
        rule=str(row["account_rule"]),
        size=int(row["members"]),
        first_order_day=_day(row["first_order_day"]),
        last_order_day=_day(row["last_order_day"]),
        members=_members(store, theirs),
        figures=measure(store, FIGURES, rows=bought).totals,
        standing=account_standing(store, theirs),
    )


def _members(store: Store, theirs: Any) -> pd.DataFrame:
    days = store.table("customer_days")
    bought = days.group_by("customer_key").agg(
        orders=days.orders.sum(),
        revenue=days.revenue.sum().cast("float64"),
        last_order_day=days.day.max(),
    )
    joined = theirs.left_join(bought, "customer_key").drop("customer_key_right")
    ordered = joined.order_by(joined.revenue.desc(nulls_first=False), joined.customer_key)
    frame = store.fetch(ordered.limit(MOST_MEMBERS))
    return frame.assign(orders=frame["orders"].fillna(0), revenue=frame["revenue"].fillna(0.0))


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()
