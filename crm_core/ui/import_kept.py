"""What columns were said to mean: in this visit, and before; to copy, to save, to forget."""

from __future__ import annotations

import streamlit as st

from crm_core.pipeline.said_mappings import said_mappings
from crm_core.privacy.policy import allowed
from crm_core.records import KeptMapping, Records
from crm_core.store.imports import Mapping, write_mapping
from crm_core.store.imports.mapping import header_hash
from crm_core.text import formats
from crm_core.ui.export_button import mapping_button
from crm_core.ui.layout import details_box, panel
from crm_core.ui.opening import records_at
from crm_core.ui.session import current
from crm_core.ui.words import caption

_SAID = "_import_mappings"


def say(header: tuple[str, ...], mapping: Mapping) -> None:
    """Remembers for this visit what columns mean; importing their file keeps it."""
    st.session_state.setdefault(_SAID, {})[header_hash(header)] = mapping


def said() -> dict[str, Mapping]:
    """What was said, in this visit or before, by the hash of the column names."""
    return {**said_mappings(_records()), **st.session_state.get(_SAID, {})}


def is_kept(header: tuple[str, ...]) -> bool:
    """Whether a file with these columns was imported by a mapping before."""
    return header_hash(header) in said_mappings(_records())


def as_toml(mapping: Mapping, *, key: str) -> None:
    """The mapping as the command line reads it."""
    with details_box("imports.as_toml"):
        caption("imports.as_toml_about")
        _toml(write_mapping(mapping), key)


def kept_panel() -> None:
    """Every mapping kept, with a way to let go of it."""
    session = current()
    kept = _records().kept_mappings() if allowed(session.access, "import") else []
    if not kept:
        return
    with panel("imports.kept", help_key="imports.kept_about"):
        meanings = said_mappings(_records())
        for each in kept:
            mapping = meanings.get(each.fingerprint)
            columns = ", ".join(mapping.columns.values())[:80] if mapping else "–"
            day = formats.day(each.saved_at.date(), session.language)
            with details_box("imports.kept_one", columns=columns, day=day):
                _kept(each)


def _kept(kept: KeptMapping) -> None:
    key = kept.fingerprint[:12]
    _toml(kept.toml, key)
    words = current().t("imports.forget")
    if st.button(words, icon=":material/delete:", key=f"mapping_forget_{key}"):
        _records().forget_mapping(kept.fingerprint)
        st.session_state.get(_SAID, {}).pop(kept.fingerprint, None)
        st.rerun()


def _toml(text: str, key: str) -> None:
    st.code(text, language="toml")
    mapping_button("imports.save_toml", text, key=key)


def _records() -> Records:
    """Those of the shop that files go to, whatever is open."""
    return records_at(current().workspace.shop_records_url)
