"""Who is about to run out of what, the rhythm of what runs out, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import pandas as pd

from crm_core.audiences import DUE_STATES, not_sensitive, running_out
from crm_core.errors import CrmError, close_match
from crm_core.metrics import is_guarded
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views import verdicts
from crm_core.views.model_state import fitted_document, need_model
from crm_core.views.people import people_in

MODEL: Final = "replenishment"
BASELINE: Final = "naive_category"
FEWEST: Final = 5
_OWN_GAPS = 3


@dataclass(frozen=True)
class Trial:
    """How chances of `days` did on the shop's own past, told without it, from `origin` on: of all
    running clocks, and of those whose usual gap ended in these days (`due`). A Brier score is the
    mean squared distance of chance and outcome, an error the mean distance of the chance said and
    the share that came over ten groups of equal size."""

    days: int
    origin: date
    items: int
    brier: float
    naive_brier: float
    error: float
    due_items: int
    due_error: float | None
    due_brier: float | None
    due_naive_brier: float | None


@dataclass(frozen=True)
class Replenish:
    """The shop's clocks as of a day, of the segments and categories chosen.

    Frames: `states` (code, customers, clocks, expected_7, expected_30, in the order of
    DUE_STATES; None where under five people are hidden), `rhythm` (an item each: level, item,
    what, category, buyers, repeaters, usual_days, low_days, high_days, share_rebought, quick,
    quick_expected; of `tried` items), `reliability` (predicted, actual, size; of chances of 7 days). `trials` are
    empty where the shop is too young for one.
    """

    as_of: date
    states: pd.DataFrame
    rhythm: pd.DataFrame
    tried: int
    reliability: pd.DataFrame
    trials: tuple[Trial, ...]
    verdict: str


@dataclass(frozen=True)
class DueList:
    """One page of customers with something in a state and how many there are: customer_key, what,
    category, bought (the product bought last), purchases, sure, last_day, usual_days, due_day,
    p_due_7, p_due_30. `customers`: None where under five people are hidden."""

    rows: pd.DataFrame
    total: int
    customers: int | None


@dataclass(frozen=True)
class OwnClock:
    """What one customer runs out of: the item by its name, when they bought it last and how often,
    their usual gap and whose gaps it is known from (see `DueList`), the day it is due, the chances
    to buy it, and its state (see DUE_STATES)."""

    what: str
    purchases: int
    last_day: date
    usual_days: float
    due_day: date
    p_due_7: float
    p_due_30: float
    state: str
    sure: str


def replenish(selection: Selection, *, store: Store, access: Access) -> Replenish:
    """Reads what the last refresh says.

    Raises: CrmError of the model when the shop has too little data or no clock, ("no_scores").
    """
    need_model(store, MODEL)
    document = fitted_document(store, MODEL)
    told = fitted_document(store, "replenishment_trial")
    return Replenish(
        as_of=date.fromisoformat(document["as_of"]),
        states=_states(store, selection, access),
        rhythm=_rhythm(store, selection),
        tried=int(document["parameters"]["items_tried"]),
        reliability=_reliability(store),
        trials=_trials(told),
        verdict=verdicts.of_replenishment(told.get("7", {}).get("all")),
    )


def due_list(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    state: str = "due",
    what: str = "",
    least: float = 0.0,
    page: int = 1,
    size: int = 25,
) -> DueList:
    """Who has something in a state (see DUE_STATES), `what` alone if it is named, with at least a
    chance of `least` to buy it within 30 days; the likeliest within a week first, and of what is
    due later the soonest.

    Raises: CrmError as `replenish`, ("unknown_choice").
    """
    need_model(store, MODEL)
    if state not in DUE_STATES or page < 1 or size < 1:
        match = close_match(state, DUE_STATES)
        raise CrmError("unknown_choice", name="state", value=state, match=match)
    rows = _shown(store, selection)
    rows = rows.filter((rows.state == state) & (rows.p_due_30 >= least))
    rows = rows.filter(rows.what == what) if what else rows
    counts = rows.agg(total=rows.count(), customers=rows.customer_key.nunique())
    counted = store.fetch(counts).iloc[0]
    customers = _told(int(counted["customers"]), access)
    if customers is None:
        return DueList(pd.DataFrame(columns=["customer_key"]), 0, None)
    products = store.table("product_facts").select("product_id", "product_name")
    named = rows.left_join(products, "product_id").drop("product_id_right")
    named = named.mutate(bought=named.product_name.coalesce(named.product_id))
    first = named.due_day.asc() if state == "later" else named.p_due_7.desc()
    found = store.fetch(
        named.order_by(first, "customer_key", "what")
        .select(
            "customer_key", "what", "category", "bought", "purchases", "last_day", "usual_days",
            "due_day", "p_due_7", "p_due_30",
        )
        .limit(size, offset=(page - 1) * size)
    )  # fmt: skip
    return DueList(
        rows=found.assign(sure=[_sure(int(each)) for each in found["purchases"]]),
        total=int(counted["total"]),
        customers=customers,
    )


def own_clocks(
    selection: Selection, *, store: Store, access: Access, key: int
) -> tuple[OwnClock, ...] | None:
    """What a customer runs out of, the next due first; None where the shop has no clocks."""
    del selection, access
    rows: Any = running_out(store)
    if rows is None:
        return None
    found = store.fetch(rows.filter(rows.customer_key == key).order_by("due_day", "what"))
    return tuple(
        OwnClock(
            what=str(row["what"]),
            purchases=int(row["purchases"]),
            last_day=pd.Timestamp(row["last_day"]).date(),
            usual_days=float(row["usual_days"]),
            due_day=pd.Timestamp(row["due_day"]).date(),
            p_due_7=float(row["p_due_7"]),
            p_due_30=float(row["p_due_30"]),
            state=str(row["state"]),
            sure=_sure(int(row["purchases"])),
        )
        for row in found.to_dict("records")
    )


def _sure(purchases: int) -> str:
    """Whose gaps a usual gap rests on.

    >>> _sure(1), _sure(3), _sure(8)
    ('others', 'some', 'own')
    """
    return "others" if purchases == 1 else "own" if purchases > _OWN_GAPS else "some"


def _told(customers: int, access: Access) -> int | None:
    return None if is_guarded(access) and 0 < customers < FEWEST else customers


def _shown(store: Store, selection: Selection) -> Any:
    """Running clocks of the categories and segments chosen, with the item's name."""
    rows: Any = running_out(store)
    if rows is None:
        raise CrmError("no_scores")
    if selection.category:
        rows = rows.filter(rows.category.isin(selection.category))
    if selection.segment:
        people = people_in(store, replace(selection, category=()))
        rows = rows.semi_join(people.select("customer_key"), "customer_key")
    return rows


