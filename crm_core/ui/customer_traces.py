"""What made a person one record, what they were before, and taking apart who is not one."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.errors import CrmError
from crm_core.privacy import separation
from crm_core.privacy.gate import identity_changes, traces
from crm_core.privacy.policy import allowed
from crm_core.ui.fields import button, text_field
from crm_core.ui.layout import details_box
from crm_core.ui.reveal import purpose_for
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, failure, flash
from crm_core.views.customer import Customer

_HIDDEN = "–"


def draw_traces(view: Customer) -> None:
    """Every id, address and number that leads to this person: by which rule, and since when."""
    session = current()
    frame = traces(session.store, session.access, view.key, purpose_for(view.key))
    frame["value"] = frame["value"].fillna(_HIDDEN)
    caption("customer.recognised_about")
    data_table(
        frame,
        [
            Column("value", label_key="customer.column.trace", pinned=True),
            Column("kind", "code", "customer.column.kind", prefix="customer.link_kind"),
            Column("rule", "code", "customer.column.rule", prefix="customer.link_rule"),
            Column("since", "date", "customer.column.since"),
        ],
        key="customer_traces",
        alt_key="customer.recognised",
    )
    if allowed(session.access, "settings"):
        with details_box("customer.separate"):
            if len(frame) > 1:
                _draw_separation(view.key, frame)
            _draw_union(view.key)


def _draw_separation(key: int, frame: pd.DataFrame) -> None:
    """A button for each trace: join nobody by it, or let the rules decide again."""
    session = current()
    caption("customer.separate_about")
    apart = separation.set_apart_here(session.store, session.records, session.access, key)
    for place, value in zip(frame["place"], frame["value"], strict=True):
        is_apart = int(place) in apart
        label = "customer.rejoin" if is_apart else "customer.set_apart"
        icon = ":material/undo:" if is_apart else ":material/call_split:"
        if st.button(session.md(label, value=str(value)), key=f"apart_{place}", icon=icon):
            change = separation.take_back if is_apart else separation.separate
            change(
                session.store,
                session.records,
                session.access,
                key=key,
                place=int(place),
                now=datetime.now(UTC),
            )
            flash("customer.rejoined" if is_apart else "customer.was_set_apart")
            st.rerun()


def _draw_union(key: int) -> None:
    """A field for the number of another record of the same person."""
    session = current()
    other = text_field("customer.other_id", key="same_as", help_key="customer.other_id_about")
    if button("customer.unite", key="unite", icon="merge") and other:
        try:
            separation.unite(
                session.store,
                session.records,
                session.access,
                key=key,
                other_id=other,
                now=datetime.now(UTC),
            )
        except CrmError:
            failure("customer.not_united")
            return
        flash("customer.united")
        st.rerun()


def draw_changes(key: int) -> None:
    """Names, addresses and numbers the person had before, and what they said about contact."""
    session = current()
    changes = identity_changes(session.store, session.access, key, purpose_for(key))
    if changes.empty:
        caption("customer.no_changes")
    else:
        data_table(
            changes,
            [
                Column("changed_at", "time", "customer.column.at"),
                Column("field", "code", "customer.column.field", prefix="privacy.column"),
                Column("old_value", label_key="customer.column.before"),
                Column("new_value", label_key="customer.column.after"),
            ],
            key="customer_changes",
            alt_key="customer.changes",
        )
    said = pd.DataFrame(session.records.consent_history(key))
    if said.empty:
        caption("customer.no_consents")
        return
    said["at"] = pd.to_datetime(said["at"]).dt.tz_convert(session.store.meta.timezone)
    data_table(
        said.assign(at=said["at"].dt.tz_localize(None)),
        [
            Column("at", "time", "customer.column.at"),
            Column(
                "contact_channel",
                "code",
                "customer.column.channel",
                prefix="privacy.contact_channel",
            ),
            Column("state", "code", "customer.column.said", prefix="customer.said"),
            Column("source", label_key="customer.column.source"),
        ],
        key="customer_consents",
        alt_key="customer.consent_history",
    )
