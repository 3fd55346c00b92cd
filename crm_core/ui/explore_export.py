"""The table of the Explore page as a file: the lines of the screen, and its control totals."""

from __future__ import annotations

from dataclasses import replace

from crm_core.metrics import METRICS
from crm_core.metrics.exploration import to_query
from crm_core.metrics.explore import WHOLE
from crm_core.privacy.policy import allowed
from crm_core.ui.explore_answer import columns_of, line_name
from crm_core.ui.explore_words import dimension_name
from crm_core.ui.export_button import TableOrder, export_button
from crm_core.ui.session import current
from crm_core.ui.words import caption
from crm_core.views.explore import Explore


def draw_export(view: Explore) -> None:
    """The button, and what the file's total must be; nothing for who may take no files away."""
    session, asked = current(), view.answer.asked
    if not allowed(replace(session.access, present=False), "export"):
        return
    export_button("explore.export", _told(view), key="explore_table")
    first = asked.metrics[0]
    total = view.answer.total.values.get((first, WHOLE))
    caption(
        "explore.control",
        metric=session.t(f"metric.{first}.label"),
        total=session.write(total, METRICS[first].unit),
    )


def _told(view: Explore) -> TableOrder:
    """The lines as they are shown: their kind, names and numbers."""
    session, asked = current(), view.answer.asked
    shown = columns_of(view)
    by = " · ".join(map(dimension_name, asked.by)) or session.t("explore.total")
    rows = [
        [line_name(view, line), *(line.told.get((name, code)) for name, code, _ in shown)]
        for line in view.answer.lines
    ]
    totals = {name: view.answer.total.values.get((name, WHOLE)) for name in asked.metrics}
    return TableOrder(
        session.t("explore.title"),
        (by, *(words for _, _, words in shown)),
        rows,
        to_query(asked),
        totals,
    )
