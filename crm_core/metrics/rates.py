"""The four rates of a shop's customers. Two of them hold two periods against each other.

Of the buyers of the period before (`before`): how many bought again (`kept`), and beside them how
many of this period's buyers are new (`new`) or had bought earlier still (`back`). So
`buyers = kept + new + back`, whatever the rows are of.

* retention = kept / before. Source: Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics (2020),
  chapter 5: customers retained over customers at risk; where no contract ends, who bought in the
  period before is at risk.
* acquisition = new / before: the same base, so that retention, acquisition and back / before add up
  to buyers / before. The shop does not know whom it failed to win, so it is no share of prospects.
* loyalty = the metric `loyalty_rate`: buyers known to have bought before, over all buyers, as
  Shopify's returning customer rate.
* profitability = the metric `contribution_rate`: contribution over net revenue (Marketing Metrics,
  chapter 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.dimensions import begin_of
from crm_core.metrics.evaluate import between
from crm_core.metrics.parts import Number, of_ledger, parts_of, record
from crm_core.selection import Period
from crm_core.store.marts import as_number

RATES: Final = ("acquisition", "retention", "loyalty", "profitability")
#: Rates of one period are metrics of the catalogue.
RATE_METRICS: Final[Mapping[str, str]] = {
    "loyalty": "loyalty_rate",
    "profitability": "contribution_rate",
}
_MONTH_DAYS = 31


@dataclass(frozen=True)
class Buyers:
    """Buyers of a period (`now`) and of the one before; who of them are in both, new, or back."""

    now: int
    before: int
    kept: int
    new: int

    @property
    def back(self) -> int:
        """Buyers who had bought earlier than the period before."""
        return self.now - self.kept - self.new

    def rate(self, name: str) -> Number:
        """The acquisition or retention rate, or that of those who came back; None where nobody
        bought before.

        >>> Buyers(now=50, before=40, kept=10, new=30).rate("retention")
        0.25
        """
        part = {"acquisition": self.new, "retention": self.kept, "back": self.back}[name]
        return part / self.before if self.before else None


def buyers_of(row: Any) -> Buyers:
    """A row of `two_periods` or `by_month` as numbers."""
    return Buyers(*(int(row[name]) for name in ("now", "before", "kept", "new")))


def two_periods(rows: ir.Table, period: Period, key: str = "") -> ir.Table:
    """Buyers of a period and of as many days before it: now, before, kept, new; by a column if
    given. Rows are the ledger's of the scope, of all days.

    Within a part only its own rows count: who bought in another part is neither kept nor new.
    """
    sales = between(rows, Period(period.before().start, period.end))
    sales = _sales(sales)
    is_now = sales.day >= ibis.literal(period.start)
    keys = ["customer_key", key] if key else ["customer_key"]
    people = sales.group_by(keys).agg(
        now=as_number(is_now).max(),
        before=as_number(~is_now).max(),
        new=as_number(is_now & sales.is_new).max(),
    )
    sums = {name: people[name].sum().fill_null(0) for name in ("now", "before", "new")}
    kept = (people.now * people.before).sum().fill_null(0)
    grouped = people.group_by(key) if key else people
    return grouped.agg(**sums, kept=kept)


def by_month(rows: ir.Table) -> ir.Table:
    """Buyers of each calendar month: month, now, kept (who also bought the month before), new."""
    sales = _sales(rows)
    months = sales.group_by("customer_key", month=begin_of(sales.day, "M")).agg(
        new=as_number(sales.is_new).max()
    )
    window = ibis.window(group_by="customer_key", order_by="month")
    months = months.mutate(last=months.month.lag().over(window))
    gap = months.month.delta(months["last"], unit="day").cast("int64")
    months = months.mutate(kept=as_number((gap <= _MONTH_DAYS).fill_null(False)))
    return months.group_by("month").agg(
        now=months.count(), kept=months.kept.sum(), new=months.new.sum()
    )


def rate_parts(rows: ir.Table, key: str = "") -> ir.Table:
    """What the rates of one period are worked out from, by a column if given."""
    sums = {
        part.name: of_ledger(part, rows).fill_null(0).cast("float64")
        for part in parts_of(RATE_METRICS.values())
    }
    return rows.group_by(key).agg(**sums) if key else rows.agg(**sums)


def one_period(row: Any) -> dict[str, Number]:
    """Loyalty and profitability of a row of `rate_parts`."""
    found = record(row, RATE_METRICS.values())
    return {name: found[metric] for name, metric in RATE_METRICS.items()}


def _sales(rows: ir.Table) -> ir.Table:
    return rows.filter((rows.entry == "sale") & rows.customer_key.notnull())
