"""What the shop promises and how topics are told: shown to all, changed by who may change settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from crm_core.errors import CrmError
from crm_core.metrics.contact_topics import USUAL_RULES, TopicRule
from crm_core.privacy.policy import allowed
from crm_core.records import ShopSettings
from crm_core.records.care_settings import REPLY_HOURS, SETTLE_HOURS, topic_rule
from crm_core.ui.layout import details_box, go
from crm_core.ui.service_words import current_rules
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import caption, flash, plain
from crm_core.views.service import Service
from crm_core.views.service_topics import service_topics

_DAYS = ("1", "2", "3", "4", "5", "6", "7")
_LINES = 9


def draw_rules(view: Service) -> None:
    """Promises and hours, and the words that mean a topic."""
    with details_box("service.rules.promises"):
        _draw_promises()
    with details_box("service.rules.topics"):
        _draw_told(view)
        _draw_topics()


def _may_change() -> bool:
    session = current()
    place = session.workspace
    if allowed(session.access, "settings") and not (place.private and place.is_demo):
        return True
    caption("service.rules.fixed")
    return False


def _draw_promises() -> None:
    session = current()
    caption("service.rules.promises_about")
    if not _may_change():
        return
    saved = session.records.shop_settings()
    with st.form("service_promises", border=False):
        left, right = st.columns(2)
        reply = left.number_input(
            session.t("service.rules.reply_hours"), *REPLY_HOURS, value=saved.reply_hours, step=1
        )
        settle = right.number_input(
            session.t("service.rules.settle_hours"), *SETTLE_HOURS, value=saved.settle_hours, step=1
        )
        days = st.pills(
            session.t("service.rules.days"),
            _DAYS,
            default=list(saved.service_days),
            selection_mode="multi",
            format_func=lambda code: session.word("dimension.weekday.named", code),
            help=session.t("service.rules.days_about"),
        )
        left, right = st.columns(2)
        opens = left.text_input(
            session.t("service.rules.opens"), saved.service_opens, placeholder="09:00", max_chars=5
        )
        closes = right.text_input(
            session.t("service.rules.closes"),
            saved.service_closes,
            placeholder="18:00",
            max_chars=5,
        )
        pressed = st.form_submit_button(session.t("service.rules.save"))
    if pressed:
        _save(
            replace(
                saved,
                reply_hours=int(reply),
                settle_hours=int(settle),
                service_days=tuple(sorted(days)),
                service_opens=(opens or "").strip(),
                service_closes=(closes or "").strip(),
            )
        )


def _draw_told(view: Service) -> None:
    """What told the topics so far, and how well."""
    session = current()
    caption("service.rules.topics_about")
    told = show(service_topics, session.selection, rules=current_rules())
    counts = {
        name: session.write(getattr(told, name), "count")
        for name in ("labelled", "learned", "ruled", "unknown")
    }
    caption("service.rules.told", **counts)
    if not view.has_words:
        caption("service.rules.no_words")
    elif told.model_accuracy is None or told.rules_accuracy is None:
        caption("service.rules.untried")
    else:
        caption(
            f"service.rules.{'learned' if told.is_better else 'ruled'}",
            model=session.write(told.model_accuracy, "rate"),
            rules=session.write(told.rules_accuracy, "rate"),
            labels=session.write(told.labels, "count"),
        )


def _draw_topics() -> None:
    session = current()
    if not _may_change():
        for rule in current_rules().topics:
            plain(_line(rule))
        return
    saved = session.records.shop_settings()
    lines = saved.contact_topics or tuple(_line(rule) for rule in USUAL_RULES)
    with st.form("service_topics", border=False):
        typed = st.text_area(
            session.t("service.rules.list"),
            "\n".join(lines),
            height=28 + 24 * _LINES,
            max_chars=20_000,
            help=session.t("service.rules.list_about"),
        )
        pressed = st.form_submit_button(session.t("service.rules.save"))
        usual = st.form_submit_button(session.t("service.rules.usual"))
    if usual:
        _save(replace(saved, contact_topics=()))
    if pressed:
        told = tuple(line.strip() for line in (typed or "").splitlines() if line.strip())
        wrong = [line for line in told if topic_rule(line) is None]
        if wrong:
            st.error(session.md("service.rules.wrong", line=wrong[0][:80]))
            return
        _save(replace(saved, contact_topics=told))


def _line(rule: TopicRule) -> str:
    topic, words = rule
    return f"{topic}: {', '.join(words)}"


def _save(told: ShopSettings) -> None:
    session = current()
    try:
        session.records.save_shop_settings(told, session.access.user, datetime.now(UTC))
    except CrmError as error:
        st.error(session.md("service.rules.refused"))
        for issue in error.facts.get("issues", ()):  # pyright: ignore[reportGeneralTypeIssues]
            st.error(session.md(f"error_records.issue.{issue.code}"))
        return
    flash("service.rules.saved")
    go("service")
