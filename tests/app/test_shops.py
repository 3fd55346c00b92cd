"""The filter bar offers shops where there are several, and says so where there are not."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_core.text import t
from tests.app.conftest import Open
from tests.small_shop import Rows, line, order, small_shop


def test_a_shop_of_one_has_nothing_to_choose(open_page: Open) -> None:
    choice = open_page("overview", warm=True).test.multiselect(key="shop")
    assert choice.disabled
    assert choice.help == t("filters.one_shop", "en")


@pytest.mark.slow
def test_a_chosen_shop_is_in_the_address_and_in_the_figures(
    open_page: Open, shops: dict[str, Path], tmp_path: Path
) -> None:
    shop = small_shop(tmp_path)
    for name in ("Nord", "Süd"):
        shop.load(days_of_tea(name), name=name, shop=name)
    (shop.settings.var / "active").write_text("shop", encoding="utf-8")
    shops["two"] = shop.settings.var
    test = open_page("overview", shop="two").test
    both = orders_shown(test)
    choice = test.multiselect(key="shop")
    assert not choice.disabled
    choice.set_value(["Süd"]).run()
    assert not test.exception
    assert test.query_params["shop"] == "Süd"
    assert (both, orders_shown(test)) == ("60", "30")


def days_of_tea(shop: str) -> Rows:
    begin = datetime(2026, 6, 1, 20)
    rows: Rows = {"orders": [], "order_lines": []}
    for day in range(30):
        number = f"{shop}-{day}"
        rows["orders"].append(order(number, "ann", (begin + timedelta(day)).isoformat()))
        rows["order_lines"].append(line(number, "tea", "10"))
    return rows


def orders_shown(test: Any) -> str:
    label = t("metric.orders.label", "en")
    return next(str(each.value) for each in test.metric if each.label == label)
