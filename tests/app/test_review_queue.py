"""The review queue as one clicks through it: proposed, approved by another, left out, brought back."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from crm_core.cli import main
from crm_core.pipeline import without
from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from crm_core.ui import review_decisions
from tests.app.conftest import NOW, Open
from tests.app.screen import Screen
from tests.looked_at_shop import with_queue


@pytest.fixture(scope="module", autouse=True)
def looked(
    copy_demo: Callable[[Path], Path],
    shops: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """A shop with a queue made by hand, called "looked"."""
    shops["looked"] = with_queue(copy_demo(tmp_path_factory.mktemp("looked")))
    own = Settings(var=shops["looked"])
    records = records_of(own)
    for role in ("viewer", "marketer", "care"):
        records.save_user(f"{role}@example.test", role, NOW)
    records.close()
    return own


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Jobs run in this process, and make facts only: scores would take a minute."""
    done: list[list[str]] = []

    def run_job(arguments: Sequence[str], *, store: str, title_key: str) -> dict[str, Any]:
        done.append(list(arguments))
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            assert main([*arguments, "--store", store, "--json"]) == 0
        return json.loads(told.getvalue())

    monkeypatch.setattr(review_decisions, "run_job", run_job)
    monkeypatch.setattr(without, "refresh_scores", lambda *_, **__: {})
    return done


def records_of(own: Settings) -> Records:
    return open_records(workspace(own, demo_url(own)).records_url)


def press(screen: Screen, key: str) -> Screen:
    return Screen(screen.test.button(key=key).click().run())


def field(screen: Screen, key: str, value: str) -> Screen:
    return Screen(screen.test.text_input(key=key).set_value(value).run())


def in_state(screen: Screen, state: str) -> Screen:
    control = screen.test.segmented_control(key="review_state")
    return Screen(control.set_value(state).run())


def metric(screen: Screen, key: str) -> str:
    name = t(key, "en")
    return next(str(each.value) for each in screen.test.metric if each.label == name)


@pytest.mark.slow
def test_set_aside_by_two_left_out_everywhere_and_brought_back(
    open_page: Open, looked: Settings, jobs: list[list[str]]
) -> None:
    screen = open_page("review_queue", shop="looked")
    assert not screen.failures
    assert not screen.keys_shown
    orders = int(metric(screen, "review_queue.open_orders"))
    assert orders > 20
    assert not [each for each in screen.test.toggle if each.key == "set_aside_left_out"]
    refused = press(screen, "review_propose")  # nobody said who proposes
    assert refused.failures
    screen = press(field(screen, "_shop_review_name", "Mia Chen"), "review_propose")
    assert not screen.failures
    assert metric(screen, "review_queue.open_orders") == "0"
    assert metric(screen, "review_queue.waiting") == str(orders)
    assert t("review_queue.one_person", "en") in [str(each.value) for each in screen.test.info]

    same = press(field(screen, "_shop_review_approver", "mia chen"), "review_approve")
    assert any("cannot approve" in failure for failure in same.failures)
    assert jobs == []
    screen = press(field(same, "_shop_review_approver", "Bo Larsen"), "review_approve")
    assert not screen.failures
    assert metric(screen, "review_queue.set_aside") == str(orders)
    assert jobs == [["set-aside"]]
    told = next(
        each.value for each in screen.test.table if t("review_queue.left_out", "en") in each.value
    )
    counted, left = (told[t(f"review_queue.{name}", "en")] for name in ("counted", "left_out"))
    place = list(told[t("review_queue.number", "en")]).index(t("metric.orders.label", "en"))
    assert counted[place] == "38,336"
    assert left[place] == f"{38336 - orders:,}"
    log = next(each.value for each in screen.test.dataframe if "action" in each.value)
    assert list(log["user"]) == ["Bo Larsen", "Mia Chen"]
    assert set(log["vouched"]) == {t("review_queue.vouched_of.no", "en")}

    everything = open_page("overview", shop="looked", warm=True, period="all")
    without_them = open_page("overview", shop="looked", warm=True, period="all", set_aside="out")
    assert not without_them.failures
    assert metric(everything, "metric.orders.label") == "38,336"
    assert metric(without_them, "metric.orders.label") == f"{38336 - orders:,}"
    said = t("review_queue.switch.on", "en", orders=orders, reviews=0)
    assert any(said in str(each.value) for each in without_them.test.markdown)
    toggle = next(each for each in without_them.test.toggle if each.key == "set_aside_left_out")
    again = Screen(toggle.set_value(False).run())
    assert metric(again, "metric.orders.label") == "38,336"

    back = open_page("review_queue", shop="looked", warm=True)
    screen = in_state(back, "approved")
    screen = press(field(screen, "_shop_review_name", "Cy"), "review_back")
    assert not screen.failures
    assert metric(screen, "review_queue.set_aside") == "0"
    assert not (looked.var / "demo" / "without").exists()
    the_account_decides_who_is_who(open_page, looked, jobs)


def the_account_decides_who_is_who(
    open_page: Open, looked: Settings, jobs: list[list[str]]
) -> None:
    """With a sign-in; goes on where the rows were brought back."""
    jobs.clear()
    screen = open_page("review_queue", role="marketer", shop="looked", warm=True)
    assert not [each for each in screen.test.text_input if each.key == "_shop_review_name"]
    screen = in_state(screen, "kept")
    screen = press(screen, "review_propose")
    assert not screen.failures
    refused = press(screen, "review_approve")
    assert jobs == []
    records = records_of(looked)
    assert not records.set_aside()
    items = records.set_aside_in("proposed")
    assert items
    assert {each.proposer for each in records.set_aside_decisions(items).values()} == {
        "marketer@example.test"
    }
    records.keep_counted(items, reason="", user="test", vouched=True, now=NOW)
    records.close()
    assert not refused.crashed


@pytest.mark.parametrize("role", ["viewer", "care"])
def test_who_may_not_decide_does_not_get_there(open_page: Open, role: str) -> None:
    screen = open_page("review_queue", role=role, shop="looked", warm=True)
    assert screen.page != "review_queue"
