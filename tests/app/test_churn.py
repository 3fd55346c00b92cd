"""The churn page as one clicks through it, in shops that know much and in shops that do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_core.models.churn_reasons import CODES
from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.privacy.gate import customer_code
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.text import t
from crm_core.ui import churn_parts
from tests.app.conftest import Open
from tests.app.screen import Screen
from tests.pipeline.young_shops import ODD, scored, young

FACTS = {
    "silent_days": "61", "own_gap_days": "20", "usual_days": "49", "horizon_days": "49",
    "purchase_days": "7", "orders_recent": "1", "orders_before": "4",
}  # fmt: skip


def texts(screen: Screen) -> str:
    return "\n".join(screen.words)


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_the_page_says_whom_to_win_back_and_how_far_to_trust_it(
    open_page: Open, language: str
) -> None:
    screen = open_page("churn", language=language, warm=True)
    assert not screen.failures
    assert not screen.keys_shown
    for key in ("trust.verdict.churn.rely", "churn.win_back", "churn.survival"):
        assert t(key, language) in texts(screen)
    listed = screen.test.dataframe[0].value
    assert len(listed) == 50
    assert listed["reasons"].str.len().min() > 5
    assert listed["window"].str.contains("–").all()


def test_a_reason_is_a_fact_in_words() -> None:
    for language in ("en", "zh"):
        for code in CODES:
            words = t(f"churn.reason.{code}", language, **FACTS)
            assert "{" not in words
    said = t("churn.reason.silent_beyond_own_gap", "en", **FACTS)
    assert said == "silent for 61 days, own usual gap 20 days"


@pytest.mark.slow
def test_the_list_goes_to_audiences_as_a_rule(open_page: Open) -> None:
    test = open_page("churn").test
    test.selectbox(key="churn_band").set_value("high").run()
    test.number_input(key="churn_least").set_value(20.0).run()
    said = next(word for word in Screen(test).words if word.startswith("Shown: "))
    test.button(key="churn_audience").click().run()
    there = Screen(test)
    assert there.page == "audiences"
    assert not there.failures
    count = said.split(" of ")[1].split(" ")[0]
    assert count in [str(metric.value) for metric in test.metric]
    rule = " ".join(str(text.value) for text in test.text)
    assert "Value at stake" in rule
    assert "Chance of no order" in rule


@pytest.mark.slow
def test_a_viewer_makes_no_list_and_sets_no_horizon(open_page: Open) -> None:
    screen = open_page("churn", role="viewer", warm=True)
    assert not screen.failures
    assert not [each for each in screen.test.button if each.key == "churn_audience"]
    assert t("churn.horizon_fixed", "en") in texts(screen)


@pytest.mark.slow
def test_the_horizon_is_the_managers_choice(
    copy_demo: Callable[[Path], Path],
    shops: dict[str, Path],
    tmp_path: Path,
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shops["own"] = copy_demo(tmp_path / "var")
    jobs: list[Any] = []
    monkeypatch.setattr(churn_parts, "run_job", lambda arguments, **_: jobs.append(arguments))
    test = open_page("churn", shop="own").test
    horizon = next(each for each in test.number_input if each.label == "Horizon in days")
    horizon.set_value(90)
    next(each for each in test.button if each.label == "Save and calculate").click().run()
    assert not test.exception
    assert jobs == [["refresh"]]
    settings = Settings(var=shops["own"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    assert records.shop_settings().churn_horizon_days == 90
    records.close()


@pytest.fixture(scope="module")
def small_shops(shops: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    for name, rows in (("young", young), ("odd", ODD["only refunds"])):
        shop = scored(tmp_path_factory.mktemp(name), rows())
        (shop.settings.var / "active").write_text("shop", encoding="utf-8")
        shops[name] = shop.settings.var


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.usefixtures("small_shops")
def test_too_little_data_says_what_is_missing_and_shows_what_there_is(
    open_page: Open, language: str
) -> None:
    screen = open_page("churn", shop="odd", language=language)
    assert not screen.crashed
    assert any("50" in failure for failure in screen.failures)
    assert t("churn.silent", language) in texts(screen)
    assert t("churn.no_survival", language) in [str(note.value) for note in screen.test.info]


@pytest.mark.slow
@pytest.mark.usefixtures("small_shops")
def test_a_young_shop_is_warned_that_nothing_was_tried(open_page: Open) -> None:
    screen = open_page("churn", shop="young")
    assert not screen.failures
    warned = " ".join(str(warning.value) for warning in screen.test.warning).replace("\\", "")
    assert t("error.needed.buyers", "en", needed=500, have=81) in warned
    assert t("trust.verdict.churn.untested", "en") in texts(screen)
    assert "nan" not in texts(screen).lower().split()


@pytest.mark.slow
def test_a_persons_value_and_risk_say_how_far_to_trust_them(
    open_page: Open, shops: dict[str, Path]
) -> None:
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    code = customer_code(records.secret("url_key"), 7)
    records.close()
    screen = open_page("customer", id=code, warm=True)
    assert not screen.failures
    badge = t("trust.badge.rely", "en")
    told = [word for word in screen.words if "badge[" in word and badge in word]
    assert len(told) == 3, "value, risk, and what is new to try"
