"""The page of cohorts, measured in money and told apart another way."""

from __future__ import annotations

import pytest

from tests.app.conftest import Open


@pytest.mark.slow
def test_money_is_shown_beside_what_winning_customers_cost(open_page: Open) -> None:
    screen = open_page("cohorts")
    test = screen.test
    test.selectbox(key="cohorts_split").set_value("first_product")
    test.selectbox(key="cohorts_measure").set_value("contribution_before_marketing").run()
    assert not screen.crashed, screen.failures
    assert not screen.failures
    assert screen.keys_shown == []
    assert any("Winning one new customer cost" in caption.value for caption in test.caption)
    table = test.dataframe[0].value
    assert "cost" in table.columns
    assert table["customers"].iloc[0] == table["customers"].iloc[1:].sum() or len(table) > 26


@pytest.mark.slow
def test_the_address_carries_the_choices_to_a_fresh_browser(open_page: Open) -> None:
    test = open_page("cohorts").test
    assert not {"by", "measure", "split", "part"} & set(test.query_params)
    test.segmented_control(key="cohorts_by").set_value("week")
    test.selectbox(key="cohorts_measure").set_value("net_revenue")
    test.selectbox(key="cohorts_split").set_value("region").run()
    test.selectbox(key="cohorts_part_region").set_value("Berlin").run()
    asked = {name: test.query_params[name] for name in ("by", "measure", "split", "part")}
    assert asked == {"by": "week", "measure": "net_revenue", "split": "region", "part": "Berlin"}
    again = open_page("cohorts", language="zh", warm=True, **asked)
    assert not again.failures
    assert again.test.selectbox(key="cohorts_part_region").value == "Berlin"
    one, other = (each.dataframe[0].value for each in (test, again.test))
    assert one["customers"].tolist() == other["customers"].tolist()
    wrong = open_page("cohorts", warm=True, split="colour", part="Berlin", measure="nonsense")
    assert not wrong.failures
    assert "part" not in wrong.test.query_params
