"""A copy of a shop's rows with made-up ones among them, and what looking at it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from crm_core.models.look_bursts import hardest, surprise
from crm_core.models.look_planted import LEVELS, MADE, PRAISE, Attack, Rows, plant
from crm_core.models.look_points import Flags, needs_a_look
from crm_core.models.looking import NAME, Look, look
from crm_core.models.measures import average_precision
from crm_core.models.sampling import sample_of
from crm_core.models.threads import one_thread
from crm_core.models.triples import Floats
from crm_core.store import StoreAt, Tables
from crm_core.store.scratch import Scratch

#: What looking reads of each table.
READ: Final[Mapping[str, tuple[str, ...]]] = {
    "order_facts": (
        "order_id", "order_key", "customer_key", "day", "at", "sales_channel", "coupon_code", "revenue",
    ),
    "orders": ("order_id", "day", "seller_note", "promised_at", "delivered_at"),
    "order_lines": ("order_id", "product_id", "quantity", "discount"),
    "refunds": ("order_id", "day", "amount"),
    "contacts": ("customer_key", "day"),
    "identities": ("customer_key", "address", "postal_code", "city", "phone"),
    "reviews": (
        "review_id", "customer_key", "product_id", "order_id", "reviewed_at", "stars", "body", "day",
    ),
}  # fmt: skip

#: Of more customers than these a sample is copied.
MOST_CUSTOMERS: Final = 6_000
SHARE: Final = 0.01
BASELINE: Final = "naive_isolation_forest"
_CHANCE: Final = "naive_random"
_TREES = 200
_KINDS: Final = {"orders": ("thin", "all"), "reviews": ("high", "low")}
_NUMBERS: Final = {
    "orders": (
        "is_thin", "is_rare_hour", "at_once_hours", "same_minute", "neighbours", "place_people",
        "products", "pieces", "own_orders", "own_products", "talks", "discount",
    ),
    "reviews": ("stars", "own_orders", "own_reviews", "is_verified", "refund_share", "is_late"),
}  # fmt: skip

Copied = Mapping[str, pa.Table]


@dataclass(frozen=True)
class Found:
    """How one method did on one level: `planted` of `rows`; the precision and recall of what it
    names, and its average precision."""

    level: str
    what: str
    method: str
    rows: int
    planted: int
    named: int
    precision: float
    recall: float
    average_precision: float


def trial(store: Tables, *, as_of: date, seed: int = 1) -> list[dict[str, Any]]:
    """A row a method: `precision` and `recall` of orders on crude attackers, `average_precision` of
    orders on half hidden ones and on hidden ones, the same of reviews; `named_before` is the share of
    the shop's own orders that need a look without any made-up one. Those are left out of the count:
    nobody knows what they are. Of a large shop a sample of its customers is copied."""
    tables = copied(sample_of(store, as_of, MOST_CUSTOMERS), as_of)
    with with_rows(tables, None) as before:
        own = look(before, as_of=as_of)
    found = [
        each
        for attack in LEVELS
        for each in judged(tables, attack, as_of=as_of, seed=seed, left_out=own)
    ]
    share = float(own.orders["needs_a_look"].sum()) / max(own.seen_orders, 1)
    return [
        {"method": method, **_told(found, method), "named_before": share}
        for method in (NAME, BASELINE, _CHANCE)
    ]


def _told(found: Sequence[Found], method: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for what, prefix in (("orders", ""), ("reviews", "reviews_")):
        mine = {each.level: each for each in found if (each.method, each.what) == (method, what)}
        if not mine:  # a shop without reviews
            continue
        told[f"{prefix}planted"] = mine["crude"].planted
        told[f"{prefix}precision"] = mine["crude"].precision
        told[f"{prefix}recall"] = mine["crude"].recall
        told[f"{prefix}average_precision"] = mine["half_hidden"].average_precision
        told[f"{prefix}average_precision_hidden"] = mine["hidden"].average_precision
    return told


def judged(
    tables: Copied,
    attack: Attack,
    *,
    as_of: date,
    seed: int,
    left_out: Look | None = None,
    praise: Sequence[str] = PRAISE,
) -> Iterator[Found]:
    """What each method finds of one level's made-up rows, of orders and of reviews."""
    made = plant(frames(tables), attack, share=SHARE, seed=seed, praise=praise)
    with with_rows(tables, made) as both:
        seen = look(both, as_of=as_of)
    for what, number, table in (
        ("orders", "order_id", "order_facts"),
        ("reviews", "review_id", "reviews"),
    ):
        planted, rows = len(made.tables[table]), getattr(seen, what)
        if not planted:
            continue
        if left_out is not None:
            before = getattr(left_out, what)
            rows = rows[~rows[number].isin(before.loc[before["needs_a_look"], number])]
        is_made = rows[number].astype(str).str.startswith(MADE).to_numpy(bool)
        forest = _forest(rows, what, seed)
        picked = np.zeros(len(rows), dtype=bool)
        picked[np.argsort(-forest, kind="stable")[:planted]] = True
        everything = getattr(seen, f"seen_{what}")
        for method, score, named in (
            (NAME, rows["points"].to_numpy(np.float64), needs_a_look(rows)),
            (BASELINE, forest, picked),
        ):
            hits, size = int((is_made & named).sum()), int(named.sum())
            yield Found(
                attack.name, what, method, everything, planted, size,
                precision=hits / size if size else 0.0,
                recall=hits / planted,
                average_precision=_average_precision(is_made, score, planted, everything),
            )  # fmt: skip
        luck = planted / everything
        yield Found(attack.name, what, _CHANCE, everything, planted, planted, luck, luck, luck)


