"""What follows from pairs: bundles, what to put side by side, and what first purchases lead to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from crm_core.errors import CrmError
from crm_core.models.pair_groups import tied_groups
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.model_state import need_model
from crm_core.views.together import Together, product_names, together

MOST_IDEAS: Final = 10
#: A bundle is worth offering where at least so many who buy the one take the other already.
LEAST_AHEAD: Final = 0.2
_YEAR = 365.0


@dataclass(frozen=True)
class Ideas:
    """`bundles`: first (who buys it), then (takes this along), ahead (share that does), without
    (baskets a year with the first alone), extra_margin, baskets_both. `shelves`: names (of a group of
    things), ties (pairs in it), extra (baskets a year beyond chance)."""

    bundles: pd.DataFrame
    shelves: pd.DataFrame


@dataclass(frozen=True)
class Entries:
    """What newcomers began with and what they brought in the year after: `rows`: name, buyers,
    likely_value, value_low, value_high, mean_value, repeat_rate, stands (more or less than the shop's
    newcomers do, or neither), the best first. `missing` as in `Together`."""

    missing: str = ""
    facts: dict[str, object] = field(default_factory=dict)
    basis: str = ""
    shop_value: float = 0.0
    shop_repeat_rate: float = 0.0
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)


def ideas(selection: Selection, *, store: Store, access: Access, level: str = "product") -> Ideas:
    """Bundles and shelves from pairs that hold in both halves of the time and that nothing else
    explains."""
    view = together(selection, store=store, access=access, level=level)
    pairs = view.held
    if pairs.empty:
        return Ideas(pairs, pairs)
    sure = pairs[pairs["stable"]]
    return Ideas(_bundles(sure, view), _shelves(sure, view))


def _years(view: Together) -> float:
    first, last = (pd.Timestamp(view.seen[name]) for name in ("from_day", "to_day"))
    return max((last - first).days + 1, 1) / _YEAR


def _bundles(pairs: pd.DataFrame, view: Together) -> pd.DataFrame:
    pays = pairs["extra_margin"].isna() | (pairs["extra_margin"] > 0)
    found = pairs[pays & (pairs["ahead"] >= LEAST_AHEAD)]
    # Not by the names: two products may have one.
    is_a = found["confidence_ab"] >= found["confidence_ba"]
    asked = found["baskets_a"].where(is_a, found["baskets_b"])
    found = found.assign(without=(asked - found["baskets_both"]) / _years(view))
    ranked = found.sort_values(
        ["extra_margin", "extra", "a", "b"],
        ascending=[False, False, True, True],
        na_position="last",
    )
    return ranked.head(MOST_IDEAS).reset_index(drop=True)


def _shelves(pairs: pd.DataFrame, view: Together) -> pd.DataFrame:
    names = {
        **dict(zip(pairs["a"], pairs["name_a"], strict=True)),
        **dict(zip(pairs["b"], pairs["name_b"], strict=True)),
    }
    ties = list(zip(pairs["a"], pairs["b"], pairs["times"].astype(float), strict=True))
    years, rows = _years(view), []
    for group in tied_groups(ties):
        inside = pairs[pairs["a"].isin(group) & pairs["b"].isin(group)]
        more = (inside["baskets_both"] - inside["expected_both"]).sum() / years
        told = sorted(str(names[item]) for item in group)
        rows.append({"names": told, "size": len(group), "ties": len(inside), "extra": float(more)})
    found = pd.DataFrame(rows, columns=["names", "size", "ties", "extra"])
    return found.sort_values("extra", ascending=False, ignore_index=True).head(MOST_IDEAS)


def entries(
    selection: Selection, *, store: Store, access: Access, level: str = "product"
) -> Entries:
    """What newcomers began with, at a level, as the last refresh measured it."""
    del selection, access  # every item is of many people
    try:
        need_model(store, "entry_products")
    except CrmError as error:
        return Entries(missing=error.code, facts=dict(error.facts))
    table = store.table("entry_products")
    rows = store.fetch(table.filter(table.level == level))
    if rows.empty:
        return Entries()
    items = [str(item) for item in rows["item"]]
    names = product_names(store, items) if level == "product" else {}
    shop = float(rows["shop_value"].iloc[0])
    more, less = rows["value_low"] > shop, rows["value_high"] < shop
    stands = pd.Series("alike", index=rows.index).mask(more, "more").mask(less, "less")
    told = rows.assign(name=[names.get(item, item) for item in items], stands=stands)
    ranked = told.sort_values(["likely_value", "item"], ascending=[False, True], ignore_index=True)
    return Entries(
        basis=str(rows["basis"].iloc[0]),
        shop_value=shop,
        shop_repeat_rate=float(rows["shop_repeat_rate"].iloc[0]),
        rows=ranked,
    )
