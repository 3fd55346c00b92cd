"""The layer cake: each calendar month's net revenue by when its customers had first come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from crm_core.metrics import ALREADY, REST, cohort_layers, hidden, is_guarded
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.cohort_sums import UNKNOWN
from crm_core.views.cohorts import kept_out, split_people

NOBODY = "_nobody"
MOST_LAYERS = 12
_SPANS = ("M", "Q", "Y")


@dataclass(frozen=True)
class Layers:
    """Net revenue by month and layer; adds up to the net revenue of all.

    `rows`: month, layer, amount; ALREADY are customers who may have bought before the log began,
    NOBODY is money of no known customer. `span` is how long a layer's first orders are apart: M,
    Q or Y ("" for parts of a split). `order` are the layers from the bottom up.
    """

    rows: pd.DataFrame
    order: tuple[str, ...]
    span: str


def layers(
    selection: Selection, *, store: Store, access: Access, split: str, by_part: bool
) -> Layers:
    """Cuts net revenue until the last complete day into layers: by time of first order, in the
    shortest spans that give at most twelve, or by the parts of a split."""
    del selection
    people, shown = split_people(store, "month", split)
    key = "part" if by_part else "cohort"
    found = store.fetch(cohort_layers(store, people, store.meta.as_of, key))
    is_new = found[key].notna()
    found["layer"] = found["already"].map({True: ALREADY, False: NOBODY})
    span = ""
    if by_part:
        found.loc[is_new, "layer"] = found[key][is_new].astype(str)
        order = [*shown, REST, UNKNOWN]
    else:
        span, words = _spans(pd.to_datetime(found[key][is_new]))
        found.loc[is_new, "layer"] = words
        order = sorted(set(words))
    if is_guarded(access):
        found.loc[found["layer"].isin(_small(store, people, key, span)), "layer"] = REST
        order.append(REST)
    rows = found.groupby(["month", "layer"], as_index=False)["amount"].sum()
    rows = rows.assign(month=pd.to_datetime(rows["month"]))
    there = set(rows["layer"][rows["amount"] != 0])
    rows = rows[rows["layer"].isin(there)].reset_index(drop=True)
    kept = [name for name in dict.fromkeys((NOBODY, ALREADY, *order)) if name in there]
    return Layers(rows, tuple(kept), span)


def _small(store: Store, people: Any, key: str, span: str) -> list[str]:
    """Layers of so few people that their money would tell of one."""
    sizes = store.fetch(people.group_by(key).agg(customers=people.count()))
    if span:
        days = pd.to_datetime(sizes[key])
        sizes[key] = days.dt.to_period(span).dt.start_time.dt.strftime("%Y-%m-%d")
    counts = sizes.groupby(key)["customers"].sum()
    counts[ALREADY] = kept_out(store, store.meta.as_of)
    return [str(name) for name in counts.index[hidden(counts.to_numpy(float)[:, None]).ravel()]]


def _spans(days: pd.Series) -> tuple[str, pd.Series]:
    """The shortest span that cuts the days into few layers, and each day's span by its first day."""
    cut = days.dt.strftime("%Y-%m-%d")
    for span in _SPANS:
        cut = days.dt.to_period(span).dt.start_time.dt.strftime("%Y-%m-%d")
        if cut.nunique() <= MOST_LAYERS:
            return span, cut
    return _SPANS[-1], cut
