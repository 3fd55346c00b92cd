"""New customers by when and how they came: who came back, what they brought, age by age."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import (
    COHORT_SPLITS,
    MEASURES,
    REST,
    STEPS,
    at_age,
    cohort_sizes,
    cohort_sums,
    first_orders,
    is_guarded,
    is_small,
    largest_parts,
    told_apart,
    with_rest,
)
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.acquisition import acquisition
from crm_core.views.cohort_ages import Ages, ages_of, first_age, open_groups, together
from crm_core.views.cohort_sums import UNKNOWN

ALL = "_all"
BY = tuple(STEPS)
SPLITS = COHORT_SPLITS
GROUPS = ("all", "active", "quiet")
MOST_PARTS = 8
MOST_PEOPLE = 200
CELLS = ["cohort", "age", "customers", "value"]
CURVES = ["part", "age", "customers", "value"]


@dataclass(frozen=True)
class Cohorts:
    """New customers by month or week of their first order (`by`), and by a split.

    An age is 30 days since the own first order (7 for weeks), 0 the first; a measure at it is the
    share that bought in it, or what came up to its end, per customer.
    `cohorts` (of `part`, newest first): cohort, customers, ages (that the youngest has lived).
    `cells`: cohort, age, customers, value; only where even the youngest has lived the age whole.
    `mean`: age, customers, value over the cells, weighted by size.
    `curves`: part, age, customers (observed through the age, whoever they are), value.
    `everybody` are all who came, `parts`: part, customers. `names` are words of parts that are numbers. `kept_out` are
    customers who may have bought before the log began; `known` whether goods costs are.
    """

    as_of: date
    by: str
    measure: str
    split: str
    part: str
    everybody: int
    known: bool
    kept_out: int
    parts: pd.DataFrame
    cohorts: pd.DataFrame
    cells: pd.DataFrame
    mean: pd.DataFrame
    curves: pd.DataFrame
    names: dict[str, str]

    @property
    def customers(self) -> int:
        """How many came."""
        return int(self.cohorts["customers"].sum())


@dataclass(frozen=True)
class Won:
    """What winning one customer cost and when it was paid back: of a part as a whole, and by
    month (`months`: name, cost, payback). None where spend is not known for it."""

    cost: float | None
    payback: int | None
    months: pd.DataFrame


def cohorts(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    by: str = BY[0],
    measure: str = MEASURES[0],
    split: str = SPLITS[0],
    part: str = ALL,
) -> Cohorts:
    """Measures cohorts as of the last complete day; names nobody. Of those who see no single
    people, small groups are hidden.

    Raises: CrmError("unknown_choice") for another step, measure or split.
    """
    del selection
    for name, value, known in (
        ("by", by, BY),
        ("measure", measure, MEASURES),
        ("split", split, SPLITS),
    ):
        _check(name, value, known)
    as_of, step = store.meta.as_of, STEPS[by]
    people, shown = split_people(store, by, split)
    every_part = _ages_by(store, people, by, "part")
    whole = together(list(every_part.values())) if every_part else None
    of_part = open_groups(every_part, access)
    order = [name for name in (*shown, REST, UNKNOWN) if name in of_part]
    parts = pd.DataFrame(
        [(name, of_part[name].members) for name in order], columns=["part", "customers"]
    )
    mine = in_part(people, part)
    groups = open_groups(_ages_by(store, mine, by, "cohort"), access)
    of_cohort = dict(sorted(groups.items(), key=lambda pair: pair[0], reverse=True))
    drawn = {ALL: whole} if whole else {}
    drawn |= {name: of_part[name] for name in order}
    lived = [ages.until_whole() for ages in of_cohort.values()]
    return Cohorts(
        as_of=as_of,
        by=by,
        measure=measure,
        split=split,
        part=part,
        everybody=whole.members if whole else 0,
        known=whole is not None and whole.knows_cost,
        kept_out=kept_out(store, as_of),
        parts=parts,
        cohorts=_cohorts(of_cohort, step.last),
        cells=_rows(of_cohort, measure, CELLS, lived=True),
        mean=_rows({ALL: together(lived)} if lived else {}, measure, CELLS)[CELLS[1:]],
        curves=_rows(drawn, measure, CURVES),
        names=_names(store, shown) if split == "first_product" else {},
    )


def what_winning_cost(
    selection: Selection, *, store: Store, access: Access, split: str, part: str
) -> Won:
    """The cost of winning customers and when it was paid back, as the page of new customers has
    it: known of sources and of all together."""
    source = "acquisition_source"
    nothing = Won(None, None, pd.DataFrame(columns=["name", "cost", "payback"]))
    if part != ALL and split != source:
        return nothing
    view = acquisition(selection, store=store, access=access, split=source, part=part)
    row = view.parts[view.parts["name"] == part]
    if row.empty:
        return nothing
    cost, payback = (_number(row[column].iloc[0]) for column in ("cost", "payback"))
    months = view.months[["name", "cost", "payback"]]
    return Won(cost, None if payback is None else int(payback), months)


def cohort_members(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    by: str,
    split: str,
    part: str,
    cohort: date,
    age: int,
    group: str = GROUPS[0],
    page: int = 1,
    size: int = 50,
) -> pd.DataFrame:
    """One page of who came in a month or week: of all, or of those who bought at an age (`active`)
    or did not (`quiet`).

    Columns: customer_key, first_day, orders, orders_then, net_revenue, found (how many there are
    on all pages); who brought most first. Nobody where they are few and this person sees no
    single people: nor where who is not among them are few. Raises: CrmError("unknown_choice").
    """
    del selection
    _check("by", by, BY)
    _check("split", split, SPLITS)
    _check("group", group, GROUPS)
    if page < 1 or not 1 <= size <= MOST_PEOPLE:
        raise CrmError("unknown_choice", name="page", value=page, match="")
    people, _ = split_people(store, by, split)
    mine = in_part(people, part)
    mine = mine.filter(mine.cohort == cohort)
    told = at_age(store, mine, store.meta.as_of, STEPS[by], age)
    bought = told.orders_then > 0
    if is_guarded(access):
        counts = told.agg(all=told.count(), active=told.count(where=bought))
        every, active = (int(n) for n in store.fetch(counts).iloc[0][["all", "active"]])
        sizes = [every] if group == GROUPS[0] else [active, every - active]
        size = 0 if any(map(is_small, sizes)) else size
    if group != GROUPS[0]:
        told = told.filter(bought if group == "active" else ~bought)
    told = told.mutate(found=told.count().over())
    ranked = told.order_by(told.net_revenue.desc(), told.customer_key.asc())
    return store.fetch(ranked.limit(size, offset=(page - 1) * size))


def days_of(cohort: date, by: str) -> tuple[date, date]:
    """The first and last day of first orders of a month or week.

    >>> days_of(date(2026, 2, 1), "month")[1], days_of(date(2026, 2, 2), "week")[1]
    (datetime.date(2026, 2, 28), datetime.date(2026, 2, 8))
    """
    days = monthrange(cohort.year, cohort.month)[1] if by == "month" else 7
    return cohort, cohort + timedelta(days - 1)


def split_people(store: Store, by: str, split: str) -> tuple[Any, list[str]]:
    """New customers told apart by a split, and its largest parts; other parts are the rest."""
    people = told_apart(store, first_orders(store, store.meta.as_of, STEPS[by]), split)
    shown = [str(name) for name in store.fetch(largest_parts(people).limit(MOST_PARTS))["part"]]
    people = with_rest(people, shown)
    return people.mutate(part=people.part.fill_null(UNKNOWN)), shown


def in_part(people: Any, part: str) -> Any:
    """The people of a part; all of them for ALL."""
    return people if part == ALL else people.filter(people.part == part)


def _ages_by(store: Store, people: Any, by: str, key: str) -> dict[Any, Ages]:
    step = STEPS[by]
    sizes = store.fetch(cohort_sizes(people, key))
    sums = store.fetch(cohort_sums(store, people, store.meta.as_of, step, key))
    found = dict(tuple(sums.groupby(key)))
    none = sums.iloc[:0]
    return {name: ages_of(rows, found.get(name, none), step) for name, rows in sizes.groupby(key)}


def _cohorts(groups: dict[Any, Ages], last: int) -> pd.DataFrame:
    """Each cohort's size, and how many ages even its youngest has lived."""
    rows = [(name, ages.members, min(ages.whole, last)) for name, ages in groups.items()]
    return pd.DataFrame(rows, columns=["cohort", "customers", "ages"])


