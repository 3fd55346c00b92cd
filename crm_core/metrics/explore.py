"""Any numbers by any dimensions: rows, columns, what is left, parts and totals, each measured anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import ibis.expr.types as ir

from crm_core.errors import CrmError
from crm_core.metrics.catalog import METRICS, dimension, metric
from crm_core.metrics.definition import CountDistinct, Ratio, Sum
from crm_core.metrics.dimensions import MADE, having, joined
from crm_core.metrics.evaluate import scope
from crm_core.metrics.exploration import MOST_TOP, OF_GOALS, Exploration
from crm_core.metrics.explore_goals import Target, against_goals, check_goals
from crm_core.metrics.explore_levels import Codes, Levels
from crm_core.metrics.explore_lines import WHOLE, Line, choose, chosen_before, is_time, lines_of
from crm_core.metrics.explore_rows import scope_of
from crm_core.metrics.explore_told import all_hidden, changed, told, without_small
from crm_core.metrics.parts import parts_of
from crm_core.metrics.small_groups import PEOPLE
from crm_core.selection import Period, Selection
from crm_core.store import Store

__all__ = [
    "MADE",
    "WHOLE",
    "Explored",
    "Line",
    "check",
    "explore",
    "is_time",
    "is_told",
    "nearest_valid",
    "rows_behind",
]

_OF_DAY: Final = frozenset({"marketing_cost", "service_cost", "contacts"})


@dataclass(frozen=True)
class Explored:
    """An answer: its lines in order, the codes of its columns (none without `across`), and how
    many more columns there would be; they are in the whole."""

    asked: Exploration
    lines: tuple[Line, ...]
    columns: Codes
    left_out: int = 0

    @property
    def total(self) -> Line:
        """The line of everything that was asked about."""
        return self.lines[-1]


def explore(
    store: Store,
    selection: Selection,
    asked: Exploration,
    *,
    period: Period,
    compared: Period | None = None,
    targets: Sequence[Target] = (),
    is_guarded: bool = False,
) -> Explored:
    """The answer to a question over a period; `compared` is asked for changes alone, `targets` for
    what is held against goals.

    With `is_guarded` groups of fewer than five people are hidden, and a second one beside each;
    everything, where `is_told` says so.
    Raises: CrmError("explore_undefined") for a metric that a dimension cannot split,
    ("explore_cannot_show") for a share or running total of what has none,
    ("explore_no_goal") for goals by what has none, ("explore_too_many_cells"), ("no_scores").
    """
    check(asked, selection)
    if asked.show in OF_GOALS:
        check_goals(asked, selection)
    answer = _answer(store, selection, asked, period, compared, is_guarded=is_guarded)
    if asked.show in OF_GOALS:
        channels = selection.sales_channel
        held = against_goals(asked, answer.lines, targets, period=period, channels=channels)
        answer = replace(answer, lines=tuple(held))
    if is_guarded and not is_told(store, selection, asked, period):
        return replace(answer, lines=tuple(all_hidden(answer.lines, answer.columns)))
    return answer


def is_told(store: Store, selection: Selection, asked: Exploration, period: Period) -> bool:
    """Whether the filters leave what may be told to who sees no small groups: neither one group
    alone that a filter's own split hides, nor all but one."""
    for name in dict(asked.where):
        kept = {(code,) for found, code in asked.where if found == name}
        where = tuple(pair for pair in asked.where if pair[0] != name)
        split = replace(asked, by=(name,), across="", where=where, top=MOST_TOP, show="value")
        lines = _answer(store, selection, split, period, None, is_guarded=True).lines
        gone = {line.keys for line in lines if line.hidden and line.kind != "total"}
        if 1 in (len(gone & kept), len(gone - kept)):
            return False
    return True


def _answer(
    store: Store,
    selection: Selection,
    asked: Exploration,
    period: Period,
    compared: Period | None,
    *,
    is_guarded: bool,
) -> Explored:
    parts = [*parts_of(asked.metrics), *([PEOPLE] if is_guarded else [])]

    def levels_of(days: Period, moved_days: int = 0) -> Levels:
        scope = scope_of(store, selection, asked, days, parts, moved_days=moved_days)
        return Levels(store, scope, asked.by, asked.metrics, across=asked.across, people=is_guarded)

    levels = levels_of(period)
    chosen = choose(asked, levels)
    lines = lines_of(asked, levels, chosen)
    before: list[Line] = []
    if asked.show == "change":
        if compared is not None:
            then = levels_of(compared, (period.start - compared.start).days)
            before = lines_of(asked, then, chosen_before(asked, then, chosen))
        lines = changed(lines, before)
    elif asked.show in ("share", "running"):
        lines = told(asked, lines)
    if is_guarded:
        lines = without_small(asked, lines, chosen.columns, before)
    return Explored(asked, tuple(lines), chosen.columns, chosen.left_out)


def rows_behind(store: Store, selection: Selection, asked: Exploration, period: Period) -> ir.Table:
    """The ledger rows that a question is about."""
    return narrowed(store, scope(store, selection, period), asked.where)


def narrowed(store: Store, rows: ir.Table, where: Sequence[tuple[str, str]]) -> ir.Table:
    """The rows that have the values asked for: one of each dimension that is named."""
    chosen: dict[str, list[str]] = {}
    for name, code in where:
        chosen.setdefault(name, []).append(code)
    rows = joined(store, rows, list(chosen))
    for name, codes in chosen.items():
        rows = rows.filter(having(rows, name, codes))
    return rows


def check(asked: Exploration, selection: Selection) -> None:
    """Whether every metric can be split and shown as asked: of a category there is no more than by
    categories, whichever filter keeps it.

    Raises: CrmError as `explore`.
    """
    if not asked.metrics:
        raise CrmError("explore_no_metric")
    names = [*asked.by, *([asked.across] if asked.across else []), *dict(asked.where)]
    names += ["category"] if selection.category else []
    for name in asked.metrics:
        for by in names:
            if dimension(by).one_per == "line" and (nearest := nearest_valid(name)):
                raise CrmError("explore_undefined", metric=name, dimension=by, nearest=nearest)
        kind = metric(name)
        if asked.show == "running" and not _adds_over(kind, asked.by):
            nearest = kind.numerator if isinstance(kind, Ratio) else "orders"
            nearest = nearest if _adds_over(metric(nearest), asked.by) else "revenue"
            raise CrmError("explore_cannot_show", metric=name, show="running", nearest=nearest)
        if asked.show == "share" and isinstance(kind, Ratio):
            nearest = kind.numerator
            raise CrmError("explore_cannot_show", metric=name, show="share", nearest=nearest)


def nearest_valid(name: str) -> str:
    """What to ask instead of a metric that products and categories cannot split, "" if they can.

    Marketing and service are paid for a day or a person: which product they were for is not known.

    >>> nearest_valid("contribution"), nearest_valid("marketing_cost"), nearest_valid("contact_rate")
    ('margin', 'goods_cost', 'orders')
    """
    sums = [part for part in parts_of((name,)) if isinstance(part, Sum)]
    if not any(_OF_DAY & {*part.plus, *part.minus} for part in sums):
        return ""
    if METRICS[name].unit != "money" and "contacts" in {part.name for part in sums}:
        return "orders"
    return "margin" if METRICS[name].good == "up" else "goods_cost"


def _adds_over(kind: Any, by: Sequence[str]) -> bool:
    if isinstance(kind, CountDistinct):
        of_order = kind.by_day or kind.key == "order_key"
        one_per = {dimension(name).one_per for name in by}
        return one_per <= ({"order", "person"} if of_order else {"person"})
    return isinstance(kind, Sum)
