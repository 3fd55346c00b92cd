"""What the rule book was, version by version, and the book as a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from crm_core.pipeline.rule_book_files import FORMS, portable, read_book, save_read, write_book
from crm_core.privacy.policy import require
from crm_core.records import OfferBook
from crm_core.text import formats
from crm_core.ui.export_button import rule_book_button
from crm_core.ui.fields import button, file_field
from crm_core.ui.layout import details_box
from crm_core.ui.note_words import user_words
from crm_core.ui.rules_form import begin
from crm_core.ui.rules_saving import said
from crm_core.ui.session import current
from crm_core.ui.words import caption, flash, plain

_SHOWN = 8


def draw_history(book: OfferBook) -> None:
    """The latest versions with who saved them and what that did; each can be brought back."""
    session = current()
    versions = session.records.offer_books(_SHOWN)
    if not versions:
        caption("offer_rules.history_none")
    for each in versions:
        moment = each.saved_at or datetime.now(UTC)
        facts: dict[str, Any] = {
            "version": each.version,
            "day": formats.day(moment.date(), session.language),
            "user": user_words(each.saved_by, session),
            "change": session.t(f"offer_rules.changed.{each.change}", about=each.about),
        }
        with details_box("offer_rules.version", **facts):
            if each.version != book.version and button(
                "offer_rules.restore", key=f"offer_restore_{each.version}", icon="history"
            ):
                require(session.access, "plan")
                session.records.restore_offer_book(
                    each.version,
                    instead_of=book.version,
                    user=session.access.user,
                    now=datetime.now(UTC),
                )
                begin(None)
                flash("offer_rules.undone", version=each.version)
                st.rerun()
            if not each.rules:
                caption("offer_rules.no_rules")
            for place, offer in enumerate(each.rules, 1):
                plain(session.t("offer_rules.place", place=place, name=said(offer, session)))


def draw_file(book: OfferBook) -> None:
    """The book out to a file, and in from one in place of the one of now."""
    session = current()
    if book.rules:
        with st.container(horizontal=True, gap="small"):
            told = portable(session.store, book)
            for form in FORMS:
                text = write_book(told, form)
                rule_book_button("offer_rules.file_take", text, form, kind=form.upper())
    file = file_field("offer_rules.file_choose", key="offer_file", kinds=FORMS)
    if file is not None and button("offer_rules.file_load", key="offer_file_load", main=True):
        require(session.access, "plan")
        form = Path(file.name).suffix.lstrip(".").lower()
        fresh = read_book(bytes(file.getbuffer()), form, book)
        kept = save_read(
            session.store, session.records, fresh, file=Path(file.name).name,
            user=session.access.user, now=datetime.now(UTC), language=session.language,
        )  # fmt: skip
        begin(None)
        flash("offer_rules.file_loaded", count=len(kept.rules), version=kept.version)
        st.rerun()
