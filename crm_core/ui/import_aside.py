"""Rows set aside that nobody has mended yet: why, how many, and their file to mend."""

from __future__ import annotations

from crm_core.ui.export_button import AsideOrder, export_button
from crm_core.ui.layout import panel, part
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, plain
from crm_core.views.imports import Imports

_MOST_NAMED = 5


def aside_panel(view: Imports) -> None:
    """Draws them by reason, with a download for each form of file they came in."""
    if view.aside.empty:
        return
    session = current()
    with panel("imports.aside_title", help_key="imports.aside_logged"):
        caption("imports.aside_about")
        data_table(
            view.aside,
            [
                Column("reason", "code", "imports.reason_label", prefix="imports.aside"),
                Column("rows", "count", "imports.rows.quarantined"),
                Column("files", "count", "imports.files"),
            ],
            key="import_aside",
            alt_key="imports.aside_title",
        )
        for place, form in enumerate(view.aside_forms):
            if len(view.aside_forms) > 1:
                names = list(dict.fromkeys(file for _, file in form.files))
                more = "" if len(names) <= _MOST_NAMED else " …"
                plain("  ·  ".join(names[:_MOST_NAMED]) + more)
            with part():
                export_button(
                    "imports.aside_download",
                    AsideOrder(form),
                    key=f"aside_{session.store.snapshot}_{place}",
                )
