"""The mapping of a file: what its rows are, a field for every column, with the reason, and ten rows read."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from crm_core.errors import CrmError
from crm_core.store.imports.mapping import CHOICES, MAPPED_TABLES, Mapping
from crm_core.store.imports.preview import Proposal
from crm_core.text import error_text
from crm_core.ui.session import current
from crm_core.ui.words import caption, plain, success, warning

_SURE, _LIKELY = 0.9, 0.6
_BASE = "_import_base_"
_LACKS = "import_missing_field"
# What only order lines can say about their amounts.
_OF_LINES = ("amount_is", "discount_is")


def table_choice(proposal: Proposal, *, key: str) -> str:
    """What a row of the file is: as proposed, or as chosen."""
    session = current()
    return st.selectbox(
        session.t("imports.row_is"),
        MAPPED_TABLES,
        index=MAPPED_TABLES.index(proposal.mapping.table),
        format_func=lambda table: session.t(f"imports.table.{table}"),
        key=f"table_{key}",
    )


def mapping_editor(proposal: Proposal, *, key: str) -> Mapping:
    """The mapping after what was changed in the table and the choices below it."""
    session = current()
    mapping = proposal.mapping
    editor = f"mapping_{mapping.table}_{key}"
    base = _base(mapping, editor)
    fields = {column: field for field, column in base.columns.items()}
    names = {field: session.word("imports.field", field) for field in mapping.fields}
    table = pd.DataFrame(
        {
            "column": [guess.column for guess in proposal.columns],
            "field": [names.get(fields.get(guess.column, ""), "") for guess in proposal.columns],
            "reason": [session.word("imports.reason", guess.reason) for guess in proposal.columns],
            "sure": [_sure(guess.confidence) for guess in proposal.columns],
        }
    )
    edited = st.data_editor(
        table,
        hide_index=True,
        disabled=["column", "reason", "sure"],
        placeholder=session.t("imports.left_out"),
        key=editor,
        column_config={
            "column": session.t("imports.column"),
            "field": st.column_config.SelectboxColumn(
                session.t("imports.becomes"), options=["", *names.values()]
            ),
            "reason": session.t("imports.why"),
            "sure": session.t("imports.sure"),
        },
    )
    by_name = {name: field for field, name in names.items()}
    columns = {
        by_name[field]: column
        for column, field in zip(edited["column"], edited["field"], strict=True)
        if field in by_name
    }
    return mapping.with_(columns=columns, **_choices(base, key))


def _base(mapping: Mapping, editor: str) -> Mapping:
    """What the editor starts from, the same as long as it is there.

    Were it given what was just changed in it, it would be drawn anew, and a change made meanwhile
    would be lost.
    """
    if editor not in st.session_state:
        st.session_state[_BASE + editor] = mapping
    return st.session_state[_BASE + editor]


def _sure(confidence: float) -> str:
    level = "high" if confidence >= _SURE else "medium" if confidence >= _LIKELY else "low"
    return current().t(f"imports.level.{level}") if confidence else ""


def _choices(mapping: Mapping, key: str) -> dict[str, str | bool]:
    """How values are written: each a choice with its meaning in words."""
    session = current()
    chosen: dict[str, str | bool] = {}
    lines = mapping.table == "order_lines"
    asked = {name: codes for name, codes in CHOICES.items() if lines or name not in _OF_LINES}
    places = st.columns(len(asked))
    for place, (name, codes) in zip(places, asked.items(), strict=True):
        chosen[name] = place.selectbox(
            session.t(f"imports.choice.{name}"),
            codes,
            index=codes.index(getattr(mapping, name)),
            format_func=lambda code, name=name: session.t(f"imports.choices.{name}.{code}"),
            key=f"choice_{name}_{key}",
        )
    switches = ("amount_after_discount", "complete_orders") if lines else ()
    for name in switches:
        chosen[name] = st.toggle(
            session.t(f"imports.choice.{name}"),
            value=getattr(mapping, name),
            key=f"choice_{name}_{key}",
        )
    return chosen


def preview_rows(proposal: Proposal, *, key: str) -> None:
    """Ten rows as they would be read, and what is wrong with the file or with how many rows."""
    session = current()
    for problem in proposal.problems:
        if problem.code == _LACKS:
            needed = str(problem.facts["column"]).split(", ")
            words = ", ".join(session.word("imports.field", field) for field in needed)
            warning("imports.still_needed", fields=words)
        elif proposal.result is None:
            plain(error_text(CrmError(problem.code, **problem.facts), session.language))
        else:
            warning(
                "imports.rows_aside",
                count=problem.facts.get("count"),
                reason=session.word("imports.aside", problem.code),
            )
    if not proposal.rows:
        return
    caption("imports.ten_rows")
    frame = pd.DataFrame(list(proposal.rows)).drop(columns="issue")
    labels = {name: session.word("imports.field", name) for name in frame.columns}
    st.dataframe(frame.rename(columns=labels), hide_index=True, key=f"import_preview_{key}")
    if proposal.partial:
        caption("imports.partial")
    elif proposal.result is not None and not proposal.problems:
        success("imports.all_good", rows=f"{proposal.result.rows_read:,}")
