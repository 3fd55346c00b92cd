"""What is known to have happened in two periods, and what people wrote down about their days."""

from __future__ import annotations

import pandas as pd

from crm_core.privacy.escape import one_line
from crm_core.privacy.notes import may_read
from crm_core.text import formats
from crm_core.ui.notes import notes_button
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption
from crm_core.views.changes import Changes

_OF_THE_SHOP = ("metric", "chart", "page", "campaign")  # notes on a customer stay with them


def draw_notes(view: Changes) -> None:
    """A line a thing or note, in the order of days; another note can be written."""
    session = current()
    name = "name_zh" if session.language == "zh" else "name_en"
    told = view.notes.assign(
        note=[
            session.t(
                f"changes.note_words.{row['kind']}",
                name=row[name],
                count=formats.number(row["count"], session.language),
            )
            for row in view.notes.to_dict("records")
        ]
    )
    frames = [frame for frame in (told, _written(view, session)) if len(frame)]
    if frames:
        data_table(
            pd.concat(frames, ignore_index=True).sort_values("day", kind="stable"),
            [
                Column("day", "date", "changes.column.day"),
                Column("note", label_key="changes.column.note"),
                Column("period", "code", "changes.column.period", prefix="changes.period_words"),
                Column("until", "date", "changes.column.until"),
            ],
            key="changes_notes",
            alt_key="changes.notes",
        )
    else:
        caption("changes.no_notes")
    notes_button("page", "changes")


def _written(view: Changes, session: Session) -> pd.DataFrame:
    rows = [
        {"day": note.day, "until": note.day, "period": when, "note": one_line(note.text)}
        for when, period in (("before", view.pair.before), ("now", view.pair.now))
        for note in session.records.notes(since=period.start, until=period.end)
        if note.subject.kind in _OF_THE_SHOP and may_read(session.access, note.subject.kind)
    ]
    frame = pd.DataFrame(rows, columns=["day", "until", "period", "note"])
    return frame.assign(day=pd.to_datetime(frame["day"]), until=pd.to_datetime(frame["until"]))
