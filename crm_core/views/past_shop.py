"""The shop as of a past day: how many customers each segment had, and what was known of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.features import build_features
from crm_core.models.standing import segmentation, standing
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.movement import check_day, check_page, codes_of

FEATURES = (
    "last_order_day",
    "orders",
    "revenue",
    "refunds",
    "revenue_365d",
    "average_gap_days",
    "favourite_category",
)
SORTS = ("revenue_365d", "revenue", "orders", "last_order_day")


@dataclass(frozen=True)
class PastShop:
    """Segments on `day`: `sizes` has code, customers, share, net_revenue_365d, in the order of
    the pages; those of people who had not bought by then are left out."""

    day: date
    sizes: pd.DataFrame

    @property
    def customers(self) -> int:
        """Who had bought by then."""
        return int(self.sizes["customers"].sum())

    @property
    def net_revenue_365d(self) -> float:
        """What they paid in the year to the day, less refunds given by then."""
        return float(self.sizes["net_revenue_365d"].sum())


def past_shop(
    selection: Selection, *, store: Store, access: Access, day: date, name: str
) -> PastShop:
    """Counts customers by their segment of that day, by what was known then.

    Raises: CrmError("unknown_choice"), ("day_outside_log").
    """
    del selection, access
    check_day(store, day)
    known = standing(store, day, name)
    counted = known.group_by("code").agg(
        customers=known.count(), net_revenue_365d=known.net_revenue_365d.sum().cast("float64")
    )
    codes = list(codes_of(name))
    sizes = store.fetch(counted).set_index("code").reindex(codes)
    sizes = sizes.astype("float64").fillna(0.0).rename_axis("code").reset_index()
    sizes["share"] = sizes["customers"] / max(float(sizes["customers"].sum()), 1.0)
    return PastShop(day, sizes)


def past_customers(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    day: date,
    name: str,
    code: str | None = None,
    sort: str = "revenue_365d",
    page: int = 1,
    size: int = 50,
) -> pd.DataFrame:
    """One page of customers of that day with `code` (their segment then) and FEATURES as of it.

    Raises: CrmError("unknown_choice"), ("day_outside_log").
    """
    del selection, access
    check_day(store, day)
    check_page(page, size)
    if sort not in SORTS:
        raise CrmError("unknown_choice", name="sort", value=sort, match=close_match(sort, SORTS))
    kind, known = segmentation(name), standing(store, day, name)
    wanted = kind.codes if code is None else (code,)
    people = known.filter(known.code.isin([each for each in wanted if kind.is_customer(each)]))
    told = build_features(store.at(day), FEATURES)
    joined = people.select("customer_key", "code").join(told, "customer_key")
    ordered = joined.order_by(joined[sort].desc(nulls_first=False), joined.customer_key.asc())
    rows = ordered.select("customer_key", "code", *FEATURES)
    return store.fetch(rows.limit(size, offset=(page - 1) * size))
