"""Bringing a list of customers along: pasted or as a file, matched, counted and kept by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import streamlit as st

from crm_core.privacy.id_lists import match_list, text_of, values_of
from crm_core.privacy.policy import allowed
from crm_core.text import formats
from crm_core.ui.fields import file_field, form, submit, text_field
from crm_core.ui.layout import details_box
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, flash, note

_ENDINGS = ("csv", "txt")
_MOST_PASTED = 1_000_000


def draw_id_lists() -> None:
    """The form that takes a list, and the lists there are; nothing for who may not search."""
    session = current()
    if not allowed(session.access, "search"):
        return
    with details_box("builder.lists"):
        caption("builder.lists_about")
        with form("id_list"):
            name = text_field("builder.list_name", key="id_list_name", max_chars=120)
            pasted = st.text_area(
                session.md("builder.list_pasted"), key="id_list_pasted", max_chars=_MOST_PASTED
            )
            file = file_field("builder.list_file", key="id_list_file", kinds=_ENDINGS)
            pressed = submit("builder.list_keep")
        if pressed:
            content = text_of(bytes(file.getbuffer())) if file is not None else pasted or ""
            _keep(session, name, content)
        for kept in session.records.id_lists():
            with st.container(horizontal=True, vertical_alignment="center"):
                words = _told(session, kept.customers, kept.told)
                st.text(f"{kept.name}: {words}")
                if st.button(
                    "",
                    key=f"id_list_remove_{kept.id}",
                    icon=":material/delete:",
                    type="tertiary",
                    help=session.t("builder.list_remove", name=kept.name),
                ):
                    session.records.remove_id_list(kept.id)
                    flash("audiences.deleted", name=kept.name)
                    st.rerun()


def _keep(session: Session, name: str, content: str) -> None:
    values = values_of(content)
    if not values:
        note("builder.list_nothing")
        return
    matched = match_list(
        session.store,
        session.access,
        values,
        secret=session.records.secret("url_key"),
        country=session.records.shop_settings().country,
    )
    session.records.add_id_list(
        name, matched.keys, told=matched.told, owner=session.access.user, now=datetime.now(UTC)
    )
    words = _told(session, len(matched.keys), matched.told)
    flash("builder.list_kept", name=name, told=words)
    st.rerun()


def _told(session: Session, customers: int, told: Mapping[str, int]) -> str:
    """How many customers, and what became of the other rows."""
    parts = [session.t("builder.told.customers", n=formats.number(customers, session.language))]
    parts += [
        session.t(f"builder.told.{reason}", n=formats.number(told[reason], session.language))
        for reason in ("double", "stranger", "invalid", "no_country")
        if told.get(reason)
    ]
    return session.t("rules.comma").join(parts)
