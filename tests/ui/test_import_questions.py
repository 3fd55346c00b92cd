"""A question that an import came back with is drawn on the page, and its answer goes with the next try."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from crm_core.text import t
from crm_core.ui import import_questions


def step() -> None:
    from pathlib import Path

    import streamlit as st

    from crm_core.errors import CrmError
    from crm_core.ui.import_questions import answers, asking

    files = [Path("orders_export.csv"), Path("customers_export.csv")]
    st.session_state["said"] = answers(files)
    with asking(files):
        if st.button("Check", key="check") and not st.session_state["said"]:
            raise CrmError(
                "import_ambiguous_dates",
                file="orders_export.csv",
                row=2,
                column="Created at",
                value="8/1/2026",
            )


def test_day_or_month_first_is_asked_for_any_file(monkeypatch: pytest.MonkeyPatch) -> None:
    session = SimpleNamespace(language="en", t=lambda key, **facts: t(key, "en", **facts))
    monkeypatch.setattr(import_questions, "current", lambda: session)
    page = AppTest.from_function(step, default_timeout=30).run()
    assert not page.selectbox
    page.button[0].click().run()
    assert not page.exception
    assert "can be read as day first or month first" in page.error[0].value
    page.selectbox[0].set_value("mdy").run()
    assert not page.error
    assert page.session_state["said"] == ["--date-order=mdy"]
    page.button[0].click().run()
    assert not page.exception
