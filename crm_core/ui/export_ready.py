"""What a list would hold if it were written now, counted before the click."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from crm_core.privacy.consent_age import consent_age
from crm_core.privacy.export import Readiness, readiness
from crm_core.privacy.platforms import PLATFORMS
from crm_core.privacy.policy import allowed
from crm_core.text import formats
from crm_core.ui.session import Session, current
from crm_core.ui.show import stamp_of

if TYPE_CHECKING:
    from crm_core.ui.export_button import ListOrder

COUNTED_UNASKED = 50_000
_READY = "_export_ready"


def draw_readiness(order: ListOrder, *, key: str, customers: int) -> None:
    """What the file will hold, counted the way it will be written: rows, how many of them the
    tool can match, who is left out and why. A large list is counted when asked."""
    session = current()
    if not allowed(session.access, "export"):
        return
    stamp = (*stamp_of(session), session.records.decisions_revision())
    kept = st.session_state.get(_READY)
    if not kept or kept[:2] != (key, stamp):
        if customers > COUNTED_UNASKED and not st.button(
            session.md("exports.count"), key=f"count_{key}", icon=":material/rule:"
        ):
            return
        with st.spinner(session.md("exports.counting"), show_time=True):
            kept = (key, stamp, _ready(session, order))
        st.session_state[_READY] = kept
    _tell_ready(kept[2], order, session)


def _ready(session: Session, order: ListOrder) -> Readiness:
    return readiness(
        access=session.access,
        store=session.store,
        records=session.records,
        members=order.members(),
        contact_channel=order.contact_channel,
        file_format=order.file_format,
        leave_out=order.leave_out(),
        ads_consent_covers_use=order.ads_consent_covers_use,
    )


def _tell_ready(ready: Readiness, order: ListOrder, session: Session) -> None:
    platform = PLATFORMS.get(order.file_format)
    with st.container(border=True, key="export_ready"):
        st.metric(session.md("exports.ready_rows"), formats.number(ready.rows, session.language))
        kinds = [kind for kind in ("email", "phone") if kind in ready.usable]
        if ready.asked and kinds:
            shares = {kind: ready.usable[kind] / ready.asked for kind in kinds}
            words = [
                f"{session.t(f'privacy.column.{kind}')} {formats.percent(share, session.language)}"
                for kind, share in shares.items()
            ]
            if len(kinds) > 1:
                both = formats.percent(ready.usable["all"] / ready.asked, session.language)
                words.append(f"{session.t('exports.both')} {both}")
            asked = formats.number(ready.asked, session.language)
            st.caption(session.md("exports.ready_share", asked=asked, shares=" · ".join(words)))
        for line in left_out_lines(ready.excluded, "app.export.left_out", session):
            st.caption(line)
        for line in left_out_lines(ready.left_empty, "exports.left_empty", session):
            st.caption(line)
    _warn_of_age(order, session)
    if not ready.rows:
        st.warning(session.md("exports.nobody"), icon=":material/warning:")
    elif platform and ready.rows < platform.least_rows:
        least = formats.number(platform.least_rows, session.language)
        tool = session.word("exports.format", order.file_format)
        st.warning(session.md("exports.too_few", least=least, tool=tool), icon=":material/warning:")


def _warn_of_age(order: ListOrder, session: Session) -> None:
    """Says when consents are old, or so old that no list leaves."""
    age = consent_age(session.store, session.records, now=datetime.now(UTC))
    if order.contact_channel and (age.warns or age.blocks):
        key = "exports.consents_blocked" if age.blocks else "exports.consents_old"
        days, limit = (formats.number(n or 0, session.language) for n in (age.days, age.block_days))
        st.warning(session.md(key, days=days, limit=limit), icon=":material/warning:")


def left_out_lines(counted: Mapping[str, int], key: str, session: Session) -> list[str]:
    """Who was left out, or what was left empty, a line a reason."""
    return [
        session.md(
            key,
            rows=formats.number(count, session.language),
            reason=session.word("privacy.excluded", reason),
        )
        for reason, count in counted.items()
        if count
    ]
