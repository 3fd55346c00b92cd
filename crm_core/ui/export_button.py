"""The one door of lists and of rows set aside: a button whose bytes are made after the click,
through privacy.export.

The file's name carries the export's id before it is written, since the server tells files apart
by name and a sample of their bytes: two lists must never share an address.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO

import streamlit as st

from crm_core.documents import Document
from crm_core.errors import CrmError
from crm_core.privacy.export import (
    ASIDE,
    ExportResult,
    export_list,
    export_set_aside,
    list_name,
    new_export_id,
)
from crm_core.privacy.export_report import ReportTold, export_report
from crm_core.privacy.export_table import TableTold, export_table
from crm_core.privacy.manifest import manifest_of
from crm_core.privacy.platforms import suffix_of
from crm_core.privacy.policy import Purpose, allowed, require
from crm_core.privacy.subject_file import TITLE, export_subject
from crm_core.records import AuditLine, Reported
from crm_core.store.quarantine import Layout
from crm_core.text import formats
from crm_core.ui.door import still_admitted
from crm_core.ui.export_ready import left_out_lines
from crm_core.ui.guard import log_failure, show_error
from crm_core.ui.piece import piece
from crm_core.ui.session import Session, current

_MIME = {
    "csv": "text/csv",
    "zip": "application/zip",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

_LOOK_SECONDS = 2.0
_LOOKS = 8


@dataclass(frozen=True)
class ListOrder:
    """What to write. `members` makes the expression (customer_key and columns) when needed;
    `leave_out` those of who must stay out, by reason; `rule` and its words go into the manifest."""

    name: str
    members: Callable[[], Any]
    columns: Sequence[str] | Mapping[str, str]
    contact_channel: str | None = None
    file_format: str = "csv"
    confirmed_everyone: bool = False
    leave_out: Callable[[], Mapping[str, Any]] = dict
    rule: Mapping[str, Any] | None = None
    rule_in_words: str = ""
    ads_consent_covers_use: bool = False


@dataclass(frozen=True)
class AsideOrder:
    """What to write: the rows set aside of files of one form, to be mended and imported again."""

    layout: Layout
    name: str = ASIDE
    file_format: str = "csv"


@dataclass(frozen=True)
class TableOrder:
    """What to write: a table of numbers as the screen shows it, the question it answers, and its
    control totals."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    asked: Mapping[str, Sequence[str]]
    totals: Mapping[str, float | None]
    file_format: str = "csv"


@dataclass(frozen=True)
class ReportOrder:
    """What to write: a report of numbers about groups, which `make` works out when it is asked for."""

    name: str
    make: Callable[[Session, datetime], tuple[Document, Reported]]
    file_format: str = "pdf"


@dataclass(frozen=True)
class SubjectOrder:
    """What to write: everything held on one customer, for them to have."""

    key: int
    name: str = TITLE
    file_format: str = "zip"


Order = ListOrder | AsideOrder | TableOrder | ReportOrder | SubjectOrder


@dataclass
class Outcome:
    """What became of a click; the writing thread fills it, the next run reads it.

    `begun` is the export that the thread began; `looks` counts how often there was none, `is_seen`
    says that a look found the list written.
    """

    waiting: bool = False
    begun: str = ""
    looks: int = 0
    is_seen: bool = False
    result: ExportResult | None = None
    error: CrmError | None = None


def export_button(label_key: str, order: Order, *, key: str) -> ExportResult | None:
    """A button that saves a list; what was left out and why is said once it is written.

    Who may not export sees the button disabled, with the reason. Returns the last result.
    """
    session = current()
    outcome = _outcome(key)
    told, done = _words_of(order)
    may = allowed(session.access, _NEEDS.get(type(order), "export"))
    now, export_id = datetime.now(UTC), new_export_id()
    st.download_button(
        session.md(label_key),
        _maker(session, order, outcome, export_id, now),
        list_name(
            order.name,
            now=now,
            export_id=export_id,
            file_format=order.file_format,
            untold=session.records.shop_settings().sensitive_categories,
        ),
        _MIME.get(suffix_of(order.file_format)),
        key=f"export_{key}",
        type="primary",
        icon=":material/download:",
        disabled=not may,
        help=session.t(told if may else _reason(session)),
        on_click=_wait,
        args=(outcome, export_id),
    )
    if outcome.waiting:
        _watch(key)
    else:
        _say(outcome, session, done)
    return outcome.result


#: What is asked of whoever takes something other than a list or a table.
_NEEDS: Mapping[type, Purpose] = {
    AsideOrder: "quarantine",
    ReportOrder: "analyse",
    SubjectOrder: "erase",
}


def _words_of(order: Order) -> tuple[str, str]:
    """The text keys of what a click does, and of what was done."""
    if isinstance(order, AsideOrder):
        return "imports.aside_logged", "imports.aside_written"
    if isinstance(order, SubjectOrder):
        return "subject.file_logged", "subject.file_written"
    if isinstance(order, ReportOrder):
        return "report.box.logged", "report.box.done"
    if isinstance(order, TableOrder):
        return "app.export.table_about", "app.export.table_done"
    return "app.export.preparing", "app.export.done"


def _reason(session: Session) -> str:
    return "app.export.presenting" if session.access.present else "app.export.denied"


def _outcome(key: str) -> Outcome:
    kept = st.session_state.setdefault(f"_export_{key}", Outcome())
    return kept if isinstance(kept, Outcome) else Outcome()


