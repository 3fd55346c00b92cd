"""Parts of the page about movement: which days, the matrix of flows, what became of a segment."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.models.movement import ABSENT
from crm_core.selection import segment_code
from crm_core.text import formats
from crm_core.ui.fields import choice_field, day_field, switch_choice, switch_field
from crm_core.ui.kpi import kpis
from crm_core.ui.layout import busy, row
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note, paragraph
from crm_core.views.card import Card
from crm_core.views.code_words import segment_name
from crm_core.views.movement import NAMES, PRESETS, Days, Movement, at_hand, became, codes_of, days

MODES = ("between", "day")
_TOTAL = "_total"
_NAME_WIDTH = 150  # pixels
_HEAT = "rgba(94, 114, 235, {:.2f})"
_PARAMS = {"mode": "show", "name": "by", "then": "then", "now": "now"}


@dataclass(frozen=True)
class Asked:
    """What the page is to show: between two days, or one day (`now`), by which segments."""

    mode: str
    name: str
    then: date
    now: date

    @property
    def days(self) -> tuple[date, ...]:
        """The days whose segments are needed."""
        return (self.now,) if self.mode == "day" else (self.then, self.now)

    @property
    def flow(self) -> dict[str, Any]:
        """The same as arguments of the views of movement."""
        return {"then": self.then, "now": self.now, "name": self.name}


def ask_days() -> Asked:
    """The fields at the top of the page; the address keeps what they say, as codes."""
    there = show(days, current().selection)
    told = {name: st.query_params.get(param, "") for name, param in _PARAMS.items()}
    with row():
        mode = switch_choice(
            "movement.mode",
            MODES,
            key="movement_mode",
            prefix="movement.mode_words",
            value=told["mode"],
        )
        name = switch_choice(
            "movement.by",
            NAMES,
            key="movement_by",
            prefix="filters.segmentation",
            value=told["name"],
        )
        if mode == "day":
            now = then = _day("movement.day", "movement_day", told["now"], there.last, there)
        else:
            then, now = _two_days(told, there)
    asked = Asked(mode, name, then, now)
    _write(asked, there)
    return asked


def _two_days(told: dict[str, str], there: Days) -> tuple[date, date]:
    preset = choice_field(
        "movement.since",
        PRESETS,
        key="movement_preset",
        prefix="movement.presets",
        value="own" if told["then"] or told["now"] else "year",
    )
    if preset != "own":
        return there.back(preset or "year"), there.last
    before = there.back("year")
    then = _day("movement.then", "movement_then", told["then"], before, there)
    return then, _day("movement.now", "movement_now", told["now"], there.last, there)


def _day(label_key: str, key: str, told: str, otherwise: date, there: Days) -> date:
    try:
        first = there.inside(date.fromisoformat(told))
    except ValueError:
        first = otherwise
    return day_field(label_key, key=key, value=first, low=there.first, high=there.last) or first


def _write(asked: Asked, there: Days) -> None:
    usual = Asked(MODES[0], NAMES[0], there.back("year"), there.last)
    for name, param in _PARAMS.items():
        value = getattr(asked, name)
        if value == getattr(usual, name) or (name == "then" and asked.mode == "day"):
            st.query_params.pop(param, None)
        elif st.query_params.get(param) != str(value):
            st.query_params[param] = str(value)


def computing(asked: Asked) -> AbstractContextManager[None]:
    """Says that days are being computed, where the last refresh did not keep them."""
    if show(at_hand, current().selection, asked=asked.days):
        return nullcontext()
    return busy("movement.computing")


def draw_figures(view: Movement, name: str) -> None:
    """The numbers the page opens with; each says in its tooltip what it counts."""
    kpis(
        [
            Card(
                "movement.customers_now",
                view.customers_now,
                "count",
                previous=view.customers_then,
                definition_key="movement.customers_about",
            ),
            *[
                Card(
                    f"movement.{each}",
                    view.sizes[each],
                    "count",
                    definition_key=f"movement.{each}_about.{name}",
                )
                for each in ("up", "down", "back", "silent")
            ],
            Card(
                "movement.net",
                view.net_now,
                "money",
                previous=view.net_then,
                definition_key="movement.net_about",
            ),
        ],
        columns=3,
    )


def code_words(name: str, codes: Sequence[Any]) -> list[str]:
    """The names of segments, and of not having been there."""
    session = current()
    return [
        session.t(f"movement.absent.{name}")
        if code == ABSENT
        else segment_name(segment_code(name, str(code)), session.language)
        for code in codes
    ]


def flow_frame(view: Movement, name: str) -> pd.DataFrame:
    """The flows with their segments in words, as the chart of bands wants them."""
    return view.cells.assign(
        source=code_words(name, view.cells["code_then"].tolist()),
        target=code_words(name, view.cells["code_now"].tolist()),
        value=view.cells["customers"],
    )


def flow_matrix(view: Movement, name: str) -> tuple[str, str] | None:
    """The matrix of flows, shaded by the share of the row; the flow whose cell was clicked."""
    session = current()
    as_shares = switch_field("movement.as_shares", key="movement_shares")
    counts = _wide(view, "customers").astype("float64")
    shares = _wide(view, "share")
    shown = _with_totals(counts, view, as_shares=as_shares)
    labels = code_words(name, view.columns)
    config: dict[str, Any] = {
        _TOTAL: st.column_config.NumberColumn(
            session.t("movement.all_then"), format="%,.0f", width="small"
        ),
        "then": st.column_config.TextColumn(
            session.t("movement.from_to"), pinned=True, width=_NAME_WIDTH
        ),
    }
    for code, label in zip(view.columns, labels, strict=True):
        number = "%.1f%%" if as_shares else "%,.0f"
        config[code] = st.column_config.NumberColumn(
            label, help=label, format=number, width="small"
        )
    words = [*code_words(name, view.rows), session.t("movement.all_now")]
    shown.insert(0, "then", words)
    shades = shares.reindex(index=view.rows, columns=view.columns).fillna(0.0)
    event: Any = st.dataframe(
        shown.style.apply(_shading(shades), axis=None),
        hide_index=True,
        column_config=config,
        key=f"matrix_{name}_{view.then}_{view.now}",
        height=36 + 36 * len(shown),
        row_height=36,
        placeholder="",
        on_select="rerun",
        selection_mode="single-cell",
        alt=session.t("movement.matrix"),
    )
    for place, column in event.selection.cells:
        if place < len(view.rows) and column in view.columns and counts.iloc[place][column] > 0:
            return view.rows[place], str(column)
    return None


def _wide(view: Movement, column: str) -> pd.DataFrame:
    wide = view.cells.pivot(index="code_then", columns="code_now", values=column)
    return wide.reindex(index=list(view.rows), columns=list(view.columns))


def _with_totals(counts: pd.DataFrame, view: Movement, *, as_shares: bool) -> pd.DataFrame:
    """Counts or shares of the row in percent, with how many there were then and are now."""
    then, now = counts.sum(axis=1), counts.sum(axis=0)
    whole = float(now.sum()) or 1.0
    cells = counts.div(then, axis=0) * 100 if as_shares else counts
    last = now / whole * 100 if as_shares else now
    body = pd.concat([cells, last.to_frame().T], ignore_index=True)
    body[_TOTAL] = [*then, whole if view.rows else 0.0]
    return body


def _shading(shades: pd.DataFrame) -> Any:
    """Colours for the cells of the flows; first column, totals and empty cells stay plain."""

    def colours(frame: pd.DataFrame) -> pd.DataFrame:
        plain = pd.DataFrame("", index=frame.index, columns=frame.columns)
        for place, (_, line) in enumerate(shades.iterrows()):
            for code, share in line.items():
                if share > 0:
                    plain.loc[place, code] = (
                        f"background-color: {_HEAT.format(0.06 + 0.5 * share**0.6)}"
                    )
        return plain

    return colours


def money_table(view: Movement, name: str) -> None:
    """The flows by the money that moved with them, the largest difference first."""
    frame = view.cells.assign(size=view.cells["difference"].abs())
    frame = frame.sort_values(["size", "customers"], ascending=False, ignore_index=True)
    data_table(
        frame.assign(
            source=code_words(name, frame["code_then"].tolist()),
            target=code_words(name, frame["code_now"].tolist()),
        ),
        [
            Column("source", label_key="movement.column.then"),
            Column("target", label_key="movement.column.now"),
            Column("customers", "count", "movement.column.customers"),
            Column("net_then", "money", "movement.column.net_then"),
            Column("net_now", "money", "movement.column.net_now"),
            Column("difference", "money", "movement.column.difference"),
        ],
        key="movement_money",
        alt_key="movement.money",
    )


def draw_became(name: str) -> None:
    """What became of a segment of a year ago, beside what was to be expected of it."""
    session = current()
    codes = codes_of(name)
    words = dict(zip(codes, code_words(name, codes), strict=True))
    code = st.selectbox(
        session.md("movement.became_of"),
        codes,
        index=codes.index("at_risk"),
        format_func=words.__getitem__,
        key=f"became_{name}",
        persist_state="session",
    )
    found = show(became, session.selection, name=name, code=str(code))
    if found is None:
        note("movement.became_none", name=words[str(code)])
        return
    rows = [("followed", found.cohort), ("expected", found.expected)]
    data_table(
        pd.DataFrame(
            [
                {
                    "who": session.t(
                        f"movement.{key}", day=formats.day(each.day, session.language)
                    ),
                    "customers": each.customers,
                    "share": each.share,
                    "net_before": each.net_before,
                    "net_after": each.net_after,
                }
                for key, each in rows
                if each is not None
            ]
        ),
        [
            Column("who", label_key="movement.column.who"),
            Column("customers", "count", "movement.column.customers"),
            Column("share", "rate", "movement.column.bought"),
            Column("net_before", "cents", "movement.column.net_before"),
            Column("net_after", "cents", "movement.column.net_after"),
        ],
        key="movement_became",
        alt_key="movement.became",
    )
    if found.expected is not None:
        day = formats.day(found.expected.day, session.language)
        caption(f"movement.basis.{found.basis}", name=words[str(code)], day=day)
    paragraph(f"movement.verdict.{found.verdict or 'none'}")
    caption("movement.regression")
