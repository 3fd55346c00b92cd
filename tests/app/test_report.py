"""The box of the monthly review opens on the overview, for a viewer too, and names nobody."""

from __future__ import annotations

import pytest

from tests.app.conftest import Open, People


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_viewer_may_take_a_month_away(open_page: Open, people: People, language: str) -> None:
    screen = open_page("overview", role="viewer", language=language)
    assert screen.failures == []
    screen.test.session_state["report_box"] = True
    screen.test.run()
    opened = type(screen)(screen.test)
    assert (opened.failures, opened.keys_shown) == ([], [])
    (months,) = [each for each in screen.test.selectbox if each.key == "report_month"]
    assert months.options[0] == {"en": "Oct 2026", "zh": "2026年10月"}[language]
    (save,) = [node for node in opened.nodes() if node.type == "download_button"]
    assert not save.proto.disabled
    assert people.seen_on(opened) == set()
