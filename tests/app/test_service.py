"""The service page as one clicks through it, by role, and in a shop without contacts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.records import ShopSettings, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import NOW, Open
from tests.app.screen import Screen
from tests.small_shop import line, no_forecast, order, small_shop


@pytest.fixture(scope="module")
def quiet(shops: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A shop that sells and never heard of anybody, called "quiet"."""
    folder = tmp_path_factory.mktemp("quiet")
    rows = {
        "customers": [{"customer_id": "ann"}],
        "products": [{"product_id": "tea"}],
        "orders": [order("o1", "ann", "2026-06-01T09:00:00")],
        "order_lines": [line("o1", "tea", "10")],
    }
    with no_forecast():
        small_shop(folder, rows)
    (folder / "var" / "active").write_text("shop", encoding="utf-8")
    shops["quiet"] = folder / "var"
    return "quiet"


def opened(screen: Screen, by: str, code: str) -> Screen:
    test = screen.test
    test.session_state["service_by"] = by
    test.session_state["_service_opened"] = (by, code, code)
    return Screen(test.run())


def test_the_page_says_who_waits_and_what_care_pays(open_page: Open) -> None:
    screen = open_page("service", period="12m")
    assert (screen.failures, screen.keys_shown) == ([], [])
    words = " ".join(screen.words)
    assert "is associated with fewer repeat purchases" in words
    assert "effect" not in words.lower()
    assert t("service.wait.no_reply", "en") in screen.words
    behind = opened(screen, "topic", "return")
    assert behind.failures == []
    shown = next(each.value for each in behind.test.dataframe if "message" in each.value.columns)
    assert len(shown) == 25
    assert shown["message"].notna().any()


def test_a_viewer_reads_no_words_of_customers(open_page: Open) -> None:
    screen = opened(open_page("service", role="viewer", warm=True, period="12m"), "topic", "return")
    assert screen.failures == []
    assert not [each for each in screen.test.dataframe if "message" in each.value.columns]
    assert t("service.no_words", "en") in screen.words
    assert t("service.rules.fixed", "en") in screen.words
    assert b"send this back" not in screen.sent


@pytest.mark.slow
def test_a_promise_that_is_changed_is_measured_by_at_once(
    open_page: Open, shops: dict[str, Path]
) -> None:
    screen = open_page("service", warm=True)
    waiting = screen.test.metric
    before = next(
        each.value for each in waiting if each.label == t("service.wait.not_settled", "en")
    )
    field = next(
        each for each in screen.test.number_input
        if each.label == t("service.rules.settle_hours", "en")
    )  # fmt: skip
    field.set_value(1400)
    save = next(each for each in screen.test.button if each.label == t("service.rules.save", "en"))
    after = Screen(save.click().run())
    assert after.failures == []
    told = next(
        each.value for each in after.test.metric
        if each.label == t("service.wait.not_settled", "en")
    )  # fmt: skip
    assert int(told) < int(before)
    records = open_records(_records_of(shops["demo"]))
    assert records.shop_settings().settle_hours == 1400
    records.save_shop_settings(ShopSettings(), "test", NOW)
    records.close()


def _records_of(var: Path) -> str:
    from crm_core.pipeline.workspace import demo_url, workspace

    settings = Settings(var=var)
    return workspace(settings, demo_url(settings)).records_url


def test_a_shop_without_contacts_is_told_what_to_import(open_page: Open, quiet: str) -> None:
    screen = open_page("service", shop=quiet)
    assert screen.failures == []
    assert t("service.empty_title", "en") in screen.words
    assert t("service.no_promises", "en") in screen.words


def test_a_persons_page_tells_their_contacts(open_page: Open, shops: dict[str, Path]) -> None:
    from crm_core.privacy.gate import customer_code

    records = open_records(_records_of(shops["demo"]))
    code = customer_code(records.secret("url_key"), 1)
    records.close()
    screen = open_page("customer", id=code, warm=True)
    assert screen.failures == []
    assert t("service.card.title", "en") in screen.words