def _average_precision(is_made: Flags, score: Floats, planted: int, everything: int) -> float:
    """Over all rows: those without anything to look at come last, all alike."""
    rest = np.zeros(max(everything - len(score), 0))
    missed = np.zeros(len(rest), dtype=bool)
    missed[: planted - int(is_made.sum())] = True
    low = float(score.min(initial=0.0)) - 1.0
    found = average_precision(
        np.concatenate([is_made, missed]), np.concatenate([score, rest + low])
    )
    return found or 0.0


def _forest(rows: pd.DataFrame, what: str, seed: int) -> Floats:
    """How odd an isolation forest finds each row, by the numbers that the points are made of."""
    from sklearn.ensemble import IsolationForest

    columns = [_column(rows, name) for name in _NUMBERS[what]]
    for kind in _KINDS[what]:
        columns.append(hardest(rows, kind)["nats"].to_numpy(np.float64))
    if what == "reviews":
        alike = surprise(_column(rows, "twins"), _column(rows, "usual_twins"))
        columns += [alike, _column(rows, "waited_hours")]
    table = np.nan_to_num(np.stack(columns, axis=1))
    with one_thread():
        forest = IsolationForest(n_estimators=_TREES, random_state=seed).fit(table)
        return -np.asarray(forest.score_samples(table), dtype=np.float64)


def _column(rows: pd.DataFrame, name: str) -> Floats:
    return np.asarray(rows[name].astype("float64").fillna(0.0), dtype=np.float64)


def copied(store: Tables, as_of: date) -> Copied:
    """The rows that looking reads, as of a day; their owner has seen to it that they are few."""
    past = StoreAt(store, as_of)
    told: dict[str, pa.Table] = {}
    for name, columns in READ.items():
        if not past.has(name):
            continue
        rows = past.table(name).select(*columns)
        if name in ("order_lines", "orders", "refunds"):
            rows = rows.semi_join(past.table("order_facts"), "order_id")
        schema = rows.limit(0)
        batches = list(store.stream(rows, purpose="fit"))
        told[name] = (
            pa.Table.from_batches(batches) if batches else pa.Table.from_pandas(store.fetch(schema))
        )
    return told


def frames(tables: Copied) -> dict[str, pd.DataFrame]:
    """The rows that made-up ones are modelled on."""
    return {
        name: pd.DataFrame(tables[name].to_pydict())
        for name in ("order_facts", "order_lines", "reviews")
    }


@contextmanager
def with_rows(tables: Copied, made: Rows | None) -> Iterator[Scratch]:
    """Both together, in memory, for as long as the block lasts."""
    scratch = Scratch()
    try:
        added = _added(made) if made else {}
        for name, rows in tables.items():
            scratch.put(name, _joined(rows, added.get(name)))
        yield scratch
    finally:
        scratch.close()


def _added(made: Rows) -> dict[str, pd.DataFrame]:
    orders = made.tables["order_facts"]
    added = {
        "order_facts": orders.assign(**_moment(orders["at"], "at"), coupon_code=None),
        "orders": orders.assign(
            **_moment(orders["at"], "at"), **_moment(orders["delivered"], "delivered_at", day=False)
        ),
        "order_lines": made.tables["order_lines"],
        "identities": made.tables["identities"],
    }
    reviews = made.tables["reviews"]
    if len(reviews):
        added["reviews"] = reviews.assign(**_moment(reviews["reviewed"], "reviewed_at"))
    return added


def _moment(seconds: pd.Series, name: str, *, day: bool = True) -> dict[str, pd.Series]:
    at = pd.to_datetime(seconds.round(), unit="s").astype("datetime64[us]")
    return {name: at, "day": at.dt.date} if day else {name: at}


def _joined(rows: pa.Table, added: pd.DataFrame | None) -> pa.Table:
    if added is None:
        return rows
    columns = [
        pa.array(added[field.name].tolist(), from_pandas=True).cast(field.type, safe=False)
        if field.name in added
        else pa.nulls(len(added), field.type)
        for field in rows.schema
    ]
    return pa.concat_tables([rows, pa.table(columns, schema=rows.schema)])
