"""Points of evidence: what speaks for a second look at an order or a review, and what against it.

Points are no probability, and a row is named only where two kinds of evidence meet: a rush is also a
success, an address also a family, one piece also a present.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from crm_core.models.look_bursts import hardest, surprise
from crm_core.models.look_steps import partners, rushes
from crm_core.models.triples import Floats, Ints

#: From so many points on, of two kinds at least, a row needs a look.
NEEDS_A_LOOK: Final = 3.0
FEWEST_KINDS: Final = 2

#: What speaks for a look, in the order it is told.
ORDER_SIGNS: Final = (
    "note", "at_once", "rush", "hour", "minute", "address", "in_step", "only_rushes", "its_review",
)  # fmt: skip
ORDER_AGAINST: Final = ("history", "talks", "promotion", "basket")
REVIEW_SIGNS: Final = (
    "twins", "rush", "early", "quick", "its_order", "not_bought", "refund", "in_step",
)  # fmt: skip
REVIEW_AGAINST: Final = ("history", "bought", "grievance")

_LINK = 2.0  # points at which an order or review begins to speak of the other
_QUICK = 0.15  # of the usual time from parcel to review
_VERIFIED_SHOP = 0.5

Flags = npt.NDArray[np.bool_]


def _ramp(values: Floats, begin: float, end: float, most: float) -> Floats:
    return np.asarray(most * np.clip((values - begin) / (end - begin), 0.0, 1.0), np.float64)


def _numbers(rows: pd.DataFrame, name: str) -> Floats:
    return np.asarray(rows[name].astype("float64").fillna(0.0), dtype=np.float64)


def _who(rows: pd.DataFrame) -> Ints:
    return rows["customer_key"].fillna(-1).to_numpy(np.int64)


def _together(rows: pd.DataFrame, in_rush: Floats, order: pd.Series) -> tuple[Ints, Ints]:
    """In how many rushes each row's customer is, and who else is in several of them. Two things in
    one `order` are one rush: else everybody who takes a set would be in step."""
    shared, others = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    told = rows.assign(in_rush=in_rush, order=order.to_numpy(), place=np.arange(len(rows)))
    told = told[in_rush > 0].sort_values(["in_rush", "product_id"], ascending=[False, True])
    part = told.drop_duplicates("order").sort_values("place")
    found = partners(_who(part), rushes(part))
    for column, values in zip((shared, others), found, strict=True):
        known = pd.Series(values, index=part["order"].to_numpy())
        column[told["place"].to_numpy()] = known.reindex(told["order"]).to_numpy(np.int64)
    return shared, others


def order_rows_with_points(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds to rows of orders and products the numbers of their rush and partners, and points by
    sign (`for_<sign>`) and by what speaks against it (`against_<sign>`)."""
    told = rows.copy()
    is_thin = rows["is_thin"].astype(bool).to_numpy()
    thin, whole = hardest(rows, "thin"), hardest(rows, "all")
    by_thin = _ramp(thin["nats"].to_numpy(), 8, 24, 2.0) * is_thin
    by_all = _ramp(whole["nats"].to_numpy(), 10, 30, 1.2)
    in_rush = np.maximum(by_thin, by_all)
    is_plain = by_thin >= by_all
    for name in ("width", "seen", "usual"):
        told[f"rush_{name}"] = np.where(is_plain, thin[name], whole[name])
    told["rushes"], told["partners"] = _together(rows, in_rush, rows["order_key"])
    own = np.maximum(_numbers(rows, "own_orders"), 1.0)
    # A customer with a life of their own: other orders, and of other things.
    apart = np.minimum(own, _numbers(rows, "own_products")) - told["rushes"].to_numpy(np.float64)
    pushed = np.clip(told["rushes"].to_numpy(np.float64) / own, 0, 1)
    near, minute = _numbers(rows, "neighbours"), _numbers(rows, "same_minute")
    others_seen = told["partners"].to_numpy(np.float64)
    known = rows["customer_key"].notna().to_numpy()
    signs: dict[str, npt.ArrayLike] = {
        "note": 3.0 * rows["marker"].notna().to_numpy(),
        "at_once": 2.0 * rows["at_once_hours"].notna().to_numpy(),
        "rush": in_rush,
        "hour": np.where(in_rush > 0, 1.0, 0.25) * rows["is_rare_hour"].astype(bool).to_numpy(),
        "minute": np.minimum(minute, 2) * 0.5 * (in_rush > 0),
        "address": np.select([near >= 3, near >= 2, near >= 1], [2.0, 1.25, 0.75], 0.0),
        "in_step": _ramp(others_seen, 1, 5, 2.0) * _ramp(pushed, 0.2, 0.5, 1.0),
        "only_rushes": np.where(own > 1, 0.75, 0.5) * (pushed >= 1) * (in_rush > 0) * known,
    }
    against: dict[str, npt.ArrayLike] = {
        "history": _ramp(apart, 2, 10, 2.0) * known,
        "talks": 0.5 * (_numbers(rows, "talks") > 0),
        "promotion": 0.75 * ((_numbers(rows, "discount") > 0) | rows["coupon_code"].notna()),
        "basket": 0.5 * (_numbers(rows, "products") >= 3),
    }
    return _told(told, signs, against)


