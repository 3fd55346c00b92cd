"""Order files in, and what was read of them."""

from crm_core.ui.import_panel import import_panel
from crm_core.ui.page import Column, current, data_table, header, panel, show
from crm_core.views.imports import imports

session = current()
header("imports")
import_panel()
if session.opened is not None:
    view = show(imports, session.selection)
    with panel("imports.history"):
        data_table(
            view.batches,
            [
                Column("batch_id", "count", "imports.batch"),
                Column("imported_at", "time", "imports.at"),
                Column("files", "text", "imports.files"),
                Column("format", "code", "imports.format_label", prefix="imports.format"),
                *[
                    Column(name, "count", f"imports.rows.{name}")
                    for name in ("read", "loaded", "duplicate", "quarantined")
                ],
            ],
            key="import_history",
            alt_key="imports.history",
        )
