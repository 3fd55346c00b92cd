"""What changed between two periods: a number's move split into factors, by groups. Arithmetic: it
says where the money moved, not why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crm_core.metrics import (
    CHANGE_BARS,
    CHANGED,
    FEWEST,
    GROUPINGS,
    ChangeSums,
    change_sums,
    changed_people,
    is_guarded,
    is_small,
    price_moves,
    split_change,
)
from crm_core.models.standing import standing
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.change_periods import Pair, SameEvent, pair, same_event
from crm_core.views.dated_notes import dated_notes

NAMES, BY, BARS = CHANGED, GROUPINGS, CHANGE_BARS
UNKNOWN, FEW, REST = "_none", "_few", "_rest"
MOST_GROUPS = 200
MOST_PRICES = 5
#: Bars that are drawn though nothing moved there.
_ALWAYS = ("customers", "frequency", "items", "price", "mix", "refunds")
_CENTS = 100
_SEGMENTS = "stage"
_PEOPLE = ["people_before", "people_now"]
_COUNTS = ("buyers", "orders", "units", "revenue", "refund")


@dataclass(frozen=True)
class Changes:
    """A number (`name`) of two periods and what its move is made of.

    `bars` are the parts in money, in the order of BARS, of the whole; `groups` has a row a group,
    the largest move first: code, before, now, change, a column a bar, `main` (the bar with the
    largest part) and the factors' values in both periods (`<factor>_before`, `<factor>_now`).
    Bars add up to the change, groups to the whole, both to the cent. `segments_of` is the day by
    which segments are told; None for other groups. `notes`: see dated_notes; `prices`: product,
    before, now, effect. `is_hidden`: there is something, of too few customers for this person.
    """

    name: str
    by: str
    pair: Pair
    before: float
    now: float
    bars: Mapping[str, float]
    groups: pd.DataFrame
    segments_of: date | None
    notes: pd.DataFrame
    prices: pd.DataFrame
    is_hidden: bool

    @property
    def change(self) -> float:
        """The move."""
        return round(self.now - self.before, 2)

    def bars_of(self, code: str) -> Mapping[str, float]:
        """The bars of a group."""
        rows = self.groups[self.groups["code"] == code]
        return {bar: float(rows[bar].iloc[0]) for bar in BARS}


def bars_shown(bars: Mapping[str, float]) -> list[str]:
    """The bars to be drawn, in their order: the usual ones, and of the others those that moved.

    >>> bars_shown({**dict.fromkeys(BARS, 0.0), "refunds": 3.0})
    ['customers', 'frequency', 'items', 'price', 'mix', 'refunds']
    """
    return [bar for bar in BARS if bar in _ALWAYS or bars[bar]]


def changes(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    name: str = "net_revenue",
    by: str = "category",
    against: str = "bar",
    own: Period | None = None,
) -> Changes:
    """Splits the move of a number. Who sees no single people gets no group of fewer than five
    customers: such groups come together with the next smallest ones, until they are enough; of a
    whole of so few there is nothing to see.

    Raises: what `pair` raises, CrmError("unknown_choice"), ("changes_no_cost").
    """
    found = pair(selection, store=store, against=against, own=own)
    periods = (found.before, found.now)
    of_day = _segment_day(store, found.before) if by == "segment" else None
    people = None if of_day is None else standing(store, of_day, _SEGMENTS)
    sums = change_sums(store, selection, periods, name=name, by=by, people=people)
    groups = _groups(sums, margin=name == "margin")
    guarded = is_guarded(access)
    is_hidden = guarded and any(map(is_small, changed_people(store, selection, periods)))
    if is_hidden:
        groups = groups.iloc[:0]
    elif guarded:
        groups = _put_together(groups, _small(groups), FEW)
    biggest = groups["change"].abs().rank(method="first", ascending=False)
    groups = _put_together(groups, biggest > MOST_GROUPS, REST)
    return Changes(
        name=name,
        by=by,
        pair=found,
        before=float(groups["before"].sum()) / _CENTS,
        now=float(groups["now"].sum()) / _CENTS,
        bars={bar: float(groups[bar].sum()) / _CENTS for bar in BARS},
        groups=_in_money(groups),
        segments_of=of_day,
        notes=dated_notes(store, selection, periods),
        prices=price_moves(store, selection, periods, MOST_PRICES, fewest=FEWEST if guarded else 1),
        is_hidden=is_hidden,
    )


def event_of(selection: Selection, *, store: Store, access: Access) -> SameEvent | None:
    """The shopping event of the period that the year before had too, if there is one."""
    del access
    return same_event(store, selection.resolve(store.meta.first_day, store.meta.as_of))


def _segment_day(store: Store, before: Period) -> date | None:
    """The month end before the earlier period: segments of later days follow from what is
    compared. None where the log does not reach so far back: nobody was in any then."""
    day = before.start.replace(day=1) - timedelta(1)
    return day if day >= store.meta.first_day else None


def _groups(sums: ChangeSums, *, margin: bool) -> pd.DataFrame:
    """One row a group, money in cents, with both periods' counts; groups of nothing are left out."""
    rows = split_change(sums.before, sums.now, margin=margin)
    rows.insert(0, "code", [UNKNOWN if code is None else code for code in sums.groups])
    for when, told in (("before", sums.before), ("now", sums.now)):
        for count in _COUNTS:
            rows[f"{count}_{when}"] = told[count]
        rows[f"people_{when}"] = sums.people[when]
    moved = (rows[["before", "now", *BARS]] != 0).any(axis=1)
    return rows[moved].reset_index(drop=True)


