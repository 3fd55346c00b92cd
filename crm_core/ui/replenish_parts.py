"""Parts about what runs out: who is due, the rhythm of items, the trials, one customer's clocks."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from crm_core.audiences import DUE_STATES, running_out_rule, segments_rule
from crm_core.audiences.playbooks import PLAYBOOKS
from crm_core.charts import scatter_fit, whiskers
from crm_core.errors import CrmError
from crm_core.privacy.escape import one_line
from crm_core.rules import All
from crm_core.selection import Selection
from crm_core.text import error_text, formats
from crm_core.ui.audience_builder import edit
from crm_core.ui.campaign_board import begin
from crm_core.ui.fields import button, choice_field, number_field, switch_choice
from crm_core.ui.kpi import figures
from crm_core.ui.layout import columns, draw, go, link, panel, row
from crm_core.ui.navigation import spec_of
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table, pager
from crm_core.ui.trust_parts import draw_verdict, model_badge
from crm_core.ui.words import caption, note, paragraph, plain, warning
from crm_core.views.replenish import OwnClock, Replenish, due_list, own_clocks, replenish

_SIZE = 25
_CHARTED = 30
_BOUGHT = Column("bought", label_key="replenish.bought")
_LISTED = (
    Column("what", label_key="replenish.what"),
    Column("due_day", "date", "replenish.due_day"),
    Column("p_due_7", "bar", "replenish.p_due_7", help_key="replenish.p_due_7_about"),
    Column("p_due_30", "bar", "replenish.p_due_30", help_key="replenish.p_due_30_about"),
    Column("last_day", "date", "replenish.last_day"),
    Column("usual_days", "days", "replenish.usual_days", help_key="replenish.usual_days_about"),
    Column("purchases", "count", "replenish.purchases", help_key="replenish.purchases_about"),
    Column("sure", "code", "replenish.sure_label", help_key="replenish.sure_about", prefix="replenish.sure"),
    Column("category", label_key="replenish.category"),
)  # fmt: skip
_RHYTHM = (
    Column("what", label_key="replenish.item", pinned=True),
    Column("level", "code", "replenish.level_label", prefix="replenish.level"),
    Column("category", label_key="replenish.category"),
    Column("usual_days", "days", "replenish.gap"),
    Column("half", label_key="replenish.middle_half"),
    Column("buyers", "count", "replenish.buyers"),
    Column("share_rebought", "rate", "replenish.share_rebought", help_key="replenish.share_rebought_about"),
    Column("never", "rate", "replenish.never", help_key="replenish.never_about"),
    Column("quick_words", label_key="replenish.quick", help_key="replenish.quick_about"),
)  # fmt: skip
_TRIALS = (
    Column("over", label_key="replenish.over_days"),
    Column("whom", "code", "replenish.whom", prefix="replenish.listed_of"),
    Column("items", "count", "replenish.clocks"),
    Column("brier", "score", "replenish.brier", help_key="replenish.brier_about"),
    Column("naive", "score", "replenish.naive", help_key="replenish.naive_about"),
    Column("error", "rate", "replenish.error", help_key="replenish.error_about"),
)


def known_clocks() -> Replenish | None:
    """What the last refresh says; None where it says nothing, and why is told in place."""
    session = current()
    try:
        return show(replenish, session.selection)
    except CrmError as error:
        kind = "no_clock" if error.code == "replenishment_no_clock" else "empty"
        with panel(f"replenish.{kind}_title"):
            plain(error_text(error, session.language))
            link("imports", "nav.page.imports", icon="upload_file")
    return None


def draw_numbers(view: Replenish) -> None:
    """How many are due, overdue, and what is to be expected of them all."""
    session = current()
    states = view.states.set_index("code")
    expected = states["expected_7"]
    figures(
        [
            ("replenish.due", _number(states["customers"]["due"]), "count"),
            ("replenish.overdue", _number(states["customers"]["overdue"]), "count"),
            ("replenish.expected_7", _number(expected.sum(skipna=False)), "count"),
            ("replenish.items", len(view.rhythm), "count"),
        ]
    )
    caption("replenish.scores_of", day=formats.day(view.as_of, session.language))


def _number(value: float) -> float | None:
    return None if value != value else float(value)


def draw_lists(view: Replenish) -> None:
    """Customers by when they are due, and the way of a list to Audiences."""
    session = current()
    with panel("replenish.lists", help_key="replenish.lists_about"):
        with row():
            state = switch_choice(
                "replenish.state", DUE_STATES, key="replenish_state", prefix="replenish.states"
            )
            names = [str(name) for name in view.rhythm["what"]]
            every = session.t("replenish.everything")
            chosen = choice_field("replenish.what", [every, *names], key="replenish_what")
            what = chosen if chosen in names else ""
            percent = number_field(
                "replenish.least", key="replenish_least", low=0.0, high=100.0, step=5.0
            )
            least = (percent or 0.0) / 100
            _to_audience(state, what, least)
        asked = {"state": state, "what": what, "least": least}
        first = show(due_list, session.selection, **asked, page=1, size=_SIZE)
        if first.customers is None:
            note("replenish.few")
            return
        customers = session.write(first.customers, "count")
        caption("replenish.listed", total=session.write(first.total, "count"), customers=customers)
        place = st.container()
        page, size = (1, _SIZE)
        if first.total > _SIZE:
            page, size = pager(first.total, key=f"replenish_{state}", size=_SIZE)
        found = show(due_list, session.selection, **asked, page=page, size=size).rows
        told = _LISTED
        if bool((found["bought"] != found["what"]).any()):
            told = (*_LISTED[:1], _BOUGHT, *_LISTED[1:])
        with place:
            customer_table(found, told, key="replenish_due", alt_key="replenish.lists")


def _to_audience(state: str, what: str, least: float) -> None:
    """Buttons that take the rule of this list to Audiences, or make a campaign of it."""
    session = current()
    spec = spec_of("audiences")
    if spec is None or session.access.role not in spec.roles:
        return
    chosen = session.selection
    rule = running_out_rule(
        state, items=(what,) if what else (), categories=chosen.category, least=least
    )
    whole = All((rule, segments_rule(chosen.segment))) if chosen.segment else All((rule,))
    if button("replenish.to_campaign", key="replenish_campaign", main=True, icon="outgoing_mail"):
        begin(replace(PLAYBOOKS["replenish"], rule=whole))
    if button("replenish.to_audience", key="replenish_audience", icon="campaign"):
        edit(whole)
        go("audiences")


def draw_rhythm(view: Replenish) -> None:
    """Days between two purchases of each item, and what share of its buyers come again."""
    session = current()
    with panel("replenish.rhythm", help_key="replenish.rhythm_about"):
        rows = view.rhythm
        if rows.empty:
            caption("app.table.no_rows")
            return
        charted = rows.head(_CHARTED).sort_values("usual_days")
        frame = charted.assign(
            label=charted["what"],
            value=charted["usual_days"],
            low=charted["low_days"],
            high=charted["high_days"],
        )
        title = session.t("replenish.rhythm")
        draw(whiskers(frame, session.numbers("days")), key="replenish_rhythm", title=title)
        language = session.language
        told = rows.assign(
            half=[
                f"{formats.number(low, language)} – {formats.number(high, language)}"
                for low, high in zip(rows["low_days"], rows["high_days"], strict=True)
            ],
            never=1.0 - rows["share_rebought"],
            quick_words=[
                session.t(
                    "replenish.quick_words",
                    seen=formats.number(seen, language),
                    expected=formats.number(expected, language),
                )
                for seen, expected in zip(rows["quick"], rows["quick_expected"], strict=True)
            ],
        )
        data_table(told, _RHYTHM, key="replenish_items", alt_key="replenish.rhythm")
        caption("replenish.rhythm_note", tried=session.write(view.tried, "count"))


def draw_trust(view: Replenish) -> None:
    """The verdict, chances said beside what came, and scores beside the plain rule's."""
    session = current()
    with panel("replenish.trust", help_key="replenish.trust_about"):
        draw_verdict("replenishment", view.verdict)
        if not view.trials:
            note("replenish.no_trial")
            return
        first = view.trials[0]
        day = formats.day(first.origin, session.language)
        paragraph("replenish.tried", day=day, items=session.write(first.items, "count"))
        left, right = columns(1, 1)
        with left:
            chart = scatter_fit(
                view.reliability,
                session.numbers("rate"),
                x_title=session.t("replenish.said"),
                y_title=session.t("replenish.came_true"),
            )
            draw(chart, key="replenish_fit", title=session.t("replenish.reliability"))
            caption("replenish.reliability_about")
        with right:
            data_table(
                _trial_rows(view), _TRIALS, key="replenish_trials", alt_key="replenish.trust"
            )


