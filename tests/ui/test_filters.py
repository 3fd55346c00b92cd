from __future__ import annotations

from datetime import date

import pytest

from crm_core.errors import CrmError
from crm_core.selection import Selection
from crm_core.ui.filters import Bounds, choose_later, describe_days, narrowed
from crm_core.views.code_words import words_for

BOUNDS = Bounds(date(2025, 1, 1), date(2026, 6, 30), {})
ALL = Selection(
    period="90d", compare="year", sales_channel=("web",), category=("shoes",), segment=("loyal",)
)


def test_a_page_gets_only_the_parts_it_follows() -> None:
    seen = narrowed(ALL, frozenset({"period", "category"}))
    assert seen == Selection(period="90d", compare="none", category=("shoes",))


def test_a_page_that_follows_everything_gets_everything() -> None:
    parts = {"period", "compare", "sales_channel", "category", "region", "segment"}
    assert narrowed(ALL, frozenset(parts)) == ALL


def test_narrowing_twice_is_narrowing_once() -> None:
    applies = frozenset({"segment"})
    assert narrowed(narrowed(ALL, applies), applies) == narrowed(ALL, applies)


def test_the_shops_own_words_stand_where_the_product_has_none() -> None:
    assert words_for("category", "Shoes", "zh") == "Shoes"
    assert words_for("segment", "champions", "en") == "RFM: Champions"
    assert words_for("segment", "stage.at_risk", "zh") == "生命周期：有流失风险"
    assert words_for("segment", "value.nonsense", "en") == "value.nonsense"
    assert words_for("region", "", "en") == "Unknown"


def test_the_days_meant_are_said_in_words() -> None:
    applies = frozenset({"period", "compare"})
    words = describe_days(Selection(period="30d"), BOUNDS, applies)
    assert words == ("1 Jun 2026 – 30 Jun 2026 · compared with 2 May 2026 – 31 May 2026")
    first = describe_days(Selection(period="all"), BOUNDS, applies)
    assert first.endswith("no earlier period to compare with")
    alone = describe_days(Selection(period="7d", language="zh"), BOUNDS, frozenset({"period"}))
    assert alone == "2026年6月24日 – 2026年6月30日"


def test_a_filter_there_is_none_of_is_refused() -> None:
    with pytest.raises(CrmError) as error:
        choose_later({"email": "ann@example.com"})
    assert error.value.code == "unknown_choice"
    assert "ann" not in str(error.value)
