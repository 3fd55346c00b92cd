"""The numbers of one question at every level: rows, what is left, parts and the total.

What adds up is added up from the finest level; distinct counts are asked of the engine anew
wherever one order or one person may be in several groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import ibis.expr.types as ir
import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics.catalog import dimension, metric
from crm_core.metrics.definition import Sum
from crm_core.metrics.dimensions import having, joined, key_of
from crm_core.metrics.parts import Part, parts_of, ranked_by, rows_of
from crm_core.metrics.small_groups import PEOPLE
from crm_core.store import Store

MOST_CELLS: Final = 5_000
_APART = "\x1f"
Codes = tuple[str, ...]


@dataclass(frozen=True)
class Cut:
    """Rows whose values of `names` are among `codes`, or (`inside` false) are not."""

    names: tuple[str, ...]
    codes: tuple[Codes, ...]
    inside: bool = True


class Levels:
    """One question's rows, measured at whatever level is asked for.

    A level is a tuple of dimensions; its frame has their codes ("" is unknown) and the parts;
    with `people` also how many people each number is about.
    """

    def __init__(
        self,
        store: Store,
        rows: ir.Table,
        names: Sequence[str],
        metrics: Sequence[str],
        *,
        people: bool = False,
    ) -> None:
        self._store = store
        self._names = tuple(names)
        self._metrics = tuple(metrics)
        self._rows = joined(store, rows, names)
        self._parts: list[Part] = [*parts_of(metrics), *([PEOPLE] if people else [])]
        try:
            self._finest = self._asked(self._names, self._parts, self._rows)
            self._is_complete = True
        except CrmError as error:
            if error.code != "too_many_rows":
                raise
            self._finest = pd.DataFrame()
            self._is_complete = False

    @property
    def is_complete(self) -> bool:
        """Whether every group was fetched: there were not too many."""
        return self._is_complete

    def keep_only(self, cut: Cut) -> None:
        """Fetches the groups that are shown, where all of them were too many."""
        rows = self._rows.filter(self._among(cut))
        try:
            self._finest = self._asked(self._names, self._parts, rows)
        except CrmError as error:
            if error.code != "too_many_rows":
                raise
            raise CrmError("explore_too_many_cells", limit=MOST_CELLS) from None

    def largest(self, names: Sequence[str], most: int) -> tuple[tuple[Codes, ...], bool]:
        """The groups with most of the first metric, found in the engine; whether there are more."""
        first = self._metrics[:1]
        grouped = self._grouped(names, parts_of(first), self._rows)
        rank = ranked_by(metric(first[0]), grouped)
        order = [rank.desc(nulls_first=False), *(grouped[name].asc() for name in names)]
        frame = _coded(self._store.fetch(grouped.order_by(order).limit(most + 1)), names)
        codes = tuple(frame[list(names)].itertuples(index=False, name=None))
        return codes[:most], len(codes) > most

    def at(self, keep: Sequence[str], cut: Cut | None = None) -> pd.DataFrame:
        """The parts by some of the dimensions, of all rows or of those of a cut."""
        keep = tuple(keep)
        if keep == self._names and (cut is None or cut.inside):
            return self._finest if cut is None else self._finest[_inside(self._finest, cut)]
        removed = [name for name in self._names if name not in keep]
        anew = [part for part in self._parts if not (self._is_complete and _adds_up(part, removed))]
        added = [part for part in self._parts if part not in anew]
        if not anew:
            return self._added(keep, cut, added)
        rows = self._rows if cut is None else self._rows.filter(self._among(cut))
        measured = self._asked(keep, anew, rows)
        return _beside(self._added(keep, cut, added), measured, keep) if added else measured

    def _added(self, keep: Codes, cut: Cut | None, parts: Sequence[Part]) -> pd.DataFrame:
        rows = self._finest if cut is None else self._finest[_inside(self._finest, cut)]
        columns = [part.name for part in parts]
        if not keep:
            return rows[columns].sum().round(2).to_frame().T
        # Cents added as floats leave a trace far below the cent.
        return rows.groupby(list(keep), sort=False, as_index=False)[columns].sum().round(2)

    def _asked(self, names: Sequence[str], parts: Sequence[Part], rows: ir.Table) -> pd.DataFrame:
        if not names:
            return self._store.fetch(rows.agg(**_aggregates(parts, rows)))
        grouped = self._grouped(names, parts, rows)
        return _coded(self._store.fetch(grouped, limit=MOST_CELLS), names)

    def _grouped(self, names: Sequence[str], parts: Sequence[Part], rows: ir.Table) -> ir.Table:
        keys = {name: key_of(rows, name) for name in names}
        return rows.group_by(**keys).agg(**_aggregates(parts, rows))

    def _among(self, cut: Cut) -> ir.BooleanValue:
        if len(cut.names) == 1:
            found = having(self._rows, cut.names[0], [codes[0] for codes in cut.codes])
        else:
            words = [key_of(self._rows, name).cast("string").fill_null("") for name in cut.names]
            text = words[0]
            for word in words[1:]:
                text = text.concat(_APART, word)
            found = text.isin([_APART.join(codes) for codes in cut.codes])
        return found if cut.inside else ~found


def _aggregates(parts: Sequence[Part], rows: ir.Table) -> dict[str, ir.Value]:
    return {part.name: rows_of(part, rows) for part in parts}


def _adds_up(part: Part, removed: Sequence[str]) -> bool:
    """Whether no order (or person) that a part counts is in two groups of these dimensions."""
    if isinstance(part, Sum):
        return True
    one_per = {dimension(name).one_per for name in removed}
    is_order = part.by_day or part.key == "order_key"
    return one_per <= ({"order", "person"} if is_order else {"person"})


def _inside(frame: pd.DataFrame, cut: Cut) -> Any:
    if frame.empty:
        return pd.Series(False, index=frame.index)
    if len(cut.names) == 1:
        found = frame[cut.names[0]].isin([codes[0] for codes in cut.codes])
    else:
        found = pd.MultiIndex.from_frame(frame[list(cut.names)]).isin(cut.codes)
    return found if cut.inside else ~found


def _beside(one: pd.DataFrame, other: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    if not names:
        return pd.concat([one.reset_index(drop=True), other.reset_index(drop=True)], axis=1)
    return one.merge(other, on=list(names), how="left")


def _coded(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The frame with values of dimensions as codes; "" is unknown."""
    coded = {name: _codes(frame[name]) for name in names}
    return frame.assign(**coded)


def _codes(values: pd.Series[Any]) -> pd.Series[str]:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d").astype(object).where(values.notna(), "")
    if pd.api.types.is_numeric_dtype(values):
        return pd.Series(
            ["" if pd.isna(value) else str(int(value)) for value in values],
            index=values.index,
            dtype=object,
        )
    return values.astype(object).where(values.notna(), "")
