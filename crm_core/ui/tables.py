"""Tables: typed columns, a row to open, people's names joined for the rows shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.privacy import escape
from crm_core.text import formats
from crm_core.ui.people import go_customer, names_for
from crm_core.ui.session import Session, current

LAZY_ROWS = 5_000
PAGE_SIZES = (25, 50, 100, 200)
_MONEY = ("money", "cents")
_NUMBERS = {
    "count": "%,.0f",
    "number": "%,.1f",
    "per": "%,.2f",
    "score": "%.3f",
    "days": "%,.0f",
    "money": "%,.0f",
    "cents": "%,.2f",
    "rate": "%.1f%%",
}


@dataclass(frozen=True)
class Column:
    """One column of a table: which value, what kind, under which words.

    Kinds: text, code (worded by `<prefix>.<code>`), count, number, per, score (three places),
    money, cents, rate, days, date, time, switch, spark (a list of values), bar (a share from 0
    to 1).
    """

    name: str
    kind: str = "text"
    label_key: str | None = None
    pinned: bool = False
    help_key: str | None = None
    prefix: str | None = None
    width: str | int | None = None


def data_table(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    key: str,
    alt_key: str,
    on_click: bool = False,
    icon: str = "chevron_right",
    height: int | None = None,
) -> dict[str, Any] | None:
    """A table of the named columns. With `on_click` the first column, of text, opens its row.

    Returns the row just opened, or None.

    Above 5,000 rows the browser gets rows as it scrolls. Text is shown as it stands; nothing
    in a cell becomes a link or a picture.
    """
    session = current()
    if frame.empty:
        st.caption(session.t("app.table.no_rows"))
        return None
    shown = shown_frame(frame, columns, session)
    sign = cell_sign(shown, columns, session)
    config = {column.name: column_config(column, session, sign) for column in columns}
    if on_click:
        first = columns[0]
        shown[first.name] = [_button_words(words, icon) for words in shown[first.name]]
        config[first.name] = _open_column(first, key, session)
    st.dataframe(
        shown,
        hide_index=True,
        column_config=config,
        key=f"table_{key}",
        height=height if height is not None else _height(len(shown)),
        row_height=36,
        lazy=True if len(shown) > LAZY_ROWS else None,
        placeholder="–",
        alt=session.t(alt_key),
    )
    return _clicked(frame, key) if on_click else None


def shown_frame(frame: pd.DataFrame, columns: Sequence[Column], session: Session) -> pd.DataFrame:
    """Only the named columns, codes in words, ready to draw."""
    shown = pd.DataFrame(index=range(len(frame)))
    for column in columns:
        values = frame[column.name].reset_index(drop=True)
        if column.kind == "code":
            prefix = column.prefix or column.name
            values = values.map(lambda code, p=prefix: _word(session, p, code))
        elif column.kind in ("date", "time"):
            values = pd.to_datetime(values)
        elif column.kind in (*_NUMBERS, "bar"):
            values = pd.to_numeric(values, errors="coerce").astype("float64")
            values = values * 100 if column.kind in ("rate", "bar") else values
        shown[column.name] = values
    return shown


def _word(session: Session, prefix: str, code: Any) -> str:
    return "" if pd.isna(code) else session.word(prefix, code)


def cell_sign(shown: pd.DataFrame, columns: Sequence[Column], session: Session) -> str:
    """The sign of the currency in every cell of money; none where one of them is below zero.

    A cell's format writes the minus after the sign: then the headings of all of them tell it.
    """
    money = [column.name for column in columns if column.kind in _MONEY]
    return "" if bool((shown[money] < 0).any(axis=None)) else formats.symbol(session.currency)


def column_config(column: Column, session: Session, sign: str) -> Any:
    """How a column is drawn; `sign` is what stands before money in its cells."""
    kinds = st.column_config
    given: dict[str, Any] = {
        "label": session.t(column.label_key) if column.label_key else column.name,
        "help": session.maybe(column.help_key),
        "pinned": column.pinned or None,
        "width": column.width,
    }
    if column.kind in _MONEY and not sign:
        given["label"] += f" ({formats.symbol(session.currency).strip()})"
    chinese = session.language == "zh"
    match column.kind:
        case kind if kind in _NUMBERS:
            before = sign.replace("%", "%%") if kind in _MONEY else ""
            return kinds.NumberColumn(format=before + _NUMBERS[kind], **given)
        case "date":
            return kinds.DateColumn(format="YYYY-MM-DD" if chinese else "D MMM YYYY", **given)
        case "time":
            layout = "YYYY-MM-DD HH:mm" if chinese else "D MMM YYYY, HH:mm"
            return kinds.DatetimeColumn(format=layout, **given)
        case "switch":
            return kinds.CheckboxColumn(**given)
        case "spark":
            return kinds.AreaChartColumn(**_without(given, "width"))
        case "bar":
            return kinds.ProgressColumn(format="%.0f%%", min_value=0, max_value=100, **given)
        case _:
            return kinds.TextColumn(**given)


def _without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


def _button_words(words: object, icon: str) -> str:
    """Words on a row's button: a name must not be read as an icon, so its colons are kept apart."""
    return f":material/{icon}: " + escape.plain(words, 80).replace(":", ":\u2060")