def _trial_rows(view: Replenish) -> pd.DataFrame:
    """A row a horizon for all running clocks, and one for those that were due in it."""
    session = current()
    rows: list[tuple[object, ...]] = []
    for trial in view.trials:
        over = session.t("replenish.days", days=trial.days)
        rows.append((over, "all", trial.items, trial.brier, trial.naive_brier, trial.error))
        due = (trial.due_items, trial.due_brier, trial.due_naive_brier, trial.due_error)
        rows.append((over, "due", *due))
    return pd.DataFrame(rows, columns=[column.name for column in _TRIALS])


def draw_own(key: int) -> None:
    """What one customer is about to run out of."""
    clocks = show(own_clocks, Selection(), key=key)
    if clocks is None:
        caption("replenish.own_no_model")
        return
    if not clocks:
        caption("replenish.own_none")
        return
    model_badge("replenishment")
    for clock in clocks:
        _own_line(clock)


def _own_line(clock: OwnClock) -> None:
    session = current()
    language = session.language
    facts = {
        "what": one_line(clock.what),
        "days": formats.number(round(clock.usual_days), language),
        "last": formats.day(clock.last_day, language),
        "due": formats.day(clock.due_day, language),
    }
    if clock.state == "overdue":
        warning("replenish.own_overdue", **facts)
    else:
        paragraph("replenish.own_line", **facts)
    caption(
        "replenish.own_chance",
        week=session.write(clock.p_due_7, "rate"),
        month=session.write(clock.p_due_30, "rate"),
        sure=session.t(f"replenish.sure.{clock.sure}"),
    )
