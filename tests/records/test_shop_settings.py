from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.records import Records, ShopSettings, open_records
from tests.records.conftest import NOW, by_hand

FULL = ShopSettings(
    margin_by_category={"Tea": "0.45", "茶具": 0.3},  # type: ignore[dict-item]
    default_margin=Decimal("0.4"),
    shipping_cost_per_order=Decimal("4.90"),
    payment_fee_rate=0.029,  # type: ignore[arg-type]
    payment_fee_fixed=Decimal("0.30"),
    marketplace_fee_rate={"amazon": Decimal("0.15")},
    marketing_spend={"2026-05": {"google": Decimal("1200.50"), "meta": Decimal(800)}},
    tax_included=True,
    tax_rate=Decimal("0.19"),
    uncounted_statuses=("cancelled", " test ", "test", ""),
    internal_buyers=("@shop.example", "C-00001"),
    starts_with_shop=False,
    refund_date="order",
)


def test_a_shop_that_said_nothing_has_defaults(records: Records) -> None:
    settings = records.shop_settings()
    assert settings == ShopSettings()
    assert settings.uncounted_statuses == ("pending", "cancelled", "test")
    assert settings.starts_with_shop is None


def test_settings_come_back_as_they_were_saved_to_the_cent(url: str, records: Records) -> None:
    assert records.save_shop_settings(FULL, "mia", NOW)
    other = open_records(url)
    assert other.shop_settings() == FULL
    other.close()
    assert FULL.payment_fee_rate == Decimal("0.029")
    assert FULL.uncounted_statuses == ("cancelled", "test")
    assert FULL.marketing_spend["2026-05"]["google"] == Decimal("1200.50")


def test_saving_what_is_already_so_is_no_decision(records: Records) -> None:
    assert not records.save_shop_settings(ShopSettings(), "mia", NOW)
    assert records.decisions_revision() == 0
    assert records.save_shop_settings(FULL, "mia", NOW)
    assert not records.save_shop_settings(FULL, "mia", NOW)
    assert records.save_shop_settings(ShopSettings(), "mia", NOW)
    assert records.decisions_revision() == 2


def test_everything_wrong_is_told_at_once_and_nothing_is_saved(records: Records) -> None:
    wrong: dict[str, Any] = {
        "margin_by_category": {"Tea": "1.4", "": "0.2"},
        "shipping_cost_per_order": "-1",
        "payment_fee_rate": "many",
        "payment_fee_fixed": float("nan"),
        "marketing_spend": {"May": {"google": "x"}},
        "tax_included": "yes",
        "internal_buyers": "me",
        "refund_date": "someday",
    }
    with pytest.raises(CrmError, match="records_settings_invalid") as refused:
        records.save_shop_settings(ShopSettings(**wrong), "mia", NOW)
    found = {(issue.field, issue.code) for issue in refused.value.facts["issues"]}  # type: ignore[attr-defined]
    assert found == {
        ("margin_by_category", "not_a_share"),
        ("margin_by_category", "name_missing"),
        ("shipping_cost_per_order", "not_an_amount"),
        ("payment_fee_rate", "not_a_number"),
        ("payment_fee_fixed", "not_a_number"),
        ("marketing_spend", "not_a_month"),
        ("marketing_spend", "not_a_number"),
        ("tax_included", "not_a_switch"),
        ("internal_buyers", "not_a_list"),
        ("refund_date", "not_a_choice"),
    }
    assert refused.value.facts["count"] == 10
    assert records.shop_settings() == ShopSettings()


def test_settings_broken_by_hand_are_refused(url: str, records: Records) -> None:
    records.save_shop_settings(FULL, "mia", NOW)
    by_hand(url, "UPDATE shop_settings SET value = '\"7\"' WHERE key = 'tax_rate'")
    with pytest.raises(CrmError, match="records_settings_invalid"):
        records.shop_settings()


def test_a_setting_of_another_version_is_passed_over() -> None:
    assert ShopSettings.from_document({"moon_phase": "full"}) == ShopSettings()


@given(
    st.dictionaries(st.text(min_size=1).filter(str.strip), st.decimals(0, 1, places=4), max_size=4)
)
def test_a_document_is_the_settings(margins: dict[str, Decimal]) -> None:
    settings = ShopSettings(margin_by_category=margins)
    assert ShopSettings.from_document(settings.document()) == settings


def test_rules_of_segments_come_back_and_must_rise(records: Records) -> None:
    cuts = {
        "recency_days": {"5": 20, "4": 60, "3": 120, "2": 240},
        "purchase_days": {"3": 3, "4": 4, "5": 8},
        "revenue": {"2": "49.90", "3": 100, "4": 300, "5": 900},
    }
    told: dict[str, Any] = {"loyalty_tiers": {"silver": 100, "gold": 300}, "rfm_cuts": cuts}
    settings = ShopSettings(rfm_by="own", **told)
    assert records.save_shop_settings(settings, "mia", NOW)
    assert records.shop_settings() == settings
    wrong: dict[str, Any] = {
        "loyalty_tiers": {"silver": 300, "gold": 200, "diamond": 1},
        "rfm_by": "own",
        "rfm_cuts": {
            **cuts,
            "revenue": {"2": 5},
            "recency_days": {**cuts["recency_days"], "4": 10},
        },
    }
    issues = {(issue.field, issue.code, issue.at) for issue in ShopSettings(**wrong).issues()}
    assert issues == {
        ("loyalty_tiers", "not_a_choice", "diamond"),
        ("loyalty_tiers", "not_rising", "gold"),
        ("rfm_cuts", "cuts_missing", "revenue"),
        ("rfm_cuts", "not_rising", "recency_days 4"),
    }