def _open_column(column: Column, key: str, session: Session) -> Any:
    width: Any = column.width or "medium"
    return st.column_config.ButtonColumn(
        session.t(column.label_key) if column.label_key else column.name,
        help=session.t("app.table.open"),
        width=width,
        type="tertiary",
        alignment="left",
        key=f"open_{key}",
    )


def _clicked(frame: pd.DataFrame, key: str) -> dict[str, Any] | None:
    click: Any = st.session_state.get(f"open_{key}")
    if not click or not 0 <= click["row"] < len(frame):
        return None
    return {str(name): value for name, value in frame.iloc[click["row"]].to_dict().items()}


def _height(rows: int) -> int:
    return 36 + 36 * min(rows, 15)


def customer_table(
    rows: pd.DataFrame,
    columns: Sequence[Column],
    *,
    key: str,
    alt_key: str,
    with_restricted: bool = False,
) -> None:
    """A table of people; opening a row opens the person's page.

    `rows` has customer_key and the columns' values, and stays free of names: those join here,
    after the cache, for these rows only, masked as the role and the Present switch demand. Who is
    restricted is in none, but `with_restricted`, for whoever searches for one person.
    """
    session = current()
    if session.store.has("restrictions") and not with_restricted:
        shown = [int(key) for key in rows["customer_key"]]
        rows = rows[~rows["customer_key"].isin(session.records.restricted(shown))]
    if rows.empty:
        st.caption(session.t("app.table.no_rows"))
        return
    named = rows.assign(customer=names_for([int(k) for k in rows["customer_key"]], session))
    person = Column("customer", label_key="app.table.customer")
    opened = data_table(
        named, [person, *columns], key=key, alt_key=alt_key, on_click=True, icon="person"
    )
    if opened:
        go_customer(int(opened["customer_key"]))


def pager(total: int, *, key: str, size: int = 50) -> tuple[int, int]:
    """Which page of how many rows: (page counted from 1, rows a page)."""
    session = current()
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        chosen = st.selectbox(
            session.t("app.table.page_size"),
            PAGE_SIZES,
            index=PAGE_SIZES.index(size) if size in PAGE_SIZES else 1,
            key=f"size_{key}",
            persist_state="session",
            label_visibility="collapsed",
            width=90,
        )
        rows = int(chosen or size)
        pages = max(1, ceil(total / rows))
        words = st.container(width="content")
        page = min(int(st.pagination(pages, key=f"page_{key}")), pages) if pages > 1 else 1
    first, last = (min((page - 1) * rows + 1, total), min(page * rows, total))
    numbers = {"first": first, "last": last, "total": total}
    facts = {name: formats.number(value, session.language) for name, value in numbers.items()}
    words.caption(session.t("app.table.rows", **facts))
    return page, rows
