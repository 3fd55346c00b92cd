"""Which parts of a forecast tell of few people: not for who sees no single people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crm_core.metrics import between, hidden, is_guarded, is_small, measure
from crm_core.metrics.part_codes import is_rest, name_of
from crm_core.pipeline.series_days import SEGMENT, TOTAL, member_of
from crm_core.privacy.policy import Access
from crm_core.selection import Period
from crm_core.store import Store

_YEAR = 365


def rows_of_parts(store: Store, by: str, members: Sequence[str], period: Period) -> Any:
    """The ledger of a period, `by` being the part that a row counts to among all `members`."""
    rows = between(store.table("ledger"), period)
    known = [name_of(code) for code in members if not is_rest(code)]
    return rows.mutate(**{by: member_of(rows[by], known)})


def small_parts(
    store: Store, access: Access, by: str, members: Sequence[str], as_of: date
) -> set[str]:
    """The parts of few people in the last year, and with one alone a second."""
    if by == TOTAL or not members or not is_guarded(access):
        return set()
    if by == SEGMENT:
        table = store.table("lifecycle")
        found = store.fetch(table.group_by(part=table.stage).agg(buyers=table.count()))
    else:
        period = Period(as_of - timedelta(_YEAR - 1), as_of)
        rows = rows_of_parts(store, by, members, period)
        found = measure(store, ("buyers",), rows=rows, by=(by,), totals=False).rows
        found = found.rename(columns={by: "part"})
    counts = found.set_index("part")["buyers"].reindex(list(members)).to_numpy(dtype=float)
    away = hidden(counts[:, None]).ravel()
    return {name for name, is_away in zip(members, away, strict=True) if is_away}


def small_cells(store: Store, rows: Any, by: str, grain: str) -> set[tuple[pd.Timestamp, str]]:
    """The days, weeks or months of parts in which few people bought, and what would tell them."""
    counted = measure(store, ("buyers",), rows=rows, by=(grain, by), totals=False).rows
    if counted.empty:
        return set()
    people = counted.pivot_table(index=grain, columns=by, values="buyers", fill_value=0)
    away: Any = pd.DataFrame(hidden(people.to_numpy(float)), people.index, people.columns).stack()
    cells: list[Any] = list(away[away].index)
    return {(pd.Timestamp(start), str(part)) for start, part in cells}


def is_of_few(store: Store, rows: Any) -> bool:
    """Whether few people bought in these rows."""
    return is_small(measure(store, ("buyers",), rows=rows).totals["buyers"])
