"""How goals stand: a card each, all of a month side by side, a metric by month and by channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.charts.goals import bullets, goal_months
from crm_core.metrics import METRICS
from crm_core.metrics.goals import ADDED, GOAL_METRICS, NO_CHANNEL, WHOLE
from crm_core.text import formats
from crm_core.ui.goals_words import (
    channel_words,
    metric_words,
    verdict_badge,
    verdict_words,
    written,
)
from crm_core.ui.kpi import plain_value
from crm_core.ui.layout import columns, draw, grid, panel
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note, plain, warning
from crm_core.views.goals import Goals, of_month

_MONTHS_SHOWN = 15
_SURE = 0.99
_UNITS = {"money": "money", "count": "count", "rate": "rate", "per": "per", "number": "number"}


def choose_month(view: Goals) -> date:
    """The month to look at, among those that have goals."""
    session = current()
    months = sorted(set(view.goals["month"]), reverse=True)
    begin = view.month if view.month in months else _nearest(months, view.month)
    found: Any = st.selectbox(
        session.md("goals.month"),
        months,
        index=months.index(begin),
        format_func=lambda month: formats.month(month, session.language),
        key="goals_month",
        width=260,
    )
    return found


def _nearest(months: Sequence[date], month: date) -> date:
    """The latest month before the one that runs, or else the first after it."""
    before = [each for each in months if each <= month]
    return before[0] if before else months[-1]


def draw_month(view: Goals, month: date) -> None:
    """The shop's goals of a month: a card each, and all of them as shares of their targets."""
    rows = of_month(view.goals, month)
    session = current()
    if rows.empty:
        note("goals.channels_only", month=formats.month(month, session.language))
        return
    with grid(3, min_width=250):
        for row in rows.to_dict("records"):
            _goal_card(row, session)
    added = rows[rows["metric"].isin(ADDED) & (rows["reached"].notna() | rows["landing"].notna())]
    if added.empty:
        return
    with panel("goals.side_by_side", help_key="goals.side_by_side_about"):
        shares = _shares(added, [metric_words(name, session) for name in added["metric"]])
        draw(bullets(shares, session.language), key="goals_month")


