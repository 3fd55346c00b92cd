"""How fresh the data is, what the last import changed, the log of imports, and undo."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.pipeline.jobs import STALE_DAYS
from crm_core.privacy.policy import allowed
from crm_core.text import formats
from crm_core.ui import import_steps
from crm_core.ui.layout import columns, details_box, go, panel, part
from crm_core.ui.runner import run_job
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash, note, pairs, paragraph, warning
from crm_core.views.imports import Imports


def freshness(view: Imports) -> None:
    """Until when there is data, when it came in, and of which day the scores are."""
    session = current()
    days = (datetime.now(UTC).date() - view.last_order).days
    with panel("import_history.fresh"):
        pairs(
            [
                ("import_history.last_order", formats.day(view.last_order, session.language)),
                ("import_history.last_import", _moment(view.last_import, session)),
                (
                    "import_history.scores_as_of",
                    formats.day(view.scores_as_of, session.language)
                    if view.scores_as_of
                    else session.t("import_history.no_scores"),
                ),
            ]
        )
        if days > STALE_DAYS and not session.workspace.is_demo:
            warning("import_history.stale", days=formats.number(days, session.language))


def _moment(moment: datetime | None, session: Session) -> str:
    if moment is None:
        return "–"
    return f"{formats.day(moment.date(), session.language)} {moment:%H:%M} UTC"


def last_change(view: Imports) -> None:
    """What the newest import that stands brought: money by month, rows by table."""
    if view.last is None:
        return
    session = current()
    orders, revenue = int(view.months["orders"].sum()), float(view.months["revenue"].sum())
    with panel("import_history.changed", help_key="import_history.changed_about", batch=view.last):
        pairs(
            [
                ("imports.total.orders", formats.number(orders, session.language)),
                ("import_history.revenue", session.write(revenue, "money")),
                (
                    "import_history.new_customers",
                    formats.number(view.new_customers, session.language),
                ),
            ]
        )
        with details_box("import_history.changed_more"):
            months, tables = columns(1, 1)
            with months:
                data_table(
                    view.months.iloc[::-1],
                    [
                        Column("month", "text", "import_history.month"),
                        Column("orders", "count", "imports.total.orders"),
                        Column("revenue", "money", "import_history.revenue"),
                    ],
                    key="import_months",
                    alt_key="import_history.changed_more",
                )
            with tables:
                data_table(
                    view.tables,
                    [
                        Column(
                            "table",
                            "code",
                            "import_history.table_label",
                            prefix="import_history.tables",
                        ),
                        Column("new", "count", "import_history.new"),
                        Column("changed", "count", "import_history.changed_rows"),
                    ],
                    key="import_tables",
                    alt_key="import_history.changed_more",
                )


def rebuild_offer() -> None:
    """Offers to make the store anew where people were set apart, or no longer are, since."""
    session = current()
    place = session.workspace
    if place.is_demo or not allowed(session.access, "settings"):
        return
    if session.records.rebuild_pending():
        with part():
            warning("import_history.rebuild_pending")
            if st.button(
                session.t("import_history.rebuild"), icon=":material/cached:", key="rebuild_run"
            ):
                run_job(
                    ["refresh", "--rebuild"],
                    store=place.store_url,
                    title_key="import_history.rebuilding",
                )
                flash("import_history.rebuilt")
                go("imports")


def history(view: Imports) -> None:
    """The log of imports, newest first; whoever may import may take one back."""
    session = current()
    rows = view.batches.assign(
        state=["stands" if stands else "undone" for stands in view.batches["undone_at"].isna()],
        format=[format_words(name, session) for name in view.batches["format"]],
    )
    with panel("imports.history"):
        data_table(
            rows,
            [
                Column("batch_id", "count", "imports.batch"),
                Column("imported_at", "time", "imports.at"),
                Column("files", "text", "imports.files"),
                Column("format", "text", "imports.format_label"),
                *[
                    Column(name, "count", f"imports.rows.{name}")
                    for name in ("read", "loaded", "duplicate", "quarantined")
                ],
                Column(
                    "state", "code", "import_history.state_label", prefix="import_history.state"
                ),
            ],
            key="import_history",
            alt_key="imports.history",
        )
        if allowed(session.access, "import") and not session.workspace.is_demo:
            with part():
                _undo(rows[rows["state"] == "stands"], view)


def format_words(name: str, session: Session) -> str:
    """What files were recognised as; files of several formats as all of them."""
    return " + ".join(session.word("imports.format", each) for each in name.split("+"))


def _undo(rows: pd.DataFrame, view: Imports) -> None:
    if rows.empty:
        return
    if not view.can_undo:
        note("import_history.undo_not_kept")
        return
    session = current()
    names = {int(row["batch_id"]): str(row["files"]) for _, row in rows.iterrows()}
    batch = st.selectbox(
        session.t("import_history.undo_which"),
        list(names),
        format_func=lambda number: f"{number} · {names[number]}",
        index=None,
        placeholder=session.t("import_history.undo_choose"),
        key="undo_batch",
    )
    if batch is None:
        return
    row = rows[rows["batch_id"] == batch].iloc[0]
    paragraph(
        "import_history.undo_what",
        orders=formats.number(row["orders"], session.language),
        customers=formats.number(row["customers"], session.language),
        revenue=session.write(float(row["revenue"]), "money"),
    )
    caption("import_history.undo_about")
    sure = st.checkbox(session.t("import_history.undo_sure"), key=f"undo_sure_{batch}")
    if st.button(session.t("import_history.undo"), disabled=not sure, key="undo_run"):
        run_job(
            ["undo", str(batch)],
            store=session.workspace.store_url,
            title_key="import_history.undoing",
        )
        import_steps.forget()
        flash("import_history.undone", batch=batch)
        go("imports")
