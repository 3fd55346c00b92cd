"""Which uploads are kept until when, and the setting that says how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.privacy.policy import allowed
from crm_core.records import ShopSettings
from crm_core.store import engine_of
from crm_core.store.uploads import Upload, kept_uploads
from crm_core.text import formats
from crm_core.ui.layout import go, grid, panel
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash, note
from crm_core.views.privacy import Privacy

_DAYS = ("raw_uploads_days", "consents_warn_days", "consents_block_days")


def held_uploads(view: Privacy) -> None:
    """Originals of uploads, each with its batch, size and last day; and for how many days."""
    session = current()
    saved = session.records.shop_settings()
    folder = engine_of(session.workspace.store_url, session.settings).folder
    with panel("privacy.uploads", help_key="privacy.uploads_about"):
        kept = kept_uploads(folder, view.log, saved.raw_uploads_days)
        if kept:
            data_table(
                _frame(kept, session),
                [
                    Column("batch", "count", "imports.batch"),
                    Column("file", "text", "imports.files"),
                    Column("size", "text", "privacy.size"),
                    Column("until", "date", "privacy.until"),
                ],
                key="held_uploads",
                alt_key="privacy.uploads",
            )
        else:
            caption("privacy.no_uploads")
        _days(saved, session)


def _frame(kept: list[Upload], session: Session) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "batch": [upload.batch for upload in kept],
            "file": [upload.file for upload in kept],
            "size": [
                f"{formats.number(max(upload.size_bytes / 1024, 1), session.language)} KB"
                for upload in kept
            ],
            "until": [upload.kept_until for upload in kept],
        }
    )


def _days(saved: ShopSettings, session: Session) -> None:
    place = session.workspace
    if not allowed(session.access, "settings") or (place.private and place.is_demo):
        note("privacy.days_fixed", days=saved.raw_uploads_days)
        return
    told: dict[str, int] = {}
    with st.form("privacy_days", border=False):
        with grid(3, min_width=200):
            for name in _DAYS:
                told[name] = st.number_input(
                    session.t(f"privacy.days.{name}"),
                    value=int(getattr(saved, name)),
                    min_value=0,
                    max_value=3650,
                    step=1,
                    help=session.t(f"privacy.days_about.{name}"),
                    key=f"privacy_{name}",
                )
        pressed = st.form_submit_button(session.t("privacy.save"))
    if pressed:
        days = {name: int(number) for name, number in told.items()}
        now = datetime.now(UTC)
        fresh = replace(session.records.shop_settings(), **days)
        session.records.save_shop_settings(fresh, session.access.user, now)
        flash("privacy.saved")
        go("privacy")
