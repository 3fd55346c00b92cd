"""Parts of the page of new customers: the payback curve, the parts, their months, who came."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crm_core.charts import month_lines
from crm_core.text import formats
from crm_core.ui.fields import choice_field
from crm_core.ui.kpi import figures
from crm_core.ui.layout import card, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table
from crm_core.ui.words import caption, note
from crm_core.views.acquisition import ALL, Acquisition, cohort_people

_FIGURES = (
    Column("customers", "count", "acquisition.column.customers"),
    Column("cost", "money", "acquisition.column.cost", help_key="acquisition.cost_about"),
    Column("so_far", "money", "acquisition.column.so_far", help_key="acquisition.so_far_about"),
    Column("ahead", "money", "acquisition.column.ahead", help_key="acquisition.ahead_about"),
    Column("ratio", "per", "acquisition.column.ratio", help_key="acquisition.ratio_about"),
    Column("payback", "count", "acquisition.column.payback", help_key="acquisition.payback_about"),
    Column("spend", "money", "acquisition.column.spend"),
)


def draw_whole(view: Acquisition) -> None:
    """All new customers in figures, and what cannot be said of them."""
    whole = view.whole
    payback = whole.get("payback")
    figures(
        [
            ("acquisition.column.customers", float(whole.get("customers", 0)), "count"),
            ("acquisition.column.cost", _known(whole.get("cost")), "money"),
            ("acquisition.figure.payback", _known(payback), "count"),
            ("acquisition.figure.ratio", _known(whole.get("ratio")), "per"),
        ]
    )
    if whole.get("spend") is None or _known(whole.get("spend")) is None:
        note("acquisition.no_spend")
    if not view.known:
        note("acquisition.no_costs")
    if not view.scored:
        note("acquisition.no_ahead")


def draw_parts(view: Acquisition) -> str:
    """The curve, the table of parts, and the choice of one of them."""
    session = current()
    if view.curve.empty:
        caption("acquisition.no_curve", months=view.curve_months)
    else:
        frame = view.curve.assign(series=[part_words(part) for part in view.curve["part"]])
        card(
            "acquisition.curve",
            month_lines(frame, session.numbers("money")),
            key="acquisition_curve",
            help_key="acquisition.curve_about",
            note_key="acquisition.curve_note",
        )
    with panel("acquisition.parts"):
        caption("acquisition.parts_about")
        rows = view.parts.assign(label=[part_words(part) for part in view.parts["name"]])
        name = Column("label", label_key=f"acquisition.split.{view.split}")
        data_table(rows, [name, *_FIGURES], key="acquisition_parts", alt_key="acquisition.parts")
    codes = [str(code) for code in view.parts["name"]]
    place = f"acquisition_part_{view.split}"
    return choice_field("acquisition.choose", codes, key=place, prefix="acquisition.part") or ALL


def draw_months(view: Acquisition) -> None:
    """The months of the part; opening one shows who came in it."""
    session = current()
    with panel("acquisition.months", part=part_words(view.part)):
        if not view.months["complete"].all():
            caption("acquisition.still_running")
        words = [
            formats.month(pd.Timestamp(m).date(), session.language) for m in view.months["name"]
        ]
        name = Column("label", label_key="acquisition.column.month")
        opened = data_table(
            view.months.assign(label=words),
            [name, *_FIGURES],
            key=f"acquisition_months_{view.split}",
            on_click=True,
            alt_key="acquisition.column.month",
        )
    if opened:
        _draw_people(view, opened)


def part_words(code: Any) -> str:
    """A part in words: the whole, the rest and the unknown have words of their own."""
    session = current()
    return session.word("acquisition.part", code)


def _draw_people(view: Acquisition, opened: dict[str, Any]) -> None:
    session = current()
    month = pd.Timestamp(opened["name"]).date()
    rows = show(cohort_people, session.selection, split=view.split, part=view.part, cohort=month)
    with panel("acquisition.people", month=formats.month(month, session.language)):
        customer_table(
            rows,
            [
                Column("first_day", "date", "acquisition.column.first_day"),
                Column("so_far", "cents", "acquisition.column.so_far"),
            ],
            key="acquisition_people",
            alt_key="acquisition.column.customers",
        )


def _known(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
