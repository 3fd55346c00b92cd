"""How the goal of the month stands, in as few figures as a card has room for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from crm_core.metrics.goals import WHOLE, month_figures
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.goal_outlook import outlook
from crm_core.views.goals import Target, course_of, judge


@dataclass(frozen=True)
class GoalLine:
    """The goal of a metric in the month the data ends in. `status`: running, or past where it ends
    with the month; `landing` is None where there is no forecast."""

    month: date
    target: float
    status: str
    reached: float | None
    usual: float | None
    landing: float | None
    actual: float | None
    verdict: str


def goal_lines(
    selection: Selection, *, store: Store, access: Access, targets: tuple[Target, ...]
) -> dict[str, GoalLine]:
    """The month's goals by metric, where the filters are those a goal can be of: days up to the
    last one, of the whole shop or one sales channel."""
    del access
    meta, channel = store.meta, channel_meant(selection)
    month = meta.as_of.replace(day=1)
    mine = tuple(each for each in targets if each[1] == month and each[2] == channel)
    if not mine or selection.resolve(meta.first_day, meta.as_of).end != meta.as_of:
        return {}
    names = tuple(metric for metric, *_ in mine)
    period = Period(max(month, meta.first_day), meta.as_of)
    judged = judge(
        mine,
        month_figures(store, names, period),
        course=course_of(store, mine),
        ahead=outlook(store, names),
        as_of=meta.as_of,
    )
    return {
        str(row["metric"]): GoalLine(
            month=month,
            target=row["target"],
            status=row["status"],
            reached=_known(row["reached"]),
            usual=_known(row["usual"]),
            landing=_known(row["landing"]),
            actual=_known(row["actual"]),
            verdict=row["verdict"],
        )
        for row in judged.to_dict("records")
    }


def channel_meant(selection: Selection) -> str | None:
    """The sales channel that a selection is all of, `WHOLE` for the shop; None where it is less."""
    if selection.shop or selection.category or selection.region or selection.segment:
        return None
    if not selection.sales_channel:
        return WHOLE
    return selection.sales_channel[0] if len(selection.sales_channel) == 1 else None


def _known(value: float) -> float | None:
    return None if value != value else float(value)
