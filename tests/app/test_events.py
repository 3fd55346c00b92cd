"""An event is typed, stands among the others, and can be taken back; stock opens by product."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Open
from tests.app.screen import Screen


@pytest.mark.slow
def test_a_shop_tells_of_an_event_and_takes_it_back(
    copy_demo: Callable[[Path], Path], shops: dict[str, Path], tmp_path: Path, open_page: Open
) -> None:
    shops["own"] = copy_demo(tmp_path / "var")
    test = open_page("events", shop="own").test
    test.text_input(key="event_new_en").input("Village fair")
    test.date_input(key="event_new_from").set_value(date(2026, 11, 5))
    test.number_input(key="event_new_uplift").set_value(2.0)
    press(test, "Save event")
    choice = test.selectbox(key="events_code")
    assert choice.options[0] == "Village fair · 5 Nov 2026"
    choice.select_index(0).run()
    assert not Screen(test).crashed
    assert any("The log holds no time of Village fair" in note.value for note in test.info)
    records = records_of(test)
    (kept,) = records.planned_events()
    assert (kept.plan.ends_on, kept.plan.uplift) == (date(2026, 11, 5), 2.0)
    step = next(each for each in test.checkbox if "order_stock" in str(each.key))
    step.check().run()
    assert list(records_of(test).event_steps_done("own:Village fair", date(2026, 11, 5))) == [
        "order_stock"
    ]
    again = next(each for each in test.checkbox if "order_stock" in str(each.key))
    assert again.value is True
    test.session_state["_event_opened"] = kept.id
    test.run()
    test.button(key=f"event_{kept.id}_1_remove").click().run()
    assert records_of(test).planned_events() == []
    test.button(key="event_undo").click().run()
    assert [each.plan for each in records_of(test).planned_events()] == [kept.plan]
    press(test, "Save event", also_wrong=True)


def press(test: Any, label: str, *, also_wrong: bool = False) -> None:
    """Presses a form's button; what is missing is said in place."""
    button = next(each for each in test.button if each.label == label)
    button.click().run()
    screen = Screen(test)
    assert not screen.crashed, screen.failures
    assert bool(screen.failures) == also_wrong


def records_of(test: Any) -> Any:
    """The records of the session."""
    return test.session_state["_session"].records


@pytest.mark.slow
def test_a_product_opens_with_its_days(open_page: Open) -> None:
    screen = open_page("stock", product="105")
    assert not screen.failures
    assert "Dinner Plate Sand: the last 365 days" in screen.words
    assert any("365 days are told of" in word for word in screen.words)
