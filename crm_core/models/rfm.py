"""Customers by how recently, how often and for how much they buy, and the segment that follows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np

from crm_core.models.base import Fitted, need
from crm_core.models.category_rhythm import category_days, quiet
from crm_core.models.measures import gini, spearman, top_decile
from crm_core.models.triples import read_columns
from crm_core.store import StoreAt, Tables

NAME: Final = "rfm"

COLUMNS: Final = (
    "customer_key",
    "recency_days",
    "frequency",
    "monetary",
    "r",
    "f",
    "m",
    "segment",
)

_Range = tuple[int, int]
_ALL: Final[_Range] = (1, 5)
_REPEAT: Final[_Range] = (2, 5)


@dataclass(frozen=True, slots=True)
class Segment:
    """A named group: the scores it spans, both ends included. f = 1 means one purchase day."""

    code: str
    r: _Range
    f: _Range
    m: _Range = _ALL

    def holds(self, r: int, f: int, m: int) -> bool:
        """Whether these scores lie inside."""
        pairs = ((r, self.r), (f, self.f), (m, self.m))
        return all(low <= score <= high for score, (low, high) in pairs)


#: Best first; the first that holds is the customer's segment. Together they cover every score.
SEGMENTS: Final = (
    Segment("champions", r=(4, 5), f=(4, 5), m=(4, 5)),
    Segment("loyal", r=(3, 5), f=(4, 5)),
    Segment("promising", r=(4, 5), f=(2, 3)),
    Segment("new_customers", r=(4, 5), f=(1, 1)),
    Segment("needs_attention", r=(3, 3), f=(2, 3)),
    Segment("second_order_due", r=(3, 3), f=(1, 1)),
    Segment("cannot_lose", r=(1, 2), f=(4, 5), m=(4, 5)),
    Segment("at_risk", r=(2, 2), f=_REPEAT),
    Segment("hibernating", r=(1, 1), f=_REPEAT),
    Segment("lost_one_time", r=(1, 2), f=(1, 1)),
)


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where scores begin by fixed numbers: the most days since the last purchase that still earn
    5, 4, 3 and 2; the least purchase days that earn 3, 4 and 5 (two are 2, one is 1); the least
    revenue that earns 2, 3, 4 and 5."""

    recency_days: tuple[float, float, float, float]
    purchase_days: tuple[float, float, float]
    revenue: tuple[float, float, float, float]


_STANDARD_DAYS: Final = (30.0, 90.0, 180.0, 365.0)
_STANDARD_PURCHASES: Final = (3.0, 5.0, 10.0)
_STANDARD_ORDERS: Final = (1.0, 2.0, 4.0, 8.0)


def segment_of(r: int, f: int, m: int) -> str:
    """The segment of a customer with these scores.

    >>> segment_of(5, 5, 5), segment_of(5, 1, 3), segment_of(1, 5, 5)
    ('champions', 'new_customers', 'cannot_lose')
    """
    return next(segment.code for segment in SEGMENTS if segment.holds(r, f, m))


def rfm(past: StoreAt, cuts: Cuts | None = None, *, by_rhythm: bool = False) -> ir.Table:
    """One row a customer who had bought by `past.as_of`, with scores and segment.

    Columns: customer_key, recency_days (days from the last purchase day to as_of), frequency
    (purchase days), monetary (revenue, shop's currency), r, f, m (1 worst to 5 best), segment
    (a code of SEGMENTS; its words are the text keys `rfm.<code>.name`, `.definition`, `.action`).

    Without `cuts` scores rank customers against each other, so that they fit any shop; equal
    customers always get equal scores. r and m: the fifth in which the middle of a customer's
    group of equals falls. f: 1 is one purchase day, always and only; repeat buyers share 2 to 5
    by quarters in the same way. With one customer, or all alike, scores are in the middle.
    With `cuts` the scores are the same whatever other customers do. `by_rhythm` ranks r not by days
    but by how quiet each customer is for what they buy (see category_rhythm).
    Recency here counts back from as_of; the repeat-buying models call another span recency.
    """
    how_quiet = None
    if by_rhythm:
        bought = category_days(past)
        how_quiet = quiet(bought, bought.limit(1).select(as_of=ibis.literal(past.as_of)))
    return scored(past.table("customer_days"), past.as_of, cuts, how_quiet)


def scored(
    customer_days: ir.Table,
    as_of: date,
    cuts: Cuts | None = None,
    how_quiet: ir.Table | None = None,
) -> ir.Table:
    """The rows of `rfm`, from any table of customer_key, day, revenue that has no future; with
    `how_quiet` (customer_key, quiet) r is ranked by it."""
    known = customer_days.filter(customer_days.customer_key.notnull())
    people = known.group_by("customer_key").aggregate(
        last_day=known.day.max(), frequency=known.day.nunique(), monetary=known.revenue.sum()
    )
    people = people.mutate(as_of=ibis.literal(as_of))
    if how_quiet is not None:
        people = people.left_join(how_quiet, "customer_key").drop("customer_key_right")
    return scored_people(people, cuts).select(*COLUMNS)


