"""How often something happened to each customer, as one expression over the events of its kind."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from crm_core.rules.definition import All, Condition, Did, Then
from crm_core.rules.events import event_of
from crm_core.rules.predicate import predicate

#: The rows of a kind of event: `customer_key`, `day` and `at` if it has a day, `amount` if it has
#: money, a column for each part that is asked about (given second), and `occurrence` where several
#: rows may be one event.
Rows = Callable[[str, Collection[str]], ir.Table]


def measured(did: Did, rows: Rows, as_of: date) -> ir.Table:
    """One row a customer with such events: customer_key and `measured`, their number or money;
    where only whether there were any is asked, any number above 0.

    An event counts once however many of its rows fit, period and all. Rows end at `as_of`. With `then` only those
    count that were followed as asked: of each event only the next that fits is looked at.
    """
    found = _fitting(did.event, did.where, rows, as_of)
    if did.last_days is not None:
        first = ibis.literal(as_of - timedelta(days=did.last_days - 1))
        found = found.filter(found.day >= first)
    if did.between is not None:
        low, high = did.between
        found = found.filter(found.day.between(ibis.literal(low), ibis.literal(high)))
    found = found if _only_whether(did) else _once(found, did)
    if did.then is not None:
        following = _fitting(did.then.event, did.then.where, rows, as_of)
        found = _followed(found, following, did.then, as_of)
    counted = found.count() if did.measure == "times" else found.amount.sum().cast("decimal(18,2)")
    return found.group_by("customer_key").agg(measured=counted)


def _fitting(event: str, where: tuple[Condition, ...], rows: Rows, as_of: date) -> ir.Table:
    table = rows(event, {part.field for part in where})
    table = table.filter(table.customer_key.notnull())
    if not where:
        return table
    fields = event_of(event).fields
    expressions = {part.field: table[part.field] for part in where}
    return table.filter(predicate(All(where), fields=fields, expressions=expressions, as_of=as_of))


def _only_whether(did: Did) -> bool:
    asked = (did.operator, did.value) in ((">=", 1), ("<=", 0), ("=", 0))
    return asked and did.measure == "times" and did.then is None


def _once(rows: ir.Table, did: Did) -> ir.Table:
    """One row an event: when it was, and its money where that is asked for."""
    if "occurrence" not in rows.columns:
        return rows
    columns: dict[str, ir.Value] = {}
    if event_of(did.event).has_day:
        columns = {"day": rows.day.min(), "at": rows["at"].min()}
    if did.measure == "amount":
        columns["amount"] = rows.amount.sum()
    return rows.group_by("customer_key", "occurrence").agg(**columns)


def _followed(found: ir.Table, following: ir.Table, then: Then, as_of: date) -> ir.Table:
    """Those events after which the next that fits came (or did not come) within the days.

    One pass over both kinds in order of time, the latest first: what was met so far is what came
    after. Of two at one moment the following one stands first in time, so it does not count.
    """
    nothing, unknown = ibis.literal(0), ibis.null("date")
    amount: dict[str, ir.Value] = {"amount": found.amount} if "amount" in found.columns else {}
    ours = found.select(
        "customer_key", "day", "at", is_first=ibis.literal(1), next=unknown, **amount
    )
    empty = {name: ibis.null(value.type()) for name, value in amount.items()}
    following = following.semi_join(found, "customer_key")
    theirs = following.select(
        "customer_key", "day", "at", is_first=nothing, next=following.day, **empty
    )
    both = ours.union(theirs)
    later = ibis.window(
        group_by="customer_key",
        order_by=[ibis.desc(both["at"]), ibis.desc(both.is_first)],
        preceding=None,
        following=0,
    )
    both = both.mutate(next=both.next.min().over(later))
    both = both.filter(both.is_first == 1)
    came = (both.next.delta(both.day, unit="day") <= then.within_days).fill_null(False)
    if then.happened:
        return both.filter(came)
    is_over = both.day <= ibis.literal(as_of - timedelta(days=then.within_days))
    return both.filter(~came & is_over)
