"""The rows that a question of the Explore page is about, wide enough for any question alike.

They hold the values of dimensions, marks of the kinds of rows that metrics are measured over, and
what is added up. Only the tables that a question joins, its segment and how far its days are moved
make one wide table differ from another, so few have to be put into the engine's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, get_args

import ibis
import ibis.expr.types as ir

from crm_core.metrics.catalog import DIMENSIONS, METRICS, dimension
from crm_core.metrics.day_sums import NAME as DAY_SUMS
from crm_core.metrics.day_sums import serving
from crm_core.metrics.definition import CountDistinct, Rows, Sum
from crm_core.metrics.dimensions import OWN_DAY, joined, key_of, read_code
from crm_core.metrics.evaluate import scope
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.parts import Part, amount_name, is_of
from crm_core.metrics.small_groups import PEOPLE
from crm_core.selection import Period, Selection
from crm_core.store import Among, Between, Figure, Prepared, Store

_BAR: Final = ("shop", "sales_channel", "category", "region")
_KINDS: Final = tuple(kind for kind in get_args(Rows) if kind != "all")
_ALL_PARTS: Final = [
    *(part for part in METRICS.values() if isinstance(part, Sum | CountDistinct)), PEOPLE
]  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """Wide rows, which of them a question is about, and whether they are the ledger's sums by day."""

    rows: Prepared
    where: tuple[Between | Among, ...]
    is_summed: bool

    def figures(self, parts: Sequence[Part]) -> tuple[Figure, ...]:
        """What is asked of a group for `put_together`: each column added up once however many
        parts it is in."""
        found: dict[str, Figure] = {}
        for part in parts:
            if self.is_summed:
                found[part.name] = Figure(part.name, part.name)
                continue
            of = "" if part.rows == "all" else _mark(part.rows)
            if isinstance(part, CountDistinct):
                found[part.name] = Figure(part.name, part.key, of, is_count=True)
                continue
            for column in (*part.plus, *part.minus):
                name = amount_name(part, column)
                found[name] = Figure(name, column, of)
        return tuple(found.values())

    def among(
        self, names: Sequence[str], codes: Sequence[tuple[str, ...]], inside: bool = True
    ) -> Among:
        """The rows whose values of these dimensions are among codes; "" is unknown."""
        keys = tuple(map(key_name, names))
        if len(keys) == 1:
            kind = self.rows.kinds[keys[0]]
            read = [(read_code(kind, code) if code else None, code) for (code,) in codes]
            known = [(value,) for value, code in read if value is not None or not code]
            return Among(keys, tuple(known), inside)
        return Among(keys, tuple(codes), inside)


def key_name(name: str) -> str:
    """What the wide rows call a dimension's value."""
    return f"by_{name}"


def scope_of(
    store: Store,
    selection: Selection,
    asked: Exploration,
    period: Period,
    parts: Sequence[Part],
    *,
    moved_days: int = 0,
) -> Scope:
    """The rows that a question is about, over a period.

    With `moved_days` their days meet those so much later, by which they are split and filtered; a
    weekday stays the day's own.
    Raises: CrmError("no_scores"), ("unknown_dimension").
    """
    chosen: dict[str, list[str]] = {}
    for name, code in asked.where:
        chosen.setdefault(name, []).append(code)
    names = [*asked.by, *([asked.across] if asked.across else []), *chosen]
    rows, is_summed = _rows(store, selection, asked, names, parts, moved_days)
    found = Scope(rows, (), is_summed)
    where: list[Between | Among] = [Between(OWN_DAY, period.start, period.end)]
    for name in _BAR:
        if codes := getattr(selection, name):
            where.append(Among((key_name(name),), tuple((code,) for code in codes)))
    where += [found.among([name], [(code,) for code in codes]) for name, codes in chosen.items()]
    return replace(found, where=tuple(where))


def _rows(
    store: Store,
    selection: Selection,
    asked: Exploration,
    names: Sequence[str],
    parts: Sequence[Part],
    moved_days: int,
) -> tuple[Prepared, bool]:
    serve = asked.metrics if PEOPLE not in parts and store.has(DAY_SUMS) else ()
    sums = serving(store.table(DAY_SUMS), serve, selection, names) if serve else None
    if sums is not None:
        is_split = "category" in names or bool(selection.category)
        key = (DAY_SUMS, is_split, moved_days)
        return store.prepared(key, lambda: _summed(sums, moved_days)), True
    via = tuple(sorted(name for name in set(names) if dimension(name).via))
    segment = tuple(selection.segment)
    key = ("ledger", via, segment, moved_days)
    return store.prepared(key, lambda: _wide(store, via, segment, moved_days)), False


def _summed(sums: ir.Table, moved_days: int) -> ir.Table:
    """The ledger's sums by day with the values of their dimensions."""
    rows = _moved(sums, moved_days)
    own = {name: key_of(rows, name) for name in _own(rows)}
    keys = {key_name(name): value for name, value in own.items()}
    names = {part.name for part in _ALL_PARTS if part.name in sums.columns}
    return rows.select(OWN_DAY, *sorted(names), **keys)


def _wide(store: Store, via: Sequence[str], segment: tuple[str, ...], moved_days: int) -> ir.Table:
    """The ledger's rows with the values of dimensions, marks of their kinds and amounts."""
    rows = _moved(scope(store, Selection(segment=segment)), moved_days)
    own = _own(rows)
    rows = joined(store, rows, via)
    keys = {key_name(name): key_of(rows, name) for name in (*own, *via)}
    marks = {_mark(kind): is_of(rows, kind) for kind in _KINDS}
    amounts: set[str] = set()
    for part in _ALL_PARTS:
        amounts |= {part.key} if isinstance(part, CountDistinct) else {*part.plus, *part.minus}
    return rows.select(OWN_DAY, *sorted(amounts), **keys, **marks)


def _own(rows: ir.Table) -> list[str]:
    """The dimensions that rows have without a join."""
    return [
        name for name, each in DIMENSIONS.items() if not each.via and each.column in rows.columns
    ]


def _moved(rows: ir.Table, days: int) -> ir.Table:
    """The rows with their own day beside the day they are split by."""
    if not days:
        return rows.mutate(**{OWN_DAY: rows.day})
    later = rows.day.cast("timestamp") + ibis.interval(days=days)
    return rows.mutate(day=later.cast("date"), **{OWN_DAY: rows.day})


def _mark(kind: str) -> str:
    return f"is_{kind}"