def scored_people(people: ir.Table, cuts: Cuts | None = None) -> ir.Table:
    """Customers with the columns of `rfm` beside their own: last_day, frequency, monetary, as_of.

    Where they have `revenue_unit` too, revenue is cut at so many times that; where they have the
    columns of `rank_cuts`, by these; where they have `quiet`, r is ranked by it.
    """
    people = people.mutate(recency_days=people.as_of.delta(people.last_day, unit="day"))
    named = _ranked(people) if cuts is None else _cut(people, cuts)
    return named.mutate(segment=_segment(named))


def standard_cuts(past: StoreAt) -> Cuts:
    """Fixed numbers for a shop that has typed none: 30, 90, 180 and 365 days; 3, 5 and 10 purchase
    days; one, two, four and eight times the revenue of its middle purchase day."""
    found = past.store.fetch(middle_revenue(past.table("customer_days")))
    middle = found["middle"].iloc[0]
    return multiples(0.0 if middle is None or middle != middle else float(middle))


def middle_revenue(customer_days: ir.Table) -> ir.Table:
    """One row, `middle`: the revenue of the middle purchase day."""
    return customer_days.agg(middle=customer_days.revenue.cast("float64").median())


def multiples(unit: float = 1.0) -> Cuts:
    """The standard numbers for a revenue of the middle purchase day of `unit`."""
    one, two, four, eight = (unit * orders for orders in _STANDARD_ORDERS)
    return Cuts(_STANDARD_DAYS, _STANDARD_PURCHASES, (one, two, four, eight))


def fit(store: Tables, *, as_of: date) -> Fitted:
    """Where the scores begin in this shop, and how many customers each segment has.

    Parameters: recency_days_<r> (the most days that still earn r), purchase_days_<f> and
    revenue_<m> (the least that earns it), customers_<segment>. A score nobody has is left out.
    Raises: CrmError("not_enough_data") where nobody has bought by then.
    """
    scores = rfm(StoreAt(store, as_of))
    parameters: dict[str, float] = {}
    for score, column, name in (
        ("r", "recency_days", "recency_days"),
        ("f", "frequency", "purchase_days"),
        ("m", "monetary", "revenue"),
    ):
        edge = scores[column].max() if score == "r" else scores[column].min()
        edges = scores.group_by(score=score).aggregate(edge=edge.cast("float64"))
        found = store.fetch(edges.order_by("score"))
        for value, at in zip(found["score"].tolist(), found["edge"].tolist(), strict=True):
            parameters[f"{name}_{value}"] = float(at)
    counted = store.fetch(scores.group_by("segment").aggregate(people=scores.count()))
    people: dict[str, int] = dict(
        zip(counted["segment"].tolist(), counted["people"].tolist(), strict=True)
    )
    need(NAME, buyers=(sum(people.values()), 1))
    for segment in SEGMENTS:
        parameters[f"customers_{segment.code}"] = float(people.get(segment.code, 0))
    made = hashlib.sha256(repr(sorted(parameters.items())).encode()).hexdigest()
    return Fitted(
        model=NAME,
        as_of=as_of,
        time_unit="day",
        parameters=parameters,
        standard_errors={},
        log_likelihood=0.0,
        customers=sum(people.values()),
        distinct=len(people),
        fingerprint=made[:16],
    )


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """Whether customers with higher scores bring more afterwards, beside recency or spend alone.

    One row an origin and method; measures compare the order of customers with their revenue in
    the `horizon_days` after it.
    Raises: CrmError("not_enough_data") where the log ends before the horizon does.
    """
    rows: list[dict[str, object]] = []
    days = store.table("customer_days")
    last = store.fetch(days.agg(last=days.day.max()))["last"].iloc[0]
    for origin in origins:
        logged = 0 if last is None or last != last else (last.date() - origin).days
        need("validate", days_after_origin=(logged, horizon_days))
        brought, orders = _after(store, origin, horizon_days)
        for method, said in orders.items():
            measures: dict[str, object] = {
                "gini": gini(brought, said),
                "top_decile": top_decile(brought, said),
                "spearman": spearman(brought, said),
            }
            row = {"method": method, "origin": origin.isoformat(), "horizon_days": horizon_days}
            rows.append(row | measures)
    return rows


