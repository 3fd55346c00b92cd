"""The numbers of one question at every level: rows, what is left, parts and the total.

What adds up is added up from the finest level; distinct counts are asked of the engine anew
wherever one order or one person may be in several groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from crm_core.errors import CrmError
from crm_core.metrics.catalog import dimension, metric
from crm_core.metrics.definition import Sum
from crm_core.metrics.explore_rows import Scope, key_name
from crm_core.metrics.parts import (
    Part,
    parts_of,
    put_together,
    put_together_in_engine,
    worked_out,
)
from crm_core.metrics.small_groups import PEOPLE
from crm_core.store import Figure, Grouped, Store
from crm_core.store.grouped import GROUPS, place_name

MOST_CELLS: Final = 5_000
Codes = tuple[str, ...]
#: Stands for all columns that are left out.
REST: Final = "\x1frest"
#: Parts of metrics by the codes of a level's dimensions; "" is unknown.
Groups = dict[Codes, dict[str, float]]


@dataclass(frozen=True)
class Cut:
    """Rows whose values of `names` are among `codes`, or (`inside` false) are not."""

    names: tuple[str, ...]
    codes: tuple[Codes, ...]
    inside: bool = True

    def of(self, names: Sequence[str]) -> Cut | None:
        """The values of these dimensions that are in the cut; None where it says nothing of them."""
        kept = [place for place, name in enumerate(self.names) if name in names]
        codes = dict.fromkeys(tuple(each[place] for place in kept) for each in self.codes)
        return Cut(tuple(self.names[place] for place in kept), tuple(codes)) if kept else None


@dataclass(frozen=True)
class _Asked:
    """Parts of the groups of a level, of the rows within all cuts."""

    keep: Codes
    parts: Sequence[Part]
    cuts: tuple[Cut, ...] = ()


class Levels:
    """One question's rows, measured at whatever level is asked for: by some of its dimensions.

    `by` are the rows' dimensions and `across` the columns' (or none). With `people` every group
    also says how many people it is about.
    """

    def __init__(
        self,
        store: Store,
        scope: Scope,
        by: Sequence[str],
        metrics: Sequence[str],
        *,
        across: str = "",
        people: bool = False,
    ) -> None:
        self._store = store
        self._scope = scope
        self._by, self._across = tuple(by), (across,) if across else ()
        self._names = (*self._by, *self._across)
        self._metrics = tuple(metrics)
        self._parts: list[Part] = [*parts_of(metrics), *([PEOPLE] if people else [])]
        self._known: dict[tuple[Codes, Cut | None], Groups] = {}
        self._counted: dict[tuple[Codes, Cut | None], Groups] = {}
        # By far most questions have few groups: all that may be needed is asked for at once.
        anew = {keep: self._anew(keep) for keep in self._foreseen()}
        asked = [_Asked(keep, parts) for keep, parts in anew.items() if parts]
        found = self._asked([_Asked(self._names, self._parts), *asked])
        self._finest = next(found)
        self._is_complete = len(self._finest) <= MOST_CELLS
        if self._is_complete:
            for each, groups in zip(asked, found, strict=True):
                self._counted[each.keep, None] = groups

    @property
    def is_complete(self) -> bool:
        """Whether every group was fetched: there were not too many."""
        return self._is_complete

    def _foreseen(self) -> list[Codes]:
        """The levels that an answer has beside the finest: parts, the total, the groups that are
        ranked; as wholes and column by column."""
        ranked = tuple(name for name in self._by if not dimension(name).step)
        wholes = self._wholes()
        every = dict.fromkeys([*wholes, ranked, *((*keep, *self._across) for keep in wholes)])
        return [keep for keep in every if keep != self._names]

    def _wholes(self) -> list[Codes]:
        """The total, the parts and the rows."""
        return [self._by[:place] for place in range(len(self._by) + 1)]

    def _anew(self, keep: Codes) -> list[Part]:
        """The parts that a level cannot add up from the finest."""
        removed = [name for name in self._names if name not in keep]
        return [part for part in self._parts if not _adds_up(part, removed)]

    def keep_only(self, cut: Cut | None, columns: Cut | None) -> None:
        """Fetches the groups that are shown, where all of them were too many: rows of a cut, the
        parts that they are in, what is left, the total; of columns these alone.

        Raises: CrmError("explore_too_many_cells") where these are too many as well.
        """
        wanted: list[tuple[Codes, Cut | None]] = [
            (keep, cut if keep == self._by else None) for keep in self._wholes()
        ]
        if cut is not None:
            wanted.append(((), replace(cut, inside=False)))
        asked: list[tuple[Cut | None, _Asked, Codes]] = []
        for keep, of in wanted:
            rows = of or (cut and cut.of(keep))
            cuts = (rows,) if rows else ()
            asked.append((of, _Asked(keep, self._parts, cuts), ()))
            if columns is None:
                continue
            split = (*keep, *self._across)
            asked.append((of, _Asked(split, self._parts, (*cuts, columns)), ()))
            if PEOPLE in self._parts:
                left = replace(columns, inside=False)
                asked.append((of, _Asked(keep, [PEOPLE], (*cuts, left)), (REST,)))
        found = self._asked([each for _, each, _ in asked])
        for (of, each, rest), groups in zip(asked, found, strict=True):
            if len(groups) > MOST_CELLS:
                raise CrmError("explore_too_many_cells", limit=MOST_CELLS)
            level = self._known.setdefault((each.keep + (self._across if rest else ()), of), {})
            level.update({(*codes, *rest): parts for codes, parts in groups.items()})

    def largest(
        self, names: Sequence[str], most: int, *, latest: bool = False
    ) -> tuple[tuple[Codes, ...], int]:
        """The groups with most of the first metric, found in the engine, or the `latest` days; and
        how many there are beside them."""
        first = self._metrics[0]
        keys, scope = tuple(map(key_name, names)), self._scope
        ranking = ("ranking", first, len(keys), latest, scope.is_summed)
        parts = parts_of((first,))
        figures = scope.figures(parts)
        after = self._store.prepared(
            ranking, lambda: _ranking(first, figures, len(keys), latest=latest)
        )
        grouped = Grouped(keys, figures, scope.where)
        rows = self._store.then(scope.rows, grouped, after, limit=most)
        codes = tuple(tuple(map(_code, row[: len(keys)])) for row in rows)
        return codes, int(rows[0][-1]) - len(codes) if rows else 0

    def at(self, keep: Sequence[str], cut: Cut | None = None) -> Groups:
        """The groups of some of the dimensions, of all rows or of those of a cut."""
        asked = (tuple(keep), cut)
        if asked not in self._known:
            self._known[asked] = self._found(*asked)
        return self._known[asked]

    def _found(self, keep: Codes, cut: Cut | None) -> Groups:
        if keep == self._names and (cut is None or cut.inside):
            return _within(self._finest, keep, cut)
        anew = self._anew(keep)
        added = [part.name for part in self._parts if part not in anew]
        found = self._added(keep, cut, added)
        if anew:
            for codes, parts in self._measured(keep, cut).items():
                found.setdefault(codes, dict.fromkeys(added, 0.0)).update(parts)
        return found

    def _measured(self, keep: Codes, cut: Cut | None) -> Groups:
        """What a level cannot add up."""
        if cut is None or cut.inside:
            return _within(self._counted[keep, None], keep, cut)
        if (keep, cut) not in self._counted:
            # What is left is asked for as a whole and column by column.
            keeps = [level for level in dict.fromkeys([(), self._across]) if self._anew(level)]
            asked = [_Asked(level, self._anew(level), (cut,)) for level in keeps]
            for level, groups in zip(keeps, self._asked(asked), strict=True):
                self._counted[level, cut] = groups
        return self._counted[keep, cut]

    def _added(self, keep: Codes, cut: Cut | None, names: Sequence[str]) -> Groups:
        places = [self._names.index(name) for name in keep]
        found: Groups = {} if keep else {(): dict.fromkeys(names, 0.0)}
        if not names:
            return {}
        for codes, parts in _within(self._finest, self._names, cut).items():
            sums = found.setdefault(tuple(codes[place] for place in places), {})
            for name in names:
                sums[name] = sums.get(name, 0.0) + parts[name]
        # Cents added as floats leave a trace far below the cent.
        return {
            codes: {name: round(value, 2) for name, value in sums.items()}
            for codes, sums in found.items()
        }

    def _asked(self, asked: Sequence[_Asked]) -> Iterator[Groups]:
        scope = self._scope
        grouped = [
            Grouped(
                tuple(map(key_name, each.keep)),
                scope.figures(each.parts),
                (
                    *scope.where,
                    *(scope.among(cut.names, cut.codes, cut.inside) for cut in each.cuts),
                ),
            )
            for each in asked
        ]
        answers = self._store.groups(scope.rows, grouped, limit=MOST_CELLS)
        for each, group, rows in zip(asked, grouped, answers, strict=True):
            yield _groups(each.parts, group, rows)


def _groups(asked: Sequence[Part], grouped: Grouped, rows: Sequence[tuple[Any, ...]]) -> Groups:
    """The parts of each row of an answer by the codes of its keys."""
    columns = list(zip(*rows, strict=True)) or [()] * (len(grouped.keys) + len(grouped.figures))
    keys, figures = columns[: len(grouped.keys)], columns[len(grouped.keys) :]
    names = [figure.name for figure in grouped.figures]
    parts = put_together(asked, dict(zip(names, figures, strict=True)))
    told = [dict(zip(parts, row, strict=True)) for row in zip(*parts.values(), strict=True)]
    codes = zip(*(map(_code, key) for key in keys), strict=True) if keys else [()] * len(rows)
    return dict(zip(codes, told, strict=True))


def _code(value: Any) -> str:
    """A value of a dimension as its code: a day by its date, "" for unknown."""
    return "" if value is None else str(value)


def _within(groups: Groups, names: Codes, cut: Cut | None) -> Groups:
    """The groups of a level that are in a cut of some of its dimensions, or outside of it."""
    if cut is None:
        return groups
    places = [names.index(name) for name in cut.names]
    shown = set(cut.codes)
    return {
        codes: parts
        for codes, parts in groups.items()
        if (tuple(codes[place] for place in places) in shown) is cut.inside
    }


def _ranking(first: str, figures: Sequence[Figure], keys: int, *, latest: bool) -> ir.Table:
    """Groups in the order of a metric, the largest first, or the latest; with how many there are."""
    names = [place_name(place) for place in range(keys)]
    kinds = dict.fromkeys(names, "string")
    kinds |= {each.name: "int64" if each.is_count else "float64" for each in figures}
    groups = ibis.table(ibis.schema(kinds), name=GROUPS)
    parts = {part.name: put_together_in_engine(part, groups) for part in parts_of((first,))}
    groups = groups.mutate(**parts)
    rank = worked_out(metric(first), groups)
    ranked = groups.select(*names, rank=rank, everything=groups.count().over(ibis.window()))
    order = [ranked["rank"].desc(nulls_first=False), *(ranked[name].asc() for name in names)]
    if latest:
        order = [ranked[name].desc(nulls_first=False) for name in names]
    return ranked.order_by(order)


def _adds_up(part: Part, removed: Iterable[str]) -> bool:
    """Whether no order (or person) that a part counts is in two groups of these dimensions."""
    if isinstance(part, Sum):
        return True
    one_per = {dimension(name).one_per for name in removed}
    is_order = part.by_day or part.key == "order_key"
    return one_per <= ({"order", "person"} if is_order else {"person"})
