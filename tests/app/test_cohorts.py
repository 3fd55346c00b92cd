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
