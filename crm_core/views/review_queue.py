"""Orders and reviews that need a look, with what speaks for and against it, and what was decided."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import measure, scope
from crm_core.privacy.policy import Access, require
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.model_state import fitted_document, need_model

Kind = Literal["order", "review"]
KINDS: Final[tuple[Kind, ...]] = ("order", "review")
#: `open` was not decided about; `hint` has fewer points than need a look.
STATES: Final = ("open", "proposed", "approved", "kept", "hint")
METRICS_TOLD: Final = (
    "net_revenue",
    "contribution",
    "orders",
    "buyers",
    "new_buyers",
    "average_order_value",
    "repeat_share",
)
MOST_CASES: Final = 300
MOST_AT_ONCE: Final = 2_000
#: Of invented shops without a single made-up row (`bench/set_aside.py`): named, and of how many.
FALSE_ALARMS: Final[Mapping[Kind, tuple[int, int]]] = {
    "order": (25, 113_789),
    "review": (11, 14_136),
}
_ID: Final[Mapping[Kind, str]] = {"order": "order_id", "review": "review_id"}
_LOOKS: Final[Mapping[Kind, str]] = {"order": "look_orders", "review": "look_reviews"}


@dataclass(frozen=True)
class Seen:
    """How much was looked at as of a day, of one kind: `seen` rows; `expected` of them would need a
    look in a shop where none was made up; how many are in each state."""

    kind: Kind
    seen: int
    expected: float
    states: Mapping[str, int]


@dataclass(frozen=True)
class Queue:
    """What there is to decide. `cases` (those with most rows first): case, product_id, product,
    starts_on, ends_on, orders, reviews (that need a look and are undecided), revenue, points (of the
    highest), most_cases at most."""

    as_of: date
    kinds: tuple[Seen, ...]
    cases: pd.DataFrame


@dataclass(frozen=True)
class Rows:
    """One page of orders or reviews in a state: id, day, at (orders; shop's clock), product, points,
    `signs` and `against` (name -> numbers), case, customer_key; orders: revenue, channel; reviews:
    stars, body (None where identities are hidden). `ids` are those of all pages, up to
    MOST_AT_ONCE."""

    rows: pd.DataFrame
    total: int
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Stars:
    """Reviews by stars: `reviews`, of which `proposed` and `approved`. `buries`: of reviews of one or
    two stars a larger share would be set aside than of all."""

    rows: pd.DataFrame
    buries: bool

    @property
    def low_share(self) -> float:
        """The share of reviews of one or two stars that would be set aside."""
        return _share(self.rows[self.rows["stars"] <= 2])

    @property
    def share(self) -> float:
        """The share of all reviews that would be."""
        return _share(self.rows)


def _share(rows: pd.DataFrame) -> float:
    total = float(rows["reviews"].sum())
    return float((rows["proposed"] + rows["approved"]).sum()) / total if total else 0.0


def review_queue(selection: Selection, *, store: Store, access: Access) -> Queue:
    """Reads what the last refresh found and what was decided since.

    Raises: CrmError of the model in a shop of few orders, ("no_scores"), ("privacy_denied").
    """
    del selection
    require(access, "set_aside")
    need_model(store, "set_aside")
    document = fitted_document(store, "set_aside")
    kinds: list[Seen] = []
    for kind in KINDS:
        seen = int(document["parameters"][f"{kind}s"])
        named, of = FALSE_ALARMS[kind]
        kinds.append(Seen(kind, seen, seen * named / of, _states(store, kind)))
    return Queue(date.fromisoformat(document["as_of"]), tuple(kinds), _cases(store))


def queue_rows(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    kind: Kind = "order",
    state: str = "open",
    case: int = 0,
    page: int = 1,
    size: int = 25,
) -> Rows:
    """One page of a state, those of most points first; of one `case`, or of all (0).

    Raises: CrmError as `review_queue`, ("unknown_choice").
    """
    del selection
    require(access, "set_aside")
    need_model(store, "set_aside")
    if kind not in KINDS or state not in STATES or page < 1 or size < 1:
        match = close_match(state, STATES)
        raise CrmError("unknown_choice", name="state", value=state, match=match)
    rows = _in_state(store, kind, state)
    rows = rows.filter(rows.case == case) if case else rows
    ordered = rows.order_by(rows.points.desc(nulls_first=False), _ID[kind])
    total = int(store.fetch(rows.agg(n=rows.count()))["n"].iloc[0])
    ids = store.fetch(ordered.select(id=_ID[kind]).limit(MOST_AT_ONCE))["id"]
    told = _with_facts(store, ordered.limit(size, offset=(page - 1) * size), kind, access)
    return Rows(told, total, tuple(str(each) for each in ids))


def stars_set_aside(selection: Selection, *, store: Store, access: Access) -> Stars:
    """The reviews by stars, and which of them are proposed or set aside."""
    del selection
    require(access, "set_aside")
    reviews = store.table("reviews")
    decided = _decided(store, "review")
    joined = reviews.left_join(decided, reviews.review_id == decided.item_id)
    counted = joined.group_by("stars").agg(
        reviews=joined.count(),
        proposed=joined.count(where=joined.state == "proposed"),
        approved=joined.count(where=joined.state == "approved"),
    )
    rows = store.fetch(counted.order_by("stars"))
    found = Stars(rows, False)
    proposed = int(rows.loc[rows["stars"] <= 2, "proposed"].sum())
    return Stars(rows, proposed > 0 and found.low_share > found.share)


def totals(selection: Selection, *, store: Store, access: Access) -> Mapping[str, float | None]:
    """The shop's main numbers over all its days and its mean stars, of whichever store is open."""
    del access
    found = dict(measure(store, METRICS_TOLD, rows=scope(store, selection)).totals)
    if store.has("reviews"):
        reviews = store.table("reviews")
        told = store.fetch(
            reviews.agg(reviews=reviews.count(), stars=reviews.stars.cast("float64").mean())
        ).iloc[0]
        found |= {"reviews": float(told["reviews"]), "mean_stars": _number(told["stars"])}
    return found


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _decided(store: Store, kind: Kind) -> Any:
    """What was decided about rows of a kind: item_id, state."""
    if not store.has("set_aside"):
        raise CrmError("no_scores")
    rows: Any = store.table("set_aside")
    return rows.filter(rows.kind == kind).select("item_id", "state")


def _in_state(store: Store, kind: Kind, state: str) -> Any:
    """Rows of a kind in a state, with what the last refresh said of them."""
    looks: Any = store.table(_LOOKS[kind])
    decided = _decided(store, kind)
    number = _ID[kind]
    if state in ("open", "hint"):
        undecided = looks.anti_join(decided, looks[number] == decided.item_id)
        named = undecided.needs_a_look
        return undecided.filter(named if state == "open" else ~named)
    mine = decided.filter(decided.state == state).select(number=decided.item_id)
    joined = mine.left_join(looks, mine.number == looks[number])
    told = joined.drop(number).rename({number: "number"})
    return told.mutate(case=told.case.fill_null(0))


def _states(store: Store, kind: Kind) -> Mapping[str, int]:
    looks: Any = store.table(_LOOKS[kind])
    decided = _decided(store, kind)
    undecided = looks.anti_join(decided, looks[_ID[kind]] == decided.item_id)
    counted = store.fetch(
        undecided.agg(
            open=undecided.count(where=undecided.needs_a_look),
            hint=undecided.count(where=~undecided.needs_a_look),
        )
    ).iloc[0]
    told = store.fetch(decided.group_by("state").agg(rows=decided.count()))
    known = dict(zip(told["state"], told["rows"], strict=True))
    found = {state: int(known.get(state, 0)) for state in ("proposed", "approved", "kept")}
    return {**found, "open": int(counted["open"]), "hint": int(counted["hint"])}


def _cases(store: Store) -> pd.DataFrame:
    """Undecided rows that need a look, case by case."""
    parts: list[Any] = []
    for kind in KINDS:
        rows = _in_state(store, kind, "open")
        money = rows.points.cast("float64") * 0.0
        if kind == "order":
            facts = store.table("order_facts").select(
                "order_id", revenue=lambda t: t.revenue.cast("float64")
            )
            rows = rows.left_join(facts, "order_id").drop("order_id_right")
            money = rows.revenue.fill_null(0.0)
        parts.append(
            rows.select(
                "case",
                "product_id",
                "day",
                "points",
                revenue=money,
                is_order=rows.points.notnull() if kind == "order" else rows.points.isnull(),
            )
        )
    both = parts[0].union(parts[1])
    grouped = both.group_by("case", "product_id").agg(
        starts_on=both.day.min(),
        ends_on=both.day.max(),
        orders=both.count(where=both.is_order),
        reviews=both.count(where=~both.is_order),
        revenue=both.revenue.sum(),
        points=both.points.max(),
    )
    products: Any = store.table("product_facts").select("product_id", "product_name")
    named = grouped.left_join(products, "product_id").drop("product_id_right")
    named = named.mutate(product=named.product_name.coalesce(named.product_id))
    order = ((named.orders + named.reviews).desc(), "case")
    return store.fetch(named.drop("product_name").order_by(*order).limit(MOST_CASES))


def _with_facts(store: Store, rows: Any, kind: Kind, access: Access) -> pd.DataFrame:
    """The rows with what they are about, and their evidence as numbers."""
    products: Any = store.table("product_facts").select("product_id", "product_name")
    facts: Any = store.table("order_facts").select(
        "order_id", "customer_key", "at", channel="sales_channel", ordered="day",
        revenue=lambda t: t.revenue.cast("float64"),
    )  # fmt: skip
    if kind == "order":
        rows = rows.left_join(facts, "order_id").drop("order_id_right")
        rows = rows.mutate(day=rows.day.coalesce(rows.ordered))
    else:
        told: Any = store.table("reviews").select(
            "review_id", "customer_key", "body", written="day", told_stars="stars",
            of_product="product_id",
        )  # fmt: skip
        rows = rows.left_join(told, "review_id").drop("review_id_right")
        rows = rows.mutate(
            day=rows.written,
            stars=rows.told_stars,
            product_id=rows.of_product.coalesce(rows.product_id),
        )
    rows = rows.left_join(products, "product_id").drop("product_id_right")
    rows = rows.mutate(product=rows.product_name.coalesce(rows.product_id))
    order = (rows.points.desc(nulls_first=False), _ID[kind])
    found = store.fetch(rows.order_by(*order)).rename(columns={_ID[kind]: "id"})
    if kind == "order":
        clock = pd.to_datetime(found["at"], utc=True).dt.tz_convert(store.meta.timezone)
        found["at"] = clock.dt.tz_localize(None)
    elif access.present:
        found["body"] = None
    documents = [json.loads(each) if isinstance(each, str) else {} for each in found["facts"]]
    return found.assign(
        signs=[each.get("for", {}) for each in documents],
        against=[each.get("against", {}) for each in documents],
    ).drop(columns="facts")
