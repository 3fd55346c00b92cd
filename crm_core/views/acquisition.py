"""What winning customers cost, when they paid it back, and what they are worth beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import (
    LEFT,
    REST,
    SPLITS,
    count_parts,
    earned,
    left_by_customer,
    marketing_spend,
    measure,
    newcomers,
)
from crm_core.models.value_columns import YEAR_DAYS
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.cohort_sums import COLUMNS, UNKNOWN, Cohorts, curve_of, one_row

ALL = "_all"
MOST_PARTS = 12
MOST_PEOPLE = 25
CURVES = ("3", "6", "12", "24")
_YEARS = 5


@dataclass(frozen=True)
class Acquisition:
    """New customers of the last five years, by a split; what each part and each month of a part
    brought.

    `parts` (the whole first) and `months` (newest first; of `part`) share columns: name (of the part,
    or the month), customers, spend, cost (of winning one), so_far and ahead (what one left before marketing, and
    is expected to within a year, worth today), ratio (both over cost), payback (months after which
    cost was paid back; empty while it is not), complete (whether the month is over). Unknown is
    empty. `curve` (month, part, value): what one customer left since coming, less the cost, over
    cohorts at least `curve_months` old.
    """

    as_of: date
    split: str
    part: str
    curve_months: int
    known: bool
    scored: bool
    parts: pd.DataFrame
    months: pd.DataFrame
    curve: pd.DataFrame

    @property
    def whole(self) -> dict[str, Any]:
        """The row of all new customers."""
        return {str(k): v for k, v in self.parts.iloc[0].items()} if len(self.parts) else {}


def acquisition(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    split: str = SPLITS[0],
    part: str = ALL,
    curve_months: int = 12,
) -> Acquisition:
    """Measures cohorts as of the last complete day (or that of the scores).

    All marketing money of a source and month counts as spent on its new customers of that month:
    no file says what of it went to others. For other splits the cost is known of the whole alone.
    Raises: CrmError("unknown_choice") for another split.
    """
    del selection, access
    as_of, since, new, shown = _newcomers(store, split)
    cohorts = _cohorts(store, new, as_of, since, split)
    mine = cohorts.of(None if part == ALL else part)
    parts = [one_row(cohorts, ALL, as_of)]
    parts += [one_row(cohorts.of(name), name, as_of) for name in [*shown, REST, UNKNOWN]]
    months = [one_row(mine.month(day), day, as_of) for day in mine.cohorts()]
    names = [ALL] if part == ALL else [part]
    names += [name for name in shown if name not in names][:6]
    curve = [curve_of(cohorts.of(None if n == ALL else n), n, as_of, curve_months) for n in names]
    frame = pd.DataFrame([row for row in parts if row["customers"]], columns=COLUMNS)
    return Acquisition(
        as_of=as_of,
        split=split,
        part=part,
        curve_months=curve_months,
        known=cohorts.known,
        scored=cohorts.ahead is not None,
        parts=frame,
        months=pd.DataFrame(months, columns=COLUMNS),
        curve=pd.concat(curve, ignore_index=True),
    )


def cohort_people(
    selection: Selection, *, store: Store, access: Access, split: str, part: str, cohort: date
) -> pd.DataFrame:
    """The newcomers of a month and part who left most: customer_key, first_day, so_far; at most 25."""
    del selection, access
    as_of, _, new, _ = _newcomers(store, split)
    new = new.filter(new.cohort == cohort)
    if part == UNKNOWN:
        new = new.filter(new.part.isnull())
    elif part != ALL:
        new = new.filter(new.part == part)
    ledger = store.at(as_of).table("ledger").semi_join(new, "customer_key")
    left = left_by_customer(ledger)
    joined = new.left_join(left, "customer_key").drop("customer_key_right")
    ranked = joined.order_by(joined.so_far.desc(nulls_first=False), "customer_key")
    return store.fetch(ranked.select("customer_key", "first_day", "so_far").limit(MOST_PEOPLE))


def _newcomers(store: Store, split: str) -> tuple[date, date, Any, Sequence[str]]:
    if split not in SPLITS:
        match = close_match(split, SPLITS)
        raise CrmError("unknown_choice", name="split", value=split, match=match)
    as_of = store.scores_as_of or store.meta.as_of
    since = max(_first_month(store), date(as_of.year - _YEARS, as_of.month, 1))
    counted = store.fetch(count_parts(store, as_of, since, split).limit(MOST_PARTS))
    shown = [str(name) for name in counted["part"]]
    return as_of, since, newcomers(store, as_of, since, split, shown), shown


def _first_month(store: Store) -> date:
    """The first month of which all newcomers are known: the shop's first, or, of a log that begins
    later than the shop, the first after those who may have bought before."""
    already = store.meta.already_until
    if already is None:
        return store.meta.first_day.replace(day=1)
    return date(already.year + already.month // 12, already.month % 12 + 1, 1)


def _cohorts(store: Store, new: Any, as_of: date, since: date, split: str) -> Cohorts:
    ledger = store.at(as_of).table("ledger")
    keyed = ledger.filter(ledger.customer_key.notnull())
    known = measure(store, [LEFT], rows=keyed).totals[LEFT] is not None
    counts = store.fetch(new.group_by("cohort", "part").agg(customers=new.count()))
    money = store.fetch(earned(store, new, as_of))
    return Cohorts(
        counts=_tidy(counts),
        earned=_tidy(money),
        spend=_spend(store, as_of, since)
        if split == SPLITS[0]
        else _whole_spend(store, as_of, since),
        ahead=_ahead(store, new),
        known=known,
        by_part=split == SPLITS[0],
    )


def _ahead(store: Store, new: Any) -> pd.DataFrame | None:
    """What newcomers are expected to leave before marketing within a year, worth today."""
    if not store.has("lifetime_value"):
        return None
    scores = store.table("lifetime_value")
    worth = (
        scores.expected_revenue * scores.before_marketing_rate * scores[f"discount_{YEAR_DAYS}d"]
    )
    joined = new.join(scores.select("customer_key", worth=worth), "customer_key")
    return _tidy(store.fetch(joined.group_by("cohort", "part").agg(amount=joined.worth.sum())))


def _whole_spend(store: Store, as_of: date, since: date) -> pd.DataFrame:
    """Spend by month, of no part."""
    spend = _spend(store, as_of, since)
    return spend.groupby("cohort", as_index=False)["spend"].sum(min_count=1).assign(part=UNKNOWN)


def _spend(store: Store, as_of: date, since: date) -> pd.DataFrame:
    """Spend by month and source from `since` to `as_of`, from files and from what was typed in; a
    month within a source's known time without a row cost nothing."""
    columns = ["cohort", "part", "spend"]
    told = _tidy(store.fetch(marketing_spend(store, as_of)))[columns]
    typed = pd.DataFrame(_typed(store, as_of), columns=columns)
    both = pd.concat([frame for frame in (told, typed) if len(frame)] or [told])
    rows: list[dict[str, Any]] = []
    for part, of_part in both.groupby("part"):
        summed = of_part.groupby("cohort")["spend"].sum()
        for month in pd.date_range(summed.index.min(), summed.index.max(), freq="MS"):
            if month.date() >= since:
                rows.append({"cohort": month, "part": part, "spend": float(summed.get(month, 0.0))})
    return pd.DataFrame(rows, columns=columns)


def _typed(store: Store, as_of: date) -> list[dict[str, Any]]:
    """What was typed in, each amount for its days until `as_of`."""
    rows: list[dict[str, Any]] = []
    for begin, end, source, amount in json.loads(store.meta.rules).get("marketing", []):
        first, last = date.fromisoformat(begin), date.fromisoformat(end)
        if first <= as_of:
            share = ((min(last, as_of) - first).days + 1) / ((last - first).days + 1)
            month, spend = pd.Timestamp(first), float(amount) * share
            rows.append({"cohort": month, "part": str(source), "spend": spend})
    return rows


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Months as timestamps, an unknown part by its own code."""
    part = frame["part"].astype(object).where(frame["part"].notna(), UNKNOWN)
    return frame.assign(cohort=pd.to_datetime(frame["cohort"]), part=part)