def _wait(outcome: Outcome, export_id: str) -> None:
    """Forgets the click before. The writing thread may be done before the page is drawn anew."""
    outcome.waiting, outcome.looks, outcome.is_seen = True, 0, False
    if outcome.begun != export_id:
        outcome.begun, outcome.result, outcome.error = "", None, None


def _maker(
    session: Session,
    order: Order,
    outcome: Outcome,
    export_id: str,
    now: datetime,
) -> Callable[[], bytes]:
    """Writes the list when called, on a thread of its own; whether one still may is asked then:
    a page stays open while its reader is signed out, removed or given another role."""

    def make() -> bytes:
        file = io.BytesIO()
        outcome.begun, outcome.result, outcome.error = export_id, None, None
        try:
            outcome.result = _write(still_admitted(session), order, file, export_id, now)
        except CrmError as error:
            outcome.error = error
            raise
        except Exception as error:
            outcome.error = CrmError("export_failed", number=log_failure(error))
            raise outcome.error from None
        return file.getvalue()

    return make


def _write(
    session: Session,
    order: Order,
    out: BinaryIO,
    export_id: str,
    now: datetime,
) -> ExportResult:
    """Through the door that the order is for."""
    if isinstance(order, AsideOrder):
        return export_set_aside(
            access=session.access,
            store=session.store,
            records=session.records,
            layout=order.layout,
            now=now,
            language=session.language,
            out=out,
            export_id=export_id,
        )
    if isinstance(order, SubjectOrder):
        return export_subject(
            access=session.access,
            store=session.store,
            records=session.records,
            key=order.key,
            now=now,
            language=session.language,
            out=out,
            export_id=export_id,
        )
    if isinstance(order, ReportOrder):
        return export_report(
            access=session.access,
            records=session.records,
            told=ReportTold(order.name, *order.make(session, now)),
            file_format=order.file_format,
            now=now,
            out=out,
            export_id=export_id,
        )
    if isinstance(order, TableOrder):
        return export_table(
            access=session.access,
            records=session.records,
            table=TableTold(order.name, order.headings, order.rows, _asked(order), order.totals),
            now=now,
            out=out,
            export_id=export_id,
        )
    return export_list(
        access=session.access,
        store=session.store,
        records=session.records,
        members=order.members(),
        name=order.name,
        contact_channel=order.contact_channel,
        columns=order.columns,
        file_format=order.file_format,
        now=now,
        language=session.language,
        out=out,
        confirmed_everyone=order.confirmed_everyone,
        export_id=export_id,
        leave_out=order.leave_out(),
        rule=order.rule,
        rule_in_words=order.rule_in_words,
        ads_consent_covers_use=order.ads_consent_covers_use,
    )


def _asked(order: TableOrder) -> Mapping[str, Sequence[str]]:
    """The question of a table, and whether it was asked without what was set aside."""
    left_out = {"set_aside": ("out",)} if current().leaves_out else {}
    return {**order.asked, **left_out}


@partial(piece, every=_LOOK_SECONDS)
def _watch(key: str) -> None:
    """Looks again and again whether the list is written, then draws the page anew."""
    st.caption(current().t("app.export.writing"))
    if _is_over(_outcome(key)):
        st.rerun()


def _is_over(outcome: Outcome) -> bool:
    """One look: whether there is something to tell, at the second look that finds the list written.

    The server lets a written file go after two runs, a look being one: drawn anew at once, a
    browser far away would come too late for it. A click on a page that is being drawn may ask for
    a file that the server has let go: no thread begins it, and nothing would ever come.
    """
    outcome.looks += not outcome.begun
    if outcome.looks > _LOOKS:
        outcome.error = CrmError("export_not_begun")
    outcome.waiting = outcome.error is None and not outcome.is_seen
    outcome.is_seen = outcome.result is not None
    return not outcome.waiting


def manifest_button(label_key: str, line: AuditLine) -> None:
    """A button that saves what is told of an export in the log; it names nobody."""
    session = current()
    require(session.access, "export")
    told = json.dumps(manifest_of(line), ensure_ascii=False, indent=2)
    st.download_button(
        session.md(label_key),
        told,
        f"manifest-{line.export_id}.json",
        _MIME["json"],
        key=f"manifest_{line.id}",
        icon=":material/description:",
        on_click="ignore",
    )


def rule_book_button(label_key: str, text: str, form: str, **facts: object) -> None:
    """A button that saves the rule book as a file; it holds rules and names nobody."""
    session = current()
    require(session.access, "plan")
    st.download_button(
        session.md(label_key, **facts),
        text,
        f"offer-rules.{form}",
        _MIME.get(form, "application/toml"),
        key=f"rule_book_{form}",
        icon=":material/download:",
        on_click="ignore",
    )


def mapping_button(label_key: str, toml: str, *, key: str) -> None:
    """A button that saves what columns mean as a file; it holds column names and no rows."""
    session = current()
    require(session.access, "import")
    st.download_button(
        session.md(label_key),
        toml,
        "mapping.toml",
        "application/toml",
        key=f"mapping_save_{key}",
        icon=":material/download:",
        on_click="ignore",
    )


def _say(outcome: Outcome, session: Session, done_key: str) -> None:
    """What became of the last click."""
    if outcome.error is not None:
        show_error(outcome.error, session.language)
    if outcome.result is None:
        return
    result = outcome.result
    rows = formats.number(result.rows, session.language)
    words = [session.t(done_key, rows=rows, export_id=result.export_id)]
    words += left_out_lines(result.excluded, "app.export.left_out", session)
    words += left_out_lines(result.left_empty, "exports.left_empty", session)
    st.success("  \n".join(words), icon=":material/check_circle:")
