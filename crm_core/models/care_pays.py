"""Whether those who were served badly buy less afterwards than others like them. An association.

Of each thing that may happen to a customer (`care_pairs.EXPOSURES`) the cases are held against
others of the same orders, issue and time with the shop, from index days that are set alike. What is
left may still have other reasons; so purchases of an earlier time, on which nobody was matched, are
compared in the same way: where they differ, the groups were never alike, and no figure is given.
Source: Rosenbaum (2002), control outcomes; see `care_pairs` and `care_gaps`.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa

from crm_core.metrics.care_rules import CareRules
from crm_core.models.care_gaps import Association, Pairs, associate
from crm_core.models.care_pairs import EXPOSURES, HORIZONS, OUTCOMES, cases, pairs
from crm_core.models.sampling import sampled
from crm_core.store import StoreAt, StoreMeta, Tables

#: A large shop is told from a share of its customers with about so many cases.
MOST_CASES: Final = 10_000


def care_pays(
    store: Tables,
    *,
    as_of: date,
    shop: StoreMeta,
    rules: CareRules,
    customers: int,
    exposures: tuple[str, ...] = EXPOSURES,
) -> tuple[Association, ...]:
    """Every exposure over every horizon, from what was known at the end of `as_of`.

    A reply is slow beyond what `rules` promise, `shop` tells the days. `customers` is how many there
    are: of a large shop a share is looked at.
    """
    found: list[Association] = []
    at = AtDay(store, as_of)
    for exposure in exposures:
        n = int(at.fetch(cases(at, exposure, shop=shop, rules=rules))["n"].iloc[0])
        if not n:
            found += [Association(exposure, days, "none") for days in HORIZONS]
            continue
        share = min(1.0, MOST_CASES / n)
        drawn = sampled(at, customers, max(1, int(customers * share)))
        rows = read(drawn, exposure, shop=shop, rules=rules)
        for days in HORIZONS:
            found.append(associate(rows, exposure, days, as_of=as_of, cases=int(n * share)))
    return tuple(found)


class AtDay(Tables):
    """A store's tables as they were at the end of a day."""

    def __init__(self, store: Tables, as_of: date) -> None:
        self._store = store
        self._at = StoreAt(store, as_of)

    def has(self, name: str) -> bool:
        """As of the store."""
        return self._store.has(name)

    def table(self, name: str) -> Any:
        """The table without what came later."""
        return self._at.table(name)

    def fetch(self, expr: Any, limit: int = 50_000, seconds: float = 60.0) -> Any:
        """As of the store."""
        return self._store.fetch(expr, limit, seconds)

    def stream(self, expr: Any, batch_rows: int = 100_000, *, purpose: Any) -> Any:
        """As of the store."""
        return self._store.stream(expr, batch_rows, purpose=purpose)


def read(tables: Tables, exposure: str, *, shop: StoreMeta, rules: CareRules) -> Pairs:
    """The pairs of an exposure, in order."""
    expr = pairs(tables, exposure, shop=shop, rules=rules)
    told = expr.select(
        "case", "case_key", "other_key", "case_day", "other_day", "case_known", "other_known",
        *(f"{side}_{name}" for side in ("case", "other") for name in OUTCOMES),
    )  # fmt: skip
    batches = list(tables.stream(told, purpose="fit"))
    if not batches:
        nothing = np.zeros(0, np.int64)
        none = {name: np.zeros(0) for name in OUTCOMES}
        return Pairs(nothing, nothing, nothing, nothing, np.zeros(0, bool), none, none)
    rows = pa.Table.from_batches(batches).sort_by(
        [("case", "ascending"), ("other_key", "ascending"), ("other_day", "ascending")]
    )

    def column(name: str) -> Any:
        return rows[name].to_numpy()

    days = [
        column(f"{side}_day").astype("datetime64[D]").astype(np.int64) for side in ("case", "other")
    ]
    return Pairs(
        case=column("case").astype(np.int64),
        case_key=column("case_key").astype(np.int64),
        other_key=column("other_key").astype(np.int64),
        last_day=np.maximum(*days),
        known=column("case_known").astype(bool) & column("other_known").astype(bool),
        case_did={name: column(f"case_{name}").astype(np.float64) for name in OUTCOMES},
        other_did={name: column(f"other_{name}").astype(np.float64) for name in OUTCOMES},
    )
