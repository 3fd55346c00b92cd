"""What changed, on screen: the sentence, the bars, the groups and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import streamlit as st

from crm_core.charts import waterfall
from crm_core.text import formats
from crm_core.ui.fields import button
from crm_core.ui.kpi import figures
from crm_core.ui.layout import draw, go, panel
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, paragraph, warning
from crm_core.views.change_words import day_facts, sentence
from crm_core.views.changes import BARS, FEW, REST, UNKNOWN, Changes, bars_shown
from crm_core.views.code_words import words_for

_CHOSEN = "changes_group"
_FACTORS = {"customers": "count", "frequency": "per", "items": "per", "price": "money",
            "refunds": "rate"}  # fmt: skip
_MOST_WORDS = 3


def draw_coverage(view: Changes, *, is_own: bool) -> None:
    """The days meant, and what is not complete about them."""
    session, found = current(), view.pair
    if session.selection.compare == "none" and found.event is None and not is_own:
        caption("changes.previous_instead")
    if found.event is not None:
        event = found.event
        name = event.name_zh if session.language == "zh" else event.name_en
        days = {"day": _day(event.day), "day_before": _day(event.before)}
        caption("changes.periods_event", name=name, **days, **day_facts(view, session.language))
    else:
        caption("changes.periods", **day_facts(view, session.language))
    state = found.completeness
    if state.cut_days:
        warning("changes.cut", until=_day(state.until), days=state.cut_days)
    for spell in state.missing:
        warning("changes.missing", start=_day(spell.start), end=_day(spell.end))
    if state.unripe_days:
        kind = "order" if state.by_order_day else "own"
        told = {"days": state.unripe_days, "ripe": state.ripe_days}
        (warning if state.by_order_day else caption)(f"changes.unripe_{kind}", **told)


def draw_sentence(view: Changes) -> None:
    """The move in words and figures."""
    session = current()
    moved = view.change
    key, facts = sentence(view, session.numbers("money"))
    paragraph(key, **facts)
    bars = sorted(view.bars.items(), key=lambda each: -abs(each[1]))[:_MOST_WORDS]
    named = [(bar_words(bar), amount) for bar, amount in bars if amount]
    if named:
        caption("changes.sentence.parts", parts=_listed(named))
    if view.by != "whole" and moved:
        top = view.groups.head(_MOST_WORDS)
        rows = zip(group_words(view), top["change"], strict=False)
        caption("changes.sentence.groups", groups=_listed(list(rows)))
    figures(
        [
            ("changes.figure.now", view.now, "money"),
            ("changes.figure.before", view.before, "money"),
            ("changes.figure.change", moved, "money"),
            ("changes.figure.relative", moved / abs(view.before) if view.before else None, "rate"),
        ]
    )


def draw_steps(bars: Mapping[str, float], *, place: str, title: str) -> str | None:
    """The bars of a move and their sum; the bar just clicked."""
    session = current()
    shown = bars_shown(bars)
    frame = pd.DataFrame(
        {
            "label": [*map(bar_words, shown), bar_words("total")],
            "value": [*(bars[bar] for bar in shown), round(sum(bars.values()), 2)],
            "code": [*shown, ""],
            "shared": False,
        }
    )
    chart = waterfall(frame, session.numbers("money"), opens=False)
    return draw(chart, key=place, on_click=True, title=title)


def draw_groups(view: Changes, bar: str | None) -> str | None:
    """The groups, by their move or by one bar of it; the code of the one that is open."""
    caption("changes.groups_note")
    rows = view.groups.assign(label=group_words(view))
    if bar:
        caption("changes.sorted_by", bar=bar_words(bar))
        rows = rows.loc[rows[bar].abs().sort_values(ascending=False, kind="stable").index]
        rows = rows.reset_index(drop=True)
    shown = bars_shown({name: float((rows[name] != 0).any()) for name in BARS})
    opened = data_table(
        rows,
        [
            Column("label", label_key=f"changes.grouping.{view.by}", pinned=True),
            *(Column(name, "cents", f"changes.column.{name}") for name in ("change", "now", "before")),
            Column("main", "code", "changes.column.main", prefix="changes.bar"),
            *(Column(name, "cents", f"changes.bar.{name}", help_key=f"changes.bar_about.{name}")
              for name in shown),
        ],
        key=f"changes_groups_{view.by}",
        on_click=True,
        alt_key="changes.groups",
    )  # fmt: skip
    for code in (FEW, REST):
        if code in set(rows["code"]):
            caption(f"changes.{code.removeprefix('_')}_note")
    if opened:
        st.session_state[_CHOSEN] = (view.by, str(opened["code"]))
    by, code = st.session_state.get(_CHOSEN, ("", ""))
    return code if by == view.by and code in set(rows["code"]) else None


def draw_group(view: Changes, code: str) -> None:
    """One group's bars, its factors then and now, and the ways on from it."""
    session = current()
    words = dict(zip(view.groups["code"], group_words(view), strict=True))[code]
    with panel("changes.group", name=words):
        bars = view.bars_of(code)
        draw_steps(bars, place="changes_group", title=words)
        row = view.groups[view.groups["code"] == code].iloc[0]
        told = [
            {
                "factor": bar_words(factor),
                **{when: session.write(_known(row[f"{factor}_{when}"]), unit)
                   for when in ("before", "now")},
                "effect": session.write(bars[factor], "money"),
            }
            for factor, unit in _FACTORS.items()
        ]  # fmt: skip
        data_table(
            pd.DataFrame(told),
            [
                Column("factor", label_key="changes.factor"),
                Column("before", label_key="changes.column.before"),
                Column("now", label_key="changes.column.now"),
                Column("effect", label_key="changes.effect"),
            ],
            key="changes_factors",
            alt_key="changes.factor",
        )
        _ways_on(view.by, code)


