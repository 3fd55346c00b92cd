"""Who moved between segments between two days, with the money, and what became of a segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from crm_core.errors import CrmError
from crm_core.models.movement import (
    ABSENT,
    GROUPS,
    flows,
    movers,
    moves,
    of_flow,
    went_down,
)
from crm_core.models.outcomes import Outcome, outcome
from crm_core.models.standing import SEGMENTATIONS, Segmentation, is_kept, segmentation
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store

NAMES = tuple(SEGMENTATIONS)
LISTS = tuple(GROUPS)
PRESETS = ("month", "quarter", "year", "own")
MOST_ROWS = 200

_BACK = {"month": 30, "quarter": 91, "year": 365}


@dataclass(frozen=True)
class Movement:
    """Flows between two days. `cells` has a row a pair of segments that anybody went between or
    stayed in: code_then, code_now, customers, share (of all in code_then), net_then and net_now
    (net revenue of the year to each day), difference, tone (better, worse, same, new). `rows`
    and `columns` are the codes there, in their order; ABSENT is who was not known before.
    `sizes` are the people of each list of LISTS.
    """

    then: date
    now: date
    cells: pd.DataFrame
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    customers_then: int
    customers_now: int
    sizes: Mapping[str, int]

    def people(self, group: str, cell: tuple[str, str] | None = None) -> int:
        """How many there are on a list, or in one flow (`cell`: from, to)."""
        if cell is None:
            return self.sizes[group]
        is_it = (self.cells["code_then"] == cell[0]) & (self.cells["code_now"] == cell[1])
        return int(self.cells["customers"][is_it].sum())

    @property
    def net_then(self) -> float:
        """Net revenue of the year to the first day."""
        return float(self.cells["net_then"].sum())

    @property
    def net_now(self) -> float:
        """Net revenue of the year to the second day."""
        return float(self.cells["net_now"].sum())


@dataclass(frozen=True)
class Days:
    """The days there are to choose from, `last` the day that presets count back from."""

    first: date
    last: date

    def back(self, preset: str) -> date:
        """The day a preset means, never before the log."""
        return max(self.first, self.last - timedelta(_BACK.get(preset, 0)))

    def inside(self, day: date) -> date:
        """The day, or the nearest one that the log has."""
        return min(max(day, self.first), self.last)


def days(selection: Selection, *, store: Store, access: Access) -> Days:
    """The first day of the log, and the day of the scores (or of the data, before any)."""
    del selection, access
    last = store.scores_as_of or store.meta.as_of
    return Days(min(store.meta.first_day, last), last)


def codes_of(name: str) -> tuple[str, ...]:
    """The codes of customers in a segmentation, in the order of the pages.

    Raises: CrmError("unknown_choice").
    """
    kind = segmentation(name)
    return tuple(code for code in kind.codes if kind.is_customer(code))


def at_hand(selection: Selection, *, store: Store, access: Access, asked: tuple[date, ...]) -> bool:
    """Whether all these days were kept by the last refresh, so that nothing is to be computed."""
    del selection, access
    return all(is_kept(store, day) for day in asked)


def movement(
    selection: Selection, *, store: Store, access: Access, then: date, now: date, name: str
) -> Movement:
    """Flows from the earlier to the later of two days, by what was known on each.

    Raises: CrmError("unknown_choice"), ("day_outside_log").
    """
    del selection, access
    kind = segmentation(name)
    then, now = ordered_days(store, then, now)
    cells = store.fetch(flows(moves(store, then, now, name)))
    pairs = list(zip(cells["code_then"], cells["code_now"], strict=True))
    cells["tone"] = [_tone(kind, before, after) for before, after in pairs]
    money = {column: cells[column].astype("float64") for column in ("net_then", "net_now")}
    cells = cells.assign(**money, difference=money["net_now"] - money["net_then"])
    size = cells.groupby("code_then")["customers"].transform("sum")
    cells["share"] = cells["customers"].astype("float64") / size.astype("float64")
    return Movement(
        then=then,
        now=now,
        cells=_in_order(cells, kind),
        rows=_present((*kind.codes, ABSENT), cells["code_then"]),
        columns=_present(kind.codes, cells["code_now"]),
        customers_then=_count(cells, [kind.is_customer(before) for before, _ in pairs]),
        customers_now=_count(cells, [kind.is_customer(after) for _, after in pairs]),
        sizes={
            group: _count(
                cells,
                [belongs(kind, before, after) for before, after in pairs],
                "bought" if group == "back" else "customers",
            )
            for group, belongs in GROUPS.items()
        },
    )


def moved_people(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    then: date,
    now: date,
    name: str,
    group: str = "moved",
    cell: tuple[str, str] | None = None,
    page: int = 1,
    size: int = 50,
) -> pd.DataFrame:
    """One page of who moved: of a group of LISTS, or of one flow (`cell`: from, to).

    Columns: customer_key, code_then, code_now, last_now, net_then, net_now, difference; who moved
    most money first. Raises: CrmError("unknown_choice"), ("day_outside_log").
    """
    del selection, access
    check_page(page, size)
    then, now = ordered_days(store, then, now)
    moved = moves(store, then, now, name)
    chosen = movers(moved, name, group) if cell is None else of_flow(moved, *cell)
    chosen = chosen.mutate(difference=chosen.net_now - chosen.net_then)
    ordered = chosen.order_by(
        chosen["difference"].abs().desc(), chosen.last_now.desc(), chosen.customer_key.asc()
    )
    wanted = ordered.select(
        "customer_key", "code_then", "code_now", "last_now", "net_then", "net_now", "difference"
    )
    return store.fetch(wanted.limit(size, offset=(page - 1) * size))


def became(
    selection: Selection, *, store: Store, access: Access, name: str, code: str
) -> Outcome | None:
    """What became of those who were in a segment a year before the scores' day.

    Raises: CrmError("unknown_choice").
    """
    known = codes_of(name)
    if code not in known:
        raise CrmError("unknown_choice", name="segment", value=code, match="")
    return outcome(store, days(selection, store=store, access=access).last, name, code)


def ordered_days(store: Store, then: date, now: date) -> tuple[date, date]:
    """The earlier day first.

    Raises: CrmError("day_outside_log").
    """
    for day in (then, now):
        check_day(store, day)
    return min(then, now), max(then, now)


def check_day(store: Store, day: date) -> None:
    """Raises: CrmError("day_outside_log") for a day before the log or after its last whole day."""
    first, last = store.meta.first_day, store.meta.as_of
    if not first <= day <= last:
        raise CrmError("day_outside_log", day=day, first=first, last=last)


def check_page(page: int, size: int) -> None:
    """Raises: CrmError("unknown_choice") for a page beyond bounds."""
    if page < 1 or not 1 <= size <= MOST_ROWS:
        raise CrmError("unknown_choice", name="page", value=page, match="")


def _tone(kind: Segmentation, then: str, now: str) -> str:
    if then == ABSENT:
        return "new"
    if went_down(kind, then, now):
        return "worse"
    return "same" if kind.ranks[now] == kind.ranks[then] else "better"


def _in_order(cells: pd.DataFrame, kind: Segmentation) -> pd.DataFrame:
    places = {code: place for place, code in enumerate((*kind.codes, ABSENT))}
    return cells.sort_values(
        ["code_then", "code_now"], key=lambda codes: codes.map(places), ignore_index=True
    )


def _present(codes: tuple[str, ...], found: pd.Series) -> tuple[str, ...]:
    there = set(found)
    return tuple(code for code in codes if code in there)


def _count(cells: pd.DataFrame, held: list[bool], column: str = "customers") -> int:
    return int(cells[column][pd.Series(held, index=cells.index, dtype=bool)].sum())