def _states(store: Store, selection: Selection, access: Access) -> pd.DataFrame:
    rows = _shown(store, selection)
    counted = rows.group_by(code="state").agg(
        customers=rows.customer_key.nunique(),
        clocks=rows.count(),
        expected_7=rows.p_due_7.cast("float64").sum(),
        expected_30=rows.p_due_30.cast("float64").sum(),
    )
    found = store.fetch(counted).set_index("code").reindex(list(DUE_STATES)).fillna(0.0)
    few = [_told(int(people), access) is None for people in found["customers"]]
    return found.astype("float64").mask(pd.Series(few, index=found.index)).reset_index()


def _rhythm(store: Store, selection: Selection) -> pd.DataFrame:
    clocks: Any = not_sensitive(store, store.table("replenishment_clock"))
    if selection.category:
        clocks = clocks.filter(clocks.category.isin(selection.category))
    products = store.table("product_facts").select("product_id", "product_name")
    joined = clocks.left_join(products, clocks["item"] == products.product_id)
    is_product = joined.level == "product"
    what = is_product.ifelse(joined.product_name.coalesce(joined["item"]), joined["item"])
    named = joined.mutate(what=what).drop("product_id", "product_name")
    return store.fetch(named.order_by(named.buyers.desc(), "item"))


def _reliability(store: Store) -> pd.DataFrame:
    bins = store.fetch(store.table("replenishment_trials"))
    mine = bins["method"] == MODEL
    kept = bins[mine & (bins["horizon_days"] == 7) & (bins["listed"] == "all")].sort_values("bin")
    renamed = kept.rename(columns={"expected": "predicted", "observed": "actual", "items": "size"})
    return renamed[["predicted", "actual", "size"]].reset_index(drop=True)


def _trials(told: Mapping[str, Any]) -> tuple[Trial, ...]:
    return tuple(
        Trial(
            days=int(days),
            origin=date.fromisoformat(trial["origin"]),
            items=int(trial["all"]["items"]),
            brier=float(trial["all"]["brier"]),
            naive_brier=float(trial["all"]["naive_brier"]),
            error=float(trial["all"]["error"]),
            due_items=int(trial["due"]["items"]),
            due_error=trial["due"]["error"] if trial["due"]["items"] else None,
            due_brier=trial["due"]["brier"],
            due_naive_brier=trial["due"]["naive_brier"],
        )
        for days, trial in sorted(told.items(), key=lambda pair: int(pair[0]))
        if trial["all"]["items"]
    )