def _ways_on(by: str, code: str) -> None:
    if by == "segment":
        if button("changes.to_movement", key="changes_to_movement", icon="moving"):
            go("movement")
        return
    if code in (UNKNOWN, FEW, REST) or by == "whole":
        return
    with st.container(horizontal=True):
        for page, icon in (("changes", "filter_alt"), ("overview", "monitoring"), ("customers", "group")):  # fmt: skip
            if button(f"changes.to_{page}", key=f"changes_to_{page}", icon=icon):
                go(page, **{by: code})


def draw_prices(view: Changes) -> None:
    """The products whose price moved most money."""
    if view.prices.empty:
        caption("changes.no_prices")
        return
    data_table(
        view.prices,
        [
            Column("product", label_key="changes.column.product"),
            Column("before", "cents", "changes.column.price_before"),
            Column("now", "cents", "changes.column.price_now"),
            Column("effect", "cents", "changes.effect"),
        ],
        key="changes_prices",
        alt_key="changes.prices",
    )


def draw_sources(view: Changes) -> None:
    """The last day of every source, and which is late."""
    rows = [
        {"source": each.source, "last": pd.Timestamp(each.last), "silent": each.silent_days,
         "usual": each.usual_days, "late": each.is_late}
        for each in view.pair.completeness.sources
    ]  # fmt: skip
    data_table(
        pd.DataFrame(rows),
        [
            Column("source", "code", "changes.column.source", prefix="changes.source"),
            Column("last", "date", "changes.column.last"),
            Column("silent", "count", "changes.column.silent"),
            Column("usual", "count", "changes.column.usual"),
            Column("late", "switch", "changes.column.late"),
        ],
        key="changes_sources",
        alt_key="changes.sources",
    )


def bar_words(bar: str) -> str:
    """A bar's name."""
    return current().t(f"changes.bar.{bar}")


def group_words(view: Changes) -> list[str]:
    """The groups' names, in the order of the view."""
    session = current()
    found: list[str] = []
    for code in view.groups["code"]:
        if view.by == "segment" and code == UNKNOWN:
            found.append(session.t("changes.group_words._new"))
        elif code in (UNKNOWN, FEW, REST):
            found.append(session.t(f"changes.group_words.{code}"))
        elif view.by == "segment":
            found.append(session.t(f"lifecycle.{code}.name"))
        else:
            found.append(words_for(view.by, str(code), session.language))
    return found


def _listed(named: Sequence[tuple[str, float]]) -> str:
    session = current()
    words = [
        session.t(
            "changes.sentence.part",
            name=name,
            amount=("+" if amount > 0 else "") + session.write(amount, "money"),
        )
        for name, amount in named
    ]
    return session.t("changes.sentence.join").join(words)


def _day(value: date) -> str:
    return formats.day(value, current().language)


def _known(value: float) -> float | None:
    return None if value != value else float(value)
