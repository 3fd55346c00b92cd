"""From canonical tables to published facts: marts under the shop's money rules, and the meta."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import day_sums
from crm_core.pipeline import mart_expressions as expressions
from crm_core.schema import TABLES, VERSION
from crm_core.store import Build, order_numbers
from crm_core.store.accounts import AccountRules, build_accounts
from crm_core.store.marts import MoneyRules
from crm_core.store.merge import carry_over
from crm_core.store.people_kept import carry_people

_ALREADY_MIN_DAYS = 90
_EVENING_HOUR = 18
# What a store without an order still says of itself.
_KEPT = {"name", "kind", "currency", "timezone", "starts_found", "starts_with_shop"}


@dataclass(frozen=True)
class StoreFacts:
    """What is said once of a store: kept in its meta and carried from snapshot to snapshot.

    `starts_found` is what files or their importer told, `starts_said` what the shop's settings
    say against it; None leaves it as found.
    """

    name: str
    kind: str
    currency: str
    timezone: str
    starts_found: bool
    starts_said: bool | None

    @property
    def starts_with_shop(self) -> bool:
        """Whether the log counts as beginning with the shop."""
        return self.starts_found if self.starts_said is None else self.starts_said

    def pairs(self) -> dict[str, str]:
        """These facts as the store's meta keeps them."""
        told = {name: value for name, value in asdict(self).items() if name != "starts_said"}
        told["starts_with_shop"] = self.starts_with_shop
        return {name: _text(value) for name, value in told.items()}

    @classmethod
    def of(cls, meta: Mapping[str, str], starts_said: bool | None) -> StoreFacts:
        """What the meta of a store with orders says, and the shop's settings beside it."""
        return cls(
            name=meta["name"],
            kind=meta["kind"],
            currency=meta["currency"],
            timezone=meta["timezone"],
            starts_found=bool(starts_found(meta)),
            starts_said=starts_said,
        )


def build_marts(build: Build, facts: StoreFacts, rules: MoneyRules, accounts: AccountRules) -> None:
    """Makes every mart of the snapshot and its meta; helpers are dropped.

    Raises: CrmError("no_orders") when no order counts: there is nothing to show yet.
    """
    kinds = _count(build, expressions.kinds(build)) > 0
    build.materialise("orders_counted", expressions.orders(build, rules, kinds), helper=True)
    first, last, as_of = _span(build, facts.timezone)
    already = None if facts.starts_with_shop else _already_until(build, first)
    build.materialise("spend", expressions.spend(build, rules), helper=True)
    _price(build, rules, kinds)
    build.materialise("ledger", expressions.ledger(build, rules, kinds, already))
    build_of_ledger(build)
    build.materialise("customer_days", expressions.customer_days(build))
    build.materialise("customer_facts", expressions.customer_facts(build, already))
    build.materialise("product_facts", expressions.product_facts(build))
    build_accounts(build, accounts)
    for helper in ("orders_counted", "spend", "lines_priced", "order_charges", "lines_sold"):
        build.drop(helper)
    build.put_meta(
        {
            **facts.pairs(),
            "schema_version": str(VERSION),
            "first_day": first.isoformat(),
            "last_day": last.isoformat(),
            "as_of": as_of.isoformat(),
            "already_until": already.isoformat() if already else "",
            "rules": json.dumps(asdict(rules), default=str, sort_keys=True),
        }
    )


#: The marts that `build_of_ledger` makes.
OF_LEDGER = ("ledger_by_day", day_sums.NAME, "order_facts", order_numbers.NAME)


def build_of_ledger(build: Build) -> None:
    """Makes the marts that follow from the ledger and the orders alone."""
    build.materialise("ledger_by_day", expressions.ledger_by_day(build))
    build.materialise(day_sums.NAME, expressions.sums(build))
    build.materialise("order_facts", expressions.order_facts(build))
    build.materialise(order_numbers.NAME, expressions.numbers(build))


def leave_empty(build: Build, before: Mapping[str, str], *, forget: bool) -> None:
    """The meta of a store without an order that counts: it opens as an empty one.

    Once its currency and time zone are forgotten the next import may say them anew.
    """
    said = {"name", "kind"} if forget else _KEPT
    told = {key: value for key, value in before.items() if key in said}
    build.put_meta({**told, "schema_version": str(VERSION)})


def is_without_orders(meta: Mapping[str, str]) -> bool:
    """Whether the snapshot with this meta was left without an order that counts."""
    return "first_day" not in meta


def _price(build: Build, rules: MoneyRules, kinds: bool) -> None:
    """The lines with their prices and, where that takes work, with all amounts split in."""
    build.materialise("lines_priced", expressions.lines_priced(build, rules, kinds), helper=True)
    if kinds:
        build.materialise("order_charges", expressions.charges(build), helper=True)
    split = kinds or _count(build, expressions.amounts(build, rules)) > 0
    spent = _count(build, expressions.days_of_spend(build)) > 0
    if split or spent:
        sold = expressions.lines_sold(build, rules, kinds, split, spent)
        build.materialise("lines_sold", sold, helper=True)


def _count(build: Build, counted: ir.Table) -> int:
    found = build.fetch(counted)["n"].iloc[0]
    return 0 if pd.isna(found) else int(found)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _span(build: Build, timezone: str) -> tuple[date, date, date]:
    """First and last day with an order, and the last complete day.

    The last day is complete when the log names only days, or goes on into the evening.
    """
    span = build.fetch(expressions.span(build)).iloc[0]
    if pd.isna(span["last"]):
        raise CrmError("no_orders")
    first, last = span["first"].date(), span["last"].date()
    # A log that only knows days has one moment (or two, over a change of clocks) for all.
    row = build.connection.execute(
        "SELECT count(DISTINCT clock::TIME), max(hour(clock)) FILTER (WHERE day = ?) "
        "FROM (SELECT (ordered_at AT TIME ZONE 'UTC') AT TIME ZONE ? AS clock, day "
        "FROM work.main.orders_counted)",
        [last, timezone],
    ).fetchone()
    moments, latest = row or (0, 0)
    complete = moments <= 2 or latest >= _EVENING_HOUR
    return first, last, last if complete or last == first else last - timedelta(1)


def _already_until(build: Build, first: date) -> date:
    """The last day on which a first-seen customer may well have bought before the log began:
    the first max(90, 90th percentile of the gaps between purchase days) days."""
    found = build.fetch(expressions.longest_gaps(build)).iloc[0]["p90"]
    p90 = 0 if pd.isna(found) else int(found)
    return first + timedelta(max(_ALREADY_MIN_DAYS, p90) - 1)


def copy_tables(build: Build) -> None:
    """Carries canonical tables over from the snapshot before, brought to today's columns."""
    for name in (*TABLES, "import_batches", "quarantine"):
        carry_over(build.connection, name)
    carry_people(build.connection)
    build.refresh_tables()


def old_meta(build: Build) -> Mapping[str, str]:
    """What the snapshot before said of itself."""
    return dict(build.connection.execute("SELECT key, value FROM old.main.meta").fetchall())


def starts_found(before: Mapping[str, str]) -> bool | None:
    """Whether earlier files said that the log begins with the shop; None before any did."""
    told = before.get("starts_found") or before.get("starts_with_shop")
    return told == "true" if told else None