def _after(
    store: Tables, origin: date, horizon_days: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """What each customer known at `origin` brought after it, in cents, and orders of customers."""
    days = store.table("customer_days")
    until = ibis.literal(origin + timedelta(horizon_days))
    later = days.filter((days.day > ibis.literal(origin)) & (days.day <= until))
    came = later.group_by("customer_key").aggregate(brought=later.revenue.sum())
    scores = rfm(StoreAt(store, origin))
    joined = scores.left_join(came, "customer_key")
    cents = {
        "brought": joined.brought.fill_null(0) * 100,
        "total": joined.r + joined.f + joined.m,
        "silence": joined.recency_days,
        "spent": joined.monetary * 100,
    }
    whole = {name: value.cast("int64") for name, value in cents.items()}
    ordered = joined.order_by("customer_key").select(**whole)
    brought, total, silence, spent = read_columns(store, ordered)
    need("validate", buyers=(len(brought), 1))
    return brought, {NAME: total, "naive_recency": -silence, "naive_spend": spent}


def rank_cuts(people: ir.Table) -> ir.Table:
    """One row: the least that reaches a score among these customers, as r_2 to r_5 (last_day, or
    how little `quiet` they are), m_2 to m_5 (monetary) and f_2 to f_4 (frequency, quarters of repeat buyers); NULL where nobody
    does."""
    people = _with_freshness(people)
    repeat = people.filter(people.frequency > 1)
    rows = [
        _least(people, "freshness", "r", parts=5),
        _least(people, "monetary", "m", parts=5),
        _least(repeat, "frequency", "f", parts=4),
    ]
    return rows[0].cross_join(rows[1]).cross_join(rows[2])


def _least(people: ir.Table, column: str, score: str, *, parts: int) -> ir.Table:
    levels = _parts(people, column, score, parts=parts)
    reached = {
        f"{score}_{least}": levels[column].min(where=levels[score] >= least)
        for least in range(2, parts + 1)
    }
    return levels.agg(**reached)


def _ranked(people: ir.Table) -> ir.Table:
    """People with the scores of their ranks, by the cuts beside them or, if none are, their own."""
    if "r_2" not in people.columns:
        people = people.cross_join(rank_cuts(people))
    people = _with_freshness(people)

    def reached(column: str, score: str, parts: int) -> ir.Value:
        steps = [people[column] >= people[f"{score}_{least}"] for least in range(2, parts + 1)]
        found: ir.Value = ibis.literal(1)
        for step in steps:
            found = found + ibis.ifelse(step, 1, 0).cast("int64")
        return found

    quarter = ibis.ifelse(people.frequency > 1, reached("frequency", "f", 4), 0)
    return people.mutate(
        r=reached("freshness", "r", 5).cast("int64"),
        f=(quarter + 1).cast("int64"),
        m=reached("monetary", "m", 5).cast("int64"),
    )


def _with_freshness(people: ir.Table) -> ir.Table:
    """What r is ranked by: the last day, or how little quiet a customer is."""
    is_told = "quiet" in people.columns
    return people.mutate(freshness=-people.quiet if is_told else people.last_day)


def _cut(people: ir.Table, cuts: Cuts) -> ir.Table:
    """People with the scores of fixed numbers."""
    silent, spent = people.recency_days.cast("float64"), people.monetary.cast("float64")
    bought = people.frequency.cast("float64")
    lately = [(silent <= days, 5 - place) for place, days in enumerate(cuts.recency_days)]
    often = [(bought >= least, 5 - n) for n, least in enumerate(reversed(cuts.purchase_days))]
    unit = people.revenue_unit if "revenue_unit" in people.columns else 1.0
    much = [(spent >= unit * least, 5 - n) for n, least in enumerate(reversed(cuts.revenue))]
    return people.mutate(
        r=ibis.cases(*lately, else_=1).cast("int64"),
        f=ibis.cases(*often, (bought > 1.0, 2), else_=1).cast("int64"),
        m=ibis.cases(*much, else_=1).cast("int64"),
    )


def _parts(people: ir.Table, column: str, score: str, *, parts: int) -> ir.Table:
    """Each value of a column, and which of `parts` equal parts its middle falls into, from 1.

    Ranking the distinct values, whose least are then compared, costs a sort of some thousands;
    ranking every customer among ties takes an engine minutes at a million customers.
    """
    levels = people.group_by(column).aggregate(alike=people.count())
    upto = levels.mutate(
        upto=levels.alike.sum().over(ibis.cumulative_window(order_by=levels[column].asc())),
        people=levels.alike.sum().over(ibis.window()),
    )
    middle = (2 * upto.upto - upto.alike).cast("float64") / (2 * upto.people).cast(
        "float64"
    ).nullif(0.0)
    return upto.select(column, (1 + (middle * parts).floor().cast("int64")).name(score))


def _segment(ranked: ir.Table) -> ir.StringValue:
    branches = [
        (
            ranked.r.between(*segment.r)
            & ranked.f.between(*segment.f)
            & ranked.m.between(*segment.m),
            segment.code,
        )
        for segment in SEGMENTS
    ]
    return ibis.cases(*branches)
