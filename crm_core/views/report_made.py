"""A monthly review with all that it takes: the month, what was told of it before, its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from crm_core.documents import Document
from crm_core.pipeline.waiting_results import waiting_results
from crm_core.privacy.policy import Access
from crm_core.records import Records, Reported
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.report import Report, report
from crm_core.views.report_filters import asked_of
from crm_core.views.report_words import Wording, document, reported


@dataclass(frozen=True)
class Made:
    """The numbers, the document, what is to be remembered of it, and the `earlier` reviews of the
    month, the latest first."""

    view: Report
    document: Document
    reported: Reported
    earlier: Sequence[Reported]


def report_made(
    selection: Selection,
    *,
    store: Store,
    records: Records,
    access: Access,
    now: datetime,
    month: date | None = None,
    comment: str = "",
) -> Made:
    """The review of a whole month, the last one if none is said, in the selection's language.

    Raises: what `report` raises.
    """
    local = now.astimezone(ZoneInfo(store.meta.timezone))
    view = report(
        selection,
        store=store,
        access=access,
        month=month,
        ended=waiting_results(records, store.meta.as_of),
        targets=records.targets(),
        # The demo's data ends on a day of its own: how old it is tells nothing.
        today=None if store.meta.kind == "demo" else local.date(),
    )
    earlier = records.reports_of(view.month.start, asked_of(view.selection))
    words = Wording(selection.language, local, earlier, comment)
    told = reported(view, user=access.user, now=now)
    return Made(view, document(view, words), told, earlier)
