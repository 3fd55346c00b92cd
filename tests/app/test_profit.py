"""The profit page as one clicks through it: a part opened, and the rule of those who lose money."""

from __future__ import annotations

import pytest

from crm_core.text import t
from tests.app.conftest import Open


@pytest.mark.slow
def test_an_opened_part_shows_where_its_money_goes(open_page: Open) -> None:
    test = open_page("profit").test
    test.selectbox(key="profit_angle").set_value("segment").run()
    assert not test.exception
    rows = test.dataframe[0].value
    assert rows["label"].iloc[-1].endswith(t("profit.kind.total", "en"))
    *parts, whole = rows["contribution"]
    assert sum(parts) == pytest.approx(whole, abs=0.005)
    test.session_state["open_profit_segment"] = {"row": 0}
    test.run()
    assert not test.exception
    assert [button.label for button in test.button if button.key == "profit_segment"] == [
        t("profit.to_customers", "en")
    ]


@pytest.mark.slow
def test_customers_who_lose_money_go_to_audiences_as_a_rule(open_page: Open) -> None:
    test = open_page("profit", period="90d").test
    test.button(key="profit_audience").click().run()
    assert not test.exception
    fields = [box.value for box in test.selectbox if box.key == "audience_1_field"]
    assert fields == ["contribution"]
