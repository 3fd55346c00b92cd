"""What a shop says on the costs page is kept, and asks for the numbers anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import ShopSettings, open_records
from crm_core.settings import Settings
from crm_core.text import t
from crm_core.ui import costs_form
from tests.app.conftest import Open


def test_the_day_refunds_count_on_is_the_managers_choice(
    copy_demo: Callable[[Path], Path],
    shops: dict[str, Path],
    tmp_path: Path,
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shops["own"] = copy_demo(tmp_path / "var")
    jobs: list[Any] = []
    monkeypatch.setattr(costs_form, "run_job", lambda arguments, **_: jobs.append(arguments))
    test = open_page("costs", shop="own").test
    choice = next(each for each in test.segmented_control if "Refunds" in each.label)
    assert (choice.value, choice.options) == (
        "refund",
        ["the day of the refund", "the day of the order"],
    )
    choice.set_value("order")
    next(each for each in test.button if each.label == "Save and recalculate").click().run()
    assert not test.exception
    assert jobs == [["refresh"]]
    assert kept_settings(shops["own"]).refund_date == "order"


def kept_settings(var: Path) -> ShopSettings:
    settings = Settings(var=var)
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    try:
        return records.shop_settings()
    finally:
        records.close()


#: What is typed into the fields of one number, by the text of their label.
TYPED = {
    "default_margin": 42.5,
    "shipping": 4.9,
    "payment_rate": 1.4,
    "payment_fixed": 0.35,
    "tax_rate": 19.0,
}


def numbers(test: AppTest) -> dict[str, float | None]:
    """What those fields hold."""
    named = {t(f"costs.{name}", "en"): name for name in TYPED}
    return {named[each.label]: each.value for each in test.number_input if each.label in named}


def editor(test: AppTest, key: str) -> pd.DataFrame:
    """A table that is filled in, as it was given."""
    return next(each for each in test.data_editor if each.key == key).value


def rates_of(test: AppTest, key: str) -> dict[str, float]:
    """The percentages of such a table, by name."""
    frame = editor(test, key).dropna()
    return dict(zip(frame["name"], frame["rate"], strict=True))


def type_rates(test: AppTest, key: str, rates: Mapping[str, float]) -> None:
    names = list(editor(test, key)["name"])
    edited = {names.index(name): {"rate": rate} for name, rate in rates.items()}
    test.session_state[key] = {"edited_rows": edited, "added_rows": [], "deleted_rows": []}


@pytest.mark.slow
def test_what_the_form_is_filled_with_is_kept_and_shown_again(
    copy_demo: Callable[[Path], Path],
    shops: dict[str, Path],
    tmp_path: Path,
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shops["filled"] = copy_demo(tmp_path / "var")
    monkeypatch.setattr(costs_form, "run_job", lambda *_, **__: None)
    test = open_page("costs", shop="filled").test
    for field in test.number_input:
        for name, value in TYPED.items():
            if field.label == t(f"costs.{name}", "en"):
                field.set_value(value)
    one, other = list(editor(test, "costs_margins")["name"])[:2]
    type_rates(test, "costs_margins", {one: 55.0, other: 61.5})
    type_rates(test, "costs_channels", {"marketplace": 15.0})
    states = next(e for e in test.multiselect if e.label == t("costs.uncounted", "en"))
    states.set_value(["pending", "cancelled"])
    included = next(e for e in test.toggle if e.label == t("costs.tax_included", "en"))
    is_included = not included.value
    included.set_value(is_included)
    next(e for e in test.button if e.label == t("costs.save", "en")).click().run()
    assert not test.exception
    assert not test.error
    kept = kept_settings(shops["filled"])
    assert kept.default_margin == Decimal("0.425")
    assert kept.margin_by_category == {one: Decimal("0.55"), other: Decimal("0.615")}
    assert kept.shipping_cost_per_order == Decimal("4.90")
    assert (kept.payment_fee_rate, kept.payment_fee_fixed) == (Decimal("0.014"), Decimal("0.35"))
    assert kept.marketplace_fee_rate["marketplace"] == Decimal("0.15")
    assert (kept.tax_included, kept.tax_rate) == (is_included, Decimal("0.19"))
    assert kept.uncounted_statuses == ("pending", "cancelled")
    again = open_page("costs", shop="filled").test
    assert numbers(again) == pytest.approx(TYPED)
    assert rates_of(again, "costs_margins") == pytest.approx({one: 55.0, other: 61.5})
    assert rates_of(again, "costs_channels")["marketplace"] == pytest.approx(15.0)
    shown = next(e for e in again.multiselect if e.label == t("costs.uncounted", "en"))
    assert shown.value == ["pending", "cancelled"]
    assert next(e for e in again.toggle if e.label == included.label).value is is_included