def _told(
    rows: pd.DataFrame, signs: Mapping[str, npt.ArrayLike], against: Mapping[str, npt.ArrayLike]
) -> pd.DataFrame:
    named = {f"for_{name}": np.asarray(points, np.float64) for name, points in signs.items()}
    named |= {f"against_{name}": np.asarray(each, np.float64) for name, each in against.items()}
    return rows.assign(**named)


def review_rows_with_points(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds the same to rows of reviews."""
    told = rows.copy()
    stars = _numbers(rows, "stars")
    is_high, is_low = stars >= 4, stars <= 2
    high, low = hardest(rows, "high"), hardest(rows, "low")
    in_rush = _ramp(high["nats"].to_numpy(), 6, 18, 2.0) * is_high
    # Many who complain at once mostly have the same reason.
    in_rush += _ramp(low["nats"].to_numpy(), 9, 24, 1.0) * is_low
    for name in ("width", "seen", "usual"):
        told[f"rush_{name}"] = np.where(is_low, low[name], high[name])
    written = rows["order_id"].fillna(rows["review_id"])
    told["rushes"], told["partners"] = _together(rows, in_rush, written)
    waited = (_times(rows, "second") - _times(rows, "delivered_second")) / 3600.0
    told["waited_hours"] = waited
    usual = float(np.nanmedian(waited)) if np.isfinite(waited).any() else np.nan
    verified = rows["is_verified"].fillna(False).astype(bool).to_numpy()
    names_buyers = bool(verified.mean() >= _VERIFIED_SHOP) if len(rows) else False
    alike = surprise(_numbers(rows, "twins"), _numbers(rows, "usual_twins"))
    known = rows["customer_key"].notna().to_numpy()
    share = np.clip(
        told["rushes"].to_numpy(np.float64) / np.maximum(_numbers(rows, "own_reviews"), 1), 0, 1
    )
    back = _numbers(rows, "refund_share")
    own = _numbers(rows, "own_orders")
    apart = own - told["rushes"].to_numpy(np.float64)
    signs: dict[str, npt.ArrayLike] = {
        "twins": _ramp(alike, 2.5, 7.0, 2.0) * (_numbers(rows, "twins") >= 2),
        "rush": in_rush,
        "early": 2.0 * (waited < 0),
        "quick": 0.75 * ((waited >= 0) & (waited < _QUICK * usual)),
        "not_bought": 0.75 * (names_buyers & ~verified),
        "refund": 1.0 * (is_high & (back >= 0.9)),
        "in_step": _ramp(told["partners"].to_numpy(np.float64), 1, 5, 1.5)
        * _ramp(share, 0.2, 0.5, 1.0),
    }
    against: dict[str, npt.ArrayLike] = {
        "history": _ramp(apart, 2, 12, 1.5) * known,
        "bought": 0.25 * verified,
        "grievance": 2.0 * (is_low & ((back > 0) | rows["is_late"].fillna(False).astype(bool))),
    }
    return _told(told, signs, against)


def _times(rows: pd.DataFrame, name: str) -> Floats:
    return np.asarray(rows[name].astype("float64"), dtype=np.float64)


def _named(rows: pd.DataFrame, prefix: str) -> list[str]:
    return [str(name) for name in rows.columns if str(name).startswith(prefix)]


def summed(rows: pd.DataFrame) -> pd.Series:
    """The points of each row: what is for a look less what is against it, never below nothing."""
    plus = rows[_named(rows, "for_")].sum(axis=1)
    minus = rows[_named(rows, "against_")].sum(axis=1)
    return (plus - minus).clip(lower=0.0)


def kinds(rows: pd.DataFrame) -> pd.Series:
    """How many kinds of evidence each row has; a quarter of a point is a hint, no kind."""
    return (rows[_named(rows, "for_")] >= 0.5).sum(axis=1)


def needs_a_look(rows: pd.DataFrame) -> Flags:
    """Whether rows with `points` and `kinds` are named."""
    enough = (rows["points"] >= NEEDS_A_LOOK) & (rows["kinds"] >= FEWEST_KINDS)
    return enough.to_numpy(bool)


def linked(orders: pd.DataFrame, reviews: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """An order a row, and the reviews, each with what the other says of it, `points` and `kinds`.

    What an order says of its review is what it says without it, and the other way round.
    """
    own = orders.assign(points=summed(orders))
    order = ["points", "order_key", "product_id"]
    own = own.sort_values(order, ascending=[False, True, True], kind="stable")
    own = own.drop_duplicates("order_key").set_index("order_id", drop=False)
    if reviews.empty:
        own["for_its_review"] = 0.0
        return _counted(own), reviews
    told = reviews.assign(points=summed(reviews))
    by_order = told.dropna(subset="order_id").groupby("order_id")["points"].max()
    of_review = by_order.reindex(own.index).fillna(0.0).to_numpy()
    of_order = own["points"].reindex(told["order_id"]).fillna(0.0).to_numpy()
    own["for_its_review"] = _ramp(of_review, _LINK - 0.5, _LINK + 2.0, 1.5)
    told["for_its_order"] = _ramp(of_order, _LINK - 0.5, _LINK + 1.0, 2.0)
    return _counted(own), _counted(told)


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    told = rows.assign(points=summed(rows), kinds=kinds(rows))
    return told.reset_index(drop=True)
