"""The catalogue holds together: every part exists, every word is there."""

from __future__ import annotations

import pytest

from crm_core.metrics import DIMENSIONS, METRICS, CountDistinct, Ratio, Sum
from crm_core.text import has

LEDGER = {
    "gross", "discount", "refund", "goods_cost", "shipping_income", "shipping_cost", "fees",
    "service_cost", "marketing_cost", "units", "contacts",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_metric_is_made_of_what_there_is(name: str) -> None:
    metric = METRICS[name]
    assert metric.name == name
    if isinstance(metric, Ratio):
        assert {metric.numerator, metric.denominator} <= set(METRICS)
        assert not isinstance(METRICS[metric.denominator], Ratio)
    elif isinstance(metric, Sum):
        assert set(metric.plus) | set(metric.minus) <= LEDGER
        assert not set(metric.plus) & set(metric.minus)
        assert metric.needs_cost is ("goods_cost" in (*metric.plus, *metric.minus))
    else:
        assert isinstance(metric, CountDistinct)
        assert metric.key in ("order_key", "customer_key")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_metric_and_dimension_has_its_words(language: str) -> None:
    wanted = [f"metric.{name}.{part}" for name in METRICS for part in ("label", "about")]
    assert [key for key in wanted if not has(key, language)] == []
    assert set(DIMENSIONS) >= {"day", "month", "category", "sales_channel", "region"}


def test_net_revenue_and_contribution_are_what_the_glossary_says() -> None:
    def terms(name: str) -> tuple[set[str], set[str]]:
        metric = METRICS[name]
        assert isinstance(metric, Sum)
        return set(metric.plus), set(metric.minus)

    assert terms("revenue") == ({"gross"}, {"discount"})
    assert terms("net_revenue") == ({"gross"}, {"discount", "refund"})
    assert terms("margin") == ({"gross"}, {"discount", "refund", "goods_cost"})
    plus, minus = terms("contribution")
    assert plus == {"gross", "shipping_income"}
    assert minus == LEDGER - plus - {"units", "contacts"}
