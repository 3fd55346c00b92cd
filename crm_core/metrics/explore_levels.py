"""The numbers of one question at every level: rows, what is left, parts and the total.

What adds up is added up from the finest level; distinct counts are asked of the engine anew
wherever one order or one person may be in several groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import ibis.expr.types as ir
import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics.catalog import dimension, metric
from crm_core.metrics.definition import Sum
from crm_core.metrics.dimensions import having, joined, key_of
from crm_core.metrics.parts import Part, amounts_of, parts_of, put_together, rows_of, worked_out
from crm_core.metrics.small_groups import PEOPLE
from crm_core.store import Store

MOST_CELLS: Final = 5_000
_APART = "\x1f"
Codes = tuple[str, ...]
#: Parts of metrics by the codes of a level's dimensions; "" is unknown.
Groups = dict[Codes, dict[str, float]]


@dataclass(frozen=True)
class Cut:
    """Rows whose values of `names` are among `codes`, or (`inside` false) are not."""

    names: tuple[str, ...]
    codes: tuple[Codes, ...]
    inside: bool = True


class Levels:
    """One question's rows, measured at whatever level is asked for: by some of its dimensions.

    With `people` every group also says how many people it is about.
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
        self._columns: Cut | None = None
        self._known: dict[tuple[Codes, Cut | None], Groups] = {}
        try:
            self._finest = self._asked(self._names, self._parts, self._rows)
            self._is_complete = True
        except CrmError as error:
            if error.code != "too_many_rows":
                raise
            self._finest, self._is_complete = {}, False

    @property
    def is_complete(self) -> bool:
        """Whether every group was fetched: there were not too many."""
        return self._is_complete

    def keep_only(self, *cuts: Cut, columns: Cut | None = None) -> None:
        """Fetches the groups that are shown, where all of them were too many; of `columns` no
        others are asked for from here on.

        Raises: CrmError("explore_too_many_cells") where these are too many as well.
        """
        self._columns = columns
        rows = self._rows
        for cut in (*cuts, *([columns] if columns else [])):
            rows = rows.filter(self._among(cut))
        try:
            self._finest = self._asked(self._names, self._parts, rows)
        except CrmError as error:
            if error.code != "too_many_rows":
                raise
            raise CrmError("explore_too_many_cells", limit=MOST_CELLS) from None

    def count(self, names: Sequence[str]) -> int:
        """How many groups there are, counted in the engine."""
        keys = {name: key_of(self._rows, name) for name in names}
        groups = self._rows.select(**keys).distinct()
        return int(self._store.fetch(groups.agg(n=groups.count()))["n"].iloc[0])

    def largest(
        self, names: Sequence[str], most: int, *, latest: bool = False
    ) -> tuple[Codes, ...]:
        """The groups with most of the first metric, found in the engine; or the `latest` days."""
        first = self._metrics[:1]
        keys = {name: key_of(self._rows, name) for name in names}
        parts = {part.name: rows_of(part, self._rows) for part in parts_of(first)}
        grouped = self._rows.group_by(**keys).agg(**parts)
        rank = worked_out(metric(first[0]), grouped)
        order = [rank.desc(nulls_first=False), *(grouped[name].asc() for name in names)]
        if latest:
            order = [grouped[name].desc(nulls_first=False) for name in names]
        return tuple(_codes(self._store.fetch(grouped.order_by(order).limit(most)), names))

    def at(self, keep: Sequence[str], cut: Cut | None = None) -> Groups:
        """The groups of some of the dimensions, of all rows or of those of a cut."""
        asked = (tuple(keep), cut)
        if asked not in self._known:
            self._known[asked] = self._found(*asked)
        return self._known[asked]

    def _found(self, keep: Codes, cut: Cut | None) -> Groups:
        if keep == self._names and (cut is None or cut.inside):
            return self._among_finest(cut)
        removed = [name for name in self._names if name not in keep]
        is_added = [self._is_complete and _adds_up(part, removed) for part in self._parts]
        added = [part.name for part, yes in zip(self._parts, is_added, strict=True) if yes]
        anew = [part for part, yes in zip(self._parts, is_added, strict=True) if not yes]
        found = self._added(keep, cut, added)
        if anew:
            rows = self._rows if cut is None else self._rows.filter(self._among(cut))
            if self._columns is not None and self._columns.names[0] in keep:
                rows = rows.filter(self._among(self._columns))
            for codes, parts in self._asked(keep, anew, rows).items():
                found.setdefault(codes, dict.fromkeys(added, 0.0)).update(parts)
        return found

    def _added(self, keep: Codes, cut: Cut | None, names: Sequence[str]) -> Groups:
        places = [self._names.index(name) for name in keep]
        found: Groups = {} if keep else {(): dict.fromkeys(names, 0.0)}
        if not names:
            return {}
        for codes, parts in self._among_finest(cut).items():
            sums = found.setdefault(tuple(codes[place] for place in places), {})
            for name in names:
                sums[name] = sums.get(name, 0.0) + parts[name]
        # Cents added as floats leave a trace far below the cent.
        return {
            codes: {name: round(value, 2) for name, value in sums.items()}
            for codes, sums in found.items()
        }

    def _among_finest(self, cut: Cut | None) -> Groups:
        if cut is None:
            return self._finest
        places = [self._names.index(name) for name in cut.names]
        shown = set(cut.codes)
        return {
            codes: parts
            for codes, parts in self._finest.items()
            if (tuple(codes[place] for place in places) in shown) is cut.inside
        }

    def _asked(self, names: Sequence[str], parts: Sequence[Part], rows: ir.Table) -> Groups:
        amounts = amounts_of(parts, rows)
        if names:
            keys = {name: key_of(rows, name) for name in names}
            frame = self._store.fetch(rows.group_by(**keys).agg(**amounts), limit=MOST_CELLS)
        else:
            frame = self._store.fetch(rows.agg(**amounts))
        columns = [frame[name].astype("float64").fillna(0.0).tolist() for name in amounts]
        told = [
            put_together(parts, dict(zip(amounts, row, strict=True)))
            for row in zip(*columns, strict=True)
        ]
        return dict(zip(_codes(frame, names), told, strict=True))

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


def _adds_up(part: Part, removed: Iterable[str]) -> bool:
    """Whether no order (or person) that a part counts is in two groups of these dimensions."""
    if isinstance(part, Sum):
        return True
    one_per = {dimension(name).one_per for name in removed}
    is_order = part.by_day or part.key == "order_key"
    return one_per <= ({"order", "person"} if is_order else {"person"})


def _codes(frame: pd.DataFrame, names: Sequence[str]) -> list[Codes]:
    """The values of each row's dimensions as codes; "" is unknown."""
    if not names:
        return [()] * len(frame)
    return list(zip(*(_code_column(frame[name]) for name in names), strict=True))


def _code_column(values: pd.Series[Any]) -> list[str]:
    if pd.api.types.is_datetime64_any_dtype(values):
        # Days by way of numbers: writing each as a text takes far longer.
        told = values.to_numpy().astype("datetime64[D]").astype(str).tolist()
        return ["" if day == "NaT" else day for day in told]
    if pd.api.types.is_numeric_dtype(values):
        return ["" if pd.isna(value) else str(int(value)) for value in values.tolist()]
    return ["" if value is None or value != value else str(value) for value in values.tolist()]
