"""The mapping step: what the rows are, and what the columns of such rows can be."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.store.imports.mapping import MAPPED_TABLES, fields_of
from crm_core.text import catalogue, t
from crm_core.ui import import_mapping, import_panel, layout, words


def step(path: str) -> None:
    from pathlib import Path

    import streamlit as st

    from crm_core.store.imports import SourceFile
    from crm_core.ui import import_panel

    file = Path(path)
    layout = import_panel._Layout((SourceFile(file, file.name),), is_aside=False)
    mapping = import_panel._mapped(layout, is_one=True)
    st.session_state["made"] = mapping


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    session = SimpleNamespace(
        language="en",
        md=lambda key, **facts: t(key, "en", **facts),
        maybe=lambda key, **facts: None,
        t=lambda key, **facts: t(key, "en", **facts),
        word=lambda prefix, code: t(f"{prefix}.{code}", "en"),
    )
    for module in (import_panel, import_mapping, layout, words):
        monkeypatch.setattr(module, "current", lambda: session)
    monkeypatch.setattr(import_panel, "said", dict)  # nothing was said before
    for name in ("is_kept", "as_toml"):
        monkeypatch.setattr(import_panel, name, lambda *_, **__: False)
    path = tmp_path / "reviews.csv"
    path.write_text("SKU,Rating,Review date,Email\np1,5,2026-01-05,a@b.example\n", encoding="utf-8")
    return AppTest.from_function(step, kwargs={"path": str(path)}, default_timeout=30).run()


def test_the_rows_of_a_file_can_be_called_something_else(page: AppTest) -> None:
    assert not page.exception
    assert page.session_state["made"].table == "reviews"
    page.selectbox[0].set_value("contacts").run()
    assert not page.exception
    assert page.session_state["made"].table == "contacts"
    assert page.session_state["made"].columns["rating"] == "Rating"


def test_every_table_and_field_has_a_name_of_its_own() -> None:
    for language in ("en", "zh"):
        known = catalogue(language)
        for table in MAPPED_TABLES:
            assert f"imports.table.{table}" in known
            names = [known[f"imports.field.{field}"] for field in fields_of(table)]
            assert len(set(names)) == len(names)
