"""A question that takes too long ends alone: who asked goes on."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from crm_core.store.connection import DuckReader
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen

#: Hours of work that need no memory.
ENDLESS = (
    "SELECT count(*) FROM range(9999999) a, range(9999999) b WHERE (a.range * b.range) % 7 = 9"
)


def test_a_question_that_takes_too_long_ends_and_the_session_goes_on(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = DuckReader._asked

    def endless(self: DuckReader, words: str, taken: Any, seconds: float) -> Any:
        del words, seconds
        return asked(self, ENDLESS, taken, 0.2)

    open_page("overview")
    st.cache_data.clear()
    with monkeypatch.context() as patch:
        patch.setattr(DuckReader, "_asked", endless)
        screen = open_page("overview", warm=True)
        assert screen.failures == [t("error.query_timeout", "en", seconds=0.2)]
        assert not screen.crashed
    again = Screen(screen.test.run())
    assert again.failures == []
    assert again.test.metric