def _rows(
    groups: dict[Any, Ages], measure: str, columns: list[str], *, lived: bool = False
) -> pd.DataFrame:
    """A row a group and age at which there is a value; with `lived` only ages all have lived."""
    rows: list[tuple[Any, int, int, float]] = []
    for name, ages in groups.items():
        end = min(ages.whole, len(ages.customers)) if lived else len(ages.customers)
        for age in range(first_age(measure), end):
            value = ages.value(measure, age)
            if value is not None:
                rows.append((name, age, int(ages.customers[age]), value))
    return pd.DataFrame(rows, columns=columns)


def kept_out(store: Store, as_of: date) -> int:
    """How many customers may have bought before the log began."""
    people = store.table("customer_facts")
    already = people.filter(people.is_already_customer & (people.first_day <= as_of))
    return int(store.fetch(already.agg(n=already.count()))["n"].iloc[0])


def _names(store: Store, shown: Sequence[str]) -> dict[str, str]:
    """Names of products by their key."""
    keys = [int(part) for part in shown]
    products = store.table("product_facts")
    chosen = products.filter(products.product_key.isin(keys or [-1]))
    frame = store.fetch(chosen.select("product_key", "product_name"))
    pairs = zip(frame["product_key"], frame["product_name"], strict=True)
    return {str(int(key)): str(name) for key, name in pairs}


def _check(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise CrmError("unknown_choice", name=name, value=value, match=close_match(value, known))


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