def _shares(rows: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Goals as shares of their targets."""
    shares = rows[["reached", "usual"]].assign(label=list(labels))
    for name in ("landing", "low", "high"):
        shares[name] = rows[name] / rows["target"]
    return shares.reset_index(drop=True)


def _goal_card(row: dict[Any, Any], session: Session) -> None:
    name = row["metric"]
    ahead = row["status"] == "ahead"
    value = row["landing"] if ahead else row["actual"]
    is_known = value == value
    share = value / row["target"] if name in ADDED and is_known else None
    goal = written(row["target"], name, session)
    key = "goals.card.most" if METRICS[name].good == "down" else "goals.card.of"
    with st.container(border=True, height="stretch", gap="small"):
        st.metric(
            session.md(f"metric.{name}.label"),
            plain_value(written(value if is_known else row["target"], name, session)),
            delta=formats.percent(share, session.language, 0) if share is not None else None,
            delta_color="off",
            delta_arrow="off",
            delta_description=plain_value(
                session.t(key if is_known else "goals.card.goal", target=goal)
            ),
            help=session.maybe(f"metric.{name}.about"),
        )
        verdict_badge(row["verdict"], session)
        st.caption(plain_value("  \n".join(_sentences(row, session))))


def _sentences(row: dict[Any, Any], session: Session) -> list[str]:
    """What there is to say of a goal below its figure."""
    name, told = row["metric"], []
    if row["status"] == "ahead" and row["landing"] == row["landing"]:
        told.append(session.md("goals.card.expected"))
    if row["usual"] == row["usual"]:
        usual = formats.percent(row["usual"], session.language, 0)
        told.append(session.md("goals.card.usual", share=usual))
    if row["landing"] == row["landing"]:
        told.append(
            session.md(
                "goals.card.lands" if row["status"] == "running" else "goals.card.between",
                landing=written(row["landing"], name, session),
                low=written(row["low"], name, session),
                high=written(row["high"], name, session),
            )
        )
        told.append(_chance_words(row["chance"], session))
    if row["reason"]:
        told.append(session.md(f"goals.reason.{row['reason']}"))
    if row["status"] == "past" and row["actual"] == row["actual"]:
        over = row["actual"] - row["target"]
        words = written(abs(over), name, session)
        told.append(session.md("goals.card.over" if over >= 0 else "goals.card.short", by=words))
    return told


def _chance_words(chance: float, session: Session) -> str:
    """A chance in words; nothing is ever quite certain."""
    if chance > _SURE:
        return session.md("goals.card.chance_most")
    if chance < 1 - _SURE:
        return session.md("goals.card.chance_least")
    likely = formats.percent(chance, session.language, 0)
    return session.md("goals.card.chance", chance=likely)


def draw_metric(view: Goals, month: date) -> None:
    """One metric closely: its months, and a month's sales channels."""
    session = current()
    rows = view.goals
    names = [name for name in GOAL_METRICS if name in set(rows["metric"])]
    first = of_month(rows, month)["metric"]
    begin = first.iloc[0] if len(first) else names[0]
    name: str = st.segmented_control(
        session.md("goals.metric"),
        names,
        default=begin,
        required=True,
        format_func=lambda code: metric_words(code, session),
        key="goals_metric",
    )
    _months(view, name, session)
    month_named = formats.month(month, session.language)
    with panel("goals.by_channel", metric=metric_words(name, session), month=month_named):
        _channels(view, name, month, session)


def _months(view: Goals, name: str, session: Session) -> None:
    """The shop's goals of a metric, month by month."""
    mine = view.goals[(view.goals["metric"] == name) & (view.goals["sales_channel"] == WHOLE)]
    if mine.empty:
        caption("goals.no_whole")
        return
    shown = mine.sort_values("month").tail(_MONTHS_SHOWN).reset_index(drop=True)
    left, right = columns(1, 1)
    words = metric_words(name, session)
    with left, panel("goals.by_month", metric=words):
        frame = shown.rename(columns={"actual": "value"}).assign(
            is_missed=shown["verdict"].isin(("missed", "so_far_missed"))
        )
        chart = goal_months(frame, session.numbers(METRICS[name].unit), name=words)
        draw(chart, key="goals_months")
        over = shown[shown["verdict"].isin(("hit", "missed"))]
        if len(over):
            hits = int((over["verdict"] == "hit").sum())
            caption("goals.hits", hits=hits, months=len(over))
    with right, panel("goals.months_table", metric=words):
        _month_table(shown, name, session)


def _month_table(shown: pd.DataFrame, name: str, session: Session) -> None:
    """The same as figures, the latest month first."""
    unit = _UNITS[METRICS[name].unit]
    data_table(
        shown[::-1].assign(
            words=[formats.month(month, session.language) for month in shown["month"][::-1]],
            verdict=[verdict_words(code, session) for code in shown["verdict"][::-1]],
        ),
        [
            Column("words", "text", "goals.month", pinned=True, width="small"),
            Column("target", unit, "goals.target"),
            Column("actual", unit, "goals.actual", help_key="goals.actual_about"),
            Column("landing", unit, "goals.landing", help_key="goals.landing_about"),
            Column("verdict", "text", "goals.stands"),
        ],
        key="goals_months",
        alt_key="goals.by_month_alt",
    )


def _channels(view: Goals, name: str, month: date, session: Session) -> None:
    """A month by sales channel: goals, and what there is without one, up to the whole shop."""
    frame = channel_rows(view, name, month)
    unit = _UNITS[METRICS[name].unit]
    with_goal = frame[frame["target"].notna()]
    if with_goal[with_goal["sales_channel"] != WHOLE].empty:
        caption("goals.no_channels")
    else:
        _sum_of_channels(frame, name, session)
    data_table(
        frame.assign(
            words=[channel_words(code, session) for code in frame["sales_channel"]],
            verdict=[
                "" if code != code or code is None else verdict_words(str(code), session)
                for code in frame["verdict"]
            ],
        ),
        [
            Column("words", "text", "goals.channel", pinned=True),
            Column("target", unit, "goals.target"),
            Column("actual", unit, "goals.actual", help_key="goals.actual_about"),
            *([Column("reached", "rate", "goals.reached")] if name in ADDED else []),
            Column("landing", unit, "goals.landing", help_key="goals.landing_about"),
            Column("low", unit, "goals.low"),
            Column("high", unit, "goals.high"),
            Column("verdict", "text", "goals.stands"),
        ],
        key="goals_channels",
        alt_key="goals.by_channel_alt",
    )
    if name not in ADDED:
        caption("goals.ratio_note")


def channel_rows(view: Goals, name: str, month: date) -> pd.DataFrame:
    """A row a sales channel that has a goal of the month or sold in it, the shop last."""
    rows = view.goals[(view.goals["metric"] == name) & (view.goals["month"] == month)]
    actual = view.values(name, month)
    coded = {*rows["sales_channel"], *actual, *view.channels, WHOLE} - {NO_CHANNEL}
    known = [code for code in view.channels if code in coded]
    others = sorted(coded - {*known, WHOLE})
    rest = [NO_CHANNEL] if name in ADDED and actual.get(NO_CHANNEL) else []
    order = [*known, *others, *rest, WHOLE]
    told = rows.set_index("sales_channel").reindex(order).reset_index()
    told["actual"] = [actual.get(code, float("nan")) for code in order]
    return told


def _sum_of_channels(frame: pd.DataFrame, name: str, session: Session) -> None:
    """Whether the channels' goals add up to the shop's."""
    if name not in ADDED:
        return
    parts = float(frame[frame["sales_channel"] != WHOLE]["target"].sum())
    whole = float(frame[frame["sales_channel"] == WHOLE]["target"].sum())
    facts = {"sum": plain_value(written(parts, name, session))}
    if not whole:
        caption("goals.sum_alone", **facts)
        return
    over = parts - whole
    facts["by"] = plain_value(written(abs(over), name, session))
    if abs(over) < 0.5:
        caption("goals.sum_even", **facts)
    else:
        caption("goals.sum_over" if over > 0 else "goals.sum_short", **facts)


def draw_gone(view: Goals) -> None:
    """Goals of channels that sell no more, or never did: told, and kept until somebody clears them."""
    session = current()
    if not view.gone:
        return
    warning("goals.gone", count=len(view.gone))
    for code, month in view.gone.items():
        months = view.goals[
            (view.goals["sales_channel"] == code) & (view.goals["status"] != "past")
        ]
        words = [formats.month(each, session.language) for each in sorted(set(months["month"]))]
        facts = {
            "channel": channel_words(code, session),
            "months": session.t("rules.comma").join(words),
        }
        if month is None:
            plain(session.t("goals.gone_never", **facts))
        else:
            last = formats.month(month, session.language)
            plain(session.t("goals.gone_since", last=last, **facts))
