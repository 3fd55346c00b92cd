"""Parts of the page of cohorts: what is asked, the triangle, the curves, the layers, the people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from crm_core.audiences import FIELDS
from crm_core.charts import month_lines, stacked_columns
from crm_core.metrics import ALREADY, METRICS, REST, RETENTION, STEPS, is_guarded, is_money
from crm_core.rules import All, Condition
from crm_core.text import formats
from crm_core.ui.audience_builder import edit
from crm_core.ui.cohort_triangle import triangle
from crm_core.ui.cohort_words import cohort_words, layer_words, part_words
from crm_core.ui.fields import button, choice_field, switch_choice, switch_field
from crm_core.ui.kpi import figures
from crm_core.ui.layout import card, columns, draw, go, panel, row
from crm_core.ui.navigation import spec_of
from crm_core.ui.said import said, say
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, pager
from crm_core.ui.words import caption, note
from crm_core.views.cohort_layers import NOBODY, layers
from crm_core.views.cohort_sums import UNKNOWN
from crm_core.views.cohorts import (
    ALL,
    BY,
    GROUPS,
    MEASURES,
    SPLITS,
    Cohorts,
    Won,
    cohort_members,
    cohorts,
    days_of,
    what_winning_cost,
)

_MARKS = {"month": (3, 6, 12), "week": (4, 8, 13)}
_PAYING = ("margin", "contribution_before_marketing")
_MOST_CURVES = 8
_LAYERS = ("cohorts", "parts")


@dataclass(frozen=True)
class Asked:
    """What the controls say."""

    by: str
    measure: str
    split: str


def ask() -> Asked:
    """The controls: month or week, what is measured, how customers are told apart; the address
    carries them."""
    left, middle, right = columns(2, 3, 3)
    with left:
        by = switch_choice(
            "cohorts.by", BY, key="cohorts_by", prefix="cohorts.by_step", value=said("by", BY)
        )
    with middle:
        measure = _chosen("measure", MEASURES)
    with right:
        split = _chosen("split", SPLITS)
    if say("split", split, SPLITS[0]) == SPLITS[0]:
        st.query_params.pop("part", None)
    return Asked(say("by", by, BY[0]), say("measure", measure, MEASURES[0]), split)


def _chosen(name: str, codes: Sequence[str]) -> str:
    chosen = choice_field(
        f"cohorts.{name}_label",
        codes,
        key=f"cohorts_{name}",
        prefix=f"cohorts.{name}",
        value=said(name, codes),
    )
    return chosen or codes[0]


def known_cohorts(asked: Asked, part: str = ALL) -> Cohorts:
    """The view of what is asked, of one part or of all."""
    return show(
        cohorts,
        current().selection,
        by=asked.by,
        measure=asked.measure,
        split=asked.split,
        part=part,
    )


def draw_figures(view: Cohorts) -> None:
    """How many came, and the measure at a few ages; and what cannot be told."""
    everyone = view.curves[view.curves["part"] == ALL].set_index("age")["value"]
    shift = 0 if view.measure == RETENTION else 1
    unit = unit_of(view.measure)
    kind = "in" if view.measure == RETENTION else "after"
    values: list[tuple[str, float | None, str]] = [
        ("cohorts.column.customers", float(view.everybody), "count")
    ]
    for age in _MARKS[view.by]:
        value = everyone.get(age - shift)
        known = None if value is None else float(value)
        values.append((f"cohorts.figure.{kind}_{view.by}_{age}", known, unit))
    figures(values)
    caption("cohorts.figures_about")
    if view.kept_out:
        note("cohorts.kept_out", customers=formats.number(view.kept_out, current().language))
    if view.measure in _PAYING and not view.known:
        note("acquisition.no_costs")


def draw_triangle(view: Cohorts, asked: Asked) -> None:
    """The triangle of a part to choose, and the people of the cell that was clicked."""
    with panel("cohorts.triangle", help_key="cohorts.triangle_about"):
        mine = known_cohorts(asked, _choose_part(view))
        won = _won(mine)
        cell = triangle(mine, won, unit_of(view.measure), is_paying=view.measure in _PAYING)
        caption(f"cohorts.age_note.{view.by}")
        if won is not None and view.measure in _PAYING:
            caption("cohorts.paid_note")
    if cell:
        _draw_people(mine, *cell)


def _choose_part(view: Cohorts) -> str:
    codes = [ALL, *(str(code) for code in view.parts["part"])]
    words = {code: part_words(view, code) for code in codes}
    chosen = st.selectbox(
        current().md("cohorts.choose"),
        codes,
        index=codes.index(said("part", codes)),
        format_func=lambda code: words[code],
        key=f"cohorts_part_{view.split}",
        persist_state="session",
    )
    return say("part", chosen if chosen in codes else ALL, ALL)


def _won(view: Cohorts) -> Won | None:
    """What winning a customer of the part cost, where money is looked at and it is known."""
    if not is_money(view.measure):
        return None
    session = current()
    won = show(what_winning_cost, session.selection, split=view.split, part=view.part)
    return won if won.cost is not None else None


def draw_curves(view: Cohorts) -> None:
    """A line for all and for each part, over customers observed that long; pointing tells n."""
    session = current()
    parts = [ALL, *[code for code in view.parts["part"] if code not in (REST, UNKNOWN)]]
    frame = view.curves[view.curves["part"].isin(parts[: _MOST_CURVES + 1])]
    if frame.empty:
        caption("cohorts.no_curves")
        return
    least = session.t("cohorts.n", customers="{}")
    notes = [least.format(formats.number(n, session.language)) for n in frame["customers"]]
    ages = frame["age"] + (0 if view.measure == RETENTION else 1)
    frame = frame.assign(
        month=ages, series=[part_words(view, code) for code in frame["part"]], note=notes
    )
    won = _won(view)
    mark = (session.t("cohorts.cost_mark"), won.cost) if won and won.cost is not None else None
    chart = month_lines(
        frame,
        session.numbers(unit_of(view.measure)),
        mark=mark,
        x_title=session.t(f"cohorts.axis.{view.by}"),
    )
    card("cohorts.curves", chart, key="cohorts_curves", help_key="cohorts.curves_about")
    if won is not None:
        _say_payback(won)


def _say_payback(won: Won) -> None:
    session = current()
    cost = session.write(won.cost, "money")
    if won.payback is None:
        caption("cohorts.not_paid", cost=cost)
    else:
        caption("cohorts.paid", cost=cost, months=won.payback)


def draw_layers(view: Cohorts) -> None:
    """Net revenue over calendar time, in layers of cohorts or of parts."""
    with panel("cohorts.layers", help_key="cohorts.layers_about"):
        is_said = said("layers", _LAYERS) == _LAYERS[1]
        by_part = switch_field("cohorts.by_part", key="cohorts_layers_by_part", value=is_said)
        say("layers", _LAYERS[int(by_part)], _LAYERS[0])
        _draw_layers(view, by_part=by_part)
        caption("cohorts.layers_note")


def _draw_layers(view: Cohorts, *, by_part: bool) -> None:
    session = current()
    found = show(layers, session.selection, split=view.split, by_part=by_part)
    words = layer_words(view, found)
    frame = found.rows.assign(
        place=found.rows["layer"].map({code: place for place, code in enumerate(found.order)}),
        series=found.rows["layer"].map(words),
        day=found.rows["month"],
        value=found.rows["amount"],
        is_rest=found.rows["layer"].isin([ALREADY, NOBODY, REST]),
    ).sort_values(["place", "day"])
    chart = stacked_columns(frame, session.numbers("money"), ordered=not by_part)
    draw(chart, key="cohorts_layers", title=session.t("cohorts.layers"))


def _draw_people(view: Cohorts, cohort: date, age: int) -> None:
    """Who came in the month or week that was clicked: all, or those who bought at that age."""
    session = current()
    with panel("cohorts.people", cohort=cohort_words(view, cohort)):
        with row():
            group = switch_choice(
                "cohorts.group_label", GROUPS, key="cohorts_group", prefix="cohorts.group"
            )
            _to_audience(view, cohort, group)
        days = STEPS[view.by].days
        caption("cohorts.people_about", first=age * days, last=age * days + days - 1)
        wanted: dict[str, Any] = {
            "by": view.by,
            "split": view.split,
            "part": view.part,
            "cohort": cohort,
            "age": age,
        }
        one = show(cohort_members, session.selection, **wanted, group=group, size=1)
        total = 0 if one.empty else int(one["found"].iloc[0])
        if not total and is_guarded(session.access):
            caption("cohorts.people_none")
            return
        page, size = pager(total, key=f"cohorts_{cohort}_{age}_{group}") if total else (1, 50)
        people = show(
            cohort_members, session.selection, **wanted, group=group, page=page, size=size
        )
        customer_table(
            people,
            [
                Column("first_day", "date", "acquisition.column.first_day"),
                Column("orders_then", "count", "cohorts.column.orders_then"),
                Column("orders", "count", "metric.orders.label"),
                Column("net_revenue", "cents", "metric.net_revenue.label"),
            ],
            key="cohorts_people",
            alt_key="cohorts.column.customers",
        )


def _to_audience(view: Cohorts, cohort: date, group: str) -> None:
    """A button that takes all of a cohort to Audiences, where a rule can say who they are."""
    spec = spec_of("audiences")
    part = view.part
    named = part == ALL or (view.split in FIELDS and part != REST)
    if spec is None or current().access.role not in spec.roles or group != GROUPS[0] or not named:
        return
    since = Condition("first_order_day", "between", days_of(cohort, view.by))
    parts = [since, Condition("is_already_customer", "is_false")]
    if part == UNKNOWN:
        parts.append(Condition(view.split, "is_unknown"))
    elif part != ALL:
        parts.append(Condition(view.split, "is", part))
    if button("cohorts.to_audience", key="cohorts_audience", icon="campaign"):
        edit(All(tuple(parts)))
        go("audiences")


def unit_of(measure: str) -> str:
    """How a measure per customer is written."""
    if measure == RETENTION:
        return "rate"
    return "money" if METRICS[measure].unit == "money" else "per"