def _small(groups: pd.DataFrame) -> Any:
    """Which groups have so few customers in a period that their money is somebody's, and those
    that must come with them: the next smallest, until one of them alone is of enough people in
    each period in which there are any. Customers of two groups are not two."""
    people = groups[_PEOPLE].replace(0, float("nan"))
    chosen = (people < FEWEST).any(axis=1)
    if not chosen.any():
        return chosen
    for place in people.min(axis=1).sort_values(kind="stable").index:
        if not (people[chosen].max() < FEWEST).any() and int(chosen.sum()) > 1:
            break
        chosen[place] = True
    return chosen


def _put_together(groups: pd.DataFrame, chosen: Any, code: str) -> pd.DataFrame:
    """The chosen groups as one row; money adds up, customers of several groups do not."""
    if not chosen.any():
        return groups
    together = groups[chosen].drop(columns="code").sum().to_frame().T.assign(code=code)
    unknown = [f"{count}_{when}" for count in _COUNTS for when in ("before", "now")]
    together[[*unknown, *_PEOPLE]] = float("nan")
    kept = groups[~chosen]
    return pd.concat([kept, together], ignore_index=True)[list(groups.columns)].infer_objects()


def _in_money(groups: pd.DataFrame) -> pd.DataFrame:
    """Cents as money, factors as what they are, the largest move first."""
    told = groups[["code"]].copy()
    for column in ("before", "now", "change", *BARS):
        told[column] = groups[column].astype("float64") / _CENTS
    bars = groups[list(BARS)].astype("float64")
    told["main"] = bars.abs().idxmax(axis=1)
    for when in ("before", "now"):
        buyers, orders, units, revenue, refund = (
            groups[f"{count}_{when}"].astype("float64") for count in _COUNTS
        )
        told[f"customers_{when}"] = buyers
        told[f"frequency_{when}"] = orders / buyers.replace(0, float("nan"))
        told[f"items_{when}"] = units / orders.replace(0, float("nan"))
        told[f"price_{when}"] = revenue / units.replace(0, float("nan")) / _CENTS
        told[f"refunds_{when}"] = refund / revenue.where(revenue > 0)
    order = told["change"].abs().sort_values(ascending=False, kind="stable").index
    return told.loc[order].reset_index(drop=True)
