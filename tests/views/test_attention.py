"""The attention list: what was planted, nothing else, most urgent first, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.text import catalogue
from crm_core.views.attention import Attention, Finding, attention
from crm_core.views.attention_words import looked_words, reason, title
from tests.watched_shop import END, EVIL, FEW, MANY, watched_shop

ENDED = ((7, "Win back", END - timedelta(2)),)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with pytest.MonkeyPatch.context() as patch:
        made = watched_shop(tmp_path_factory.mktemp("watched"), patch, FEW, MANY)
        store = made.open()
        yield store
        store.close()
        made.records.close()


@pytest.fixture(scope="module")
def seen(shop: Store, owner: Access) -> Attention:
    return attention(Selection(), store=shop, access=owner, ended=ENDED, today=END + timedelta(9))


def of(seen: Attention, kind: str) -> Finding:
    (found,) = (each for each in seen.findings if each.kind == kind)
    return found


def test_what_was_planted_is_found_and_nothing_invented(seen: Attention) -> None:
    kinds = [each.kind for each in seen.findings]
    assert kinds[0] == "late_data"
    assert kinds[-2:] == ["event_unknown", "event_more"]
    odd = [each for each in seen.findings if each.kind == "anomaly_down"]
    assert {each.facts["member"] for each in odd if not each.facts["part"]} <= {FEW, MANY}
    assert {FEW, MANY} <= {
        str(word) for each in odd for word in (each.facts["member"], *(each.facts["part"] or ()))
    }
    assert set(kinds) == {"late_data", "anomaly_down", "sold_out", "test_ended", "event_unknown", "event_more"}  # fmt: skip


def test_money_decides_among_what_happened(seen: Attention) -> None:
    money = [each.money or 0.0 for each in seen.findings if each.urgency == "now"]
    assert money == sorted(money, reverse=True)
    assert of(seen, "sold_out").money == pytest.approx(9 * 40 * 47 / 56, rel=0.25)


def test_each_leads_to_the_drilled_view(seen: Attention) -> None:
    sold_out = of(seen, "sold_out")
    key = str(sold_out.facts["product_key"])
    assert (sold_out.page, sold_out.opens) == ("stock", {"product": key})
    event = of(seen, "event_more")
    assert (event.page, event.opens) == ("events", {"event": "singles_day"})
    for each in seen.findings:
        if each.kind == "anomaly_down" and each.facts["member"] == MANY:
            assert each.question is not None
            assert (each.question.by, each.question.where) == (("day",), (("region", MANY),))
    ended = of(seen, "test_ended")
    assert (ended.page, ended.opens) == ("campaign", {"campaign": "7"})


@pytest.mark.parametrize(
    ("metric", "target", "kind", "said"),
    [
        ("net_revenue", 2_000.0, "goal_missed", "Jun 2026 will hardly reach its goal of €2,000"),
        ("orders", 100.0, "goal_behind", "Jun 2026 is behind its goal of 100"),
        ("net_revenue", 1_000.0, None, ""),
    ],
)
def test_a_goal_that_the_month_misses_is_told(
    shop: Store, owner: Access, metric: str, target: float, kind: str | None, said: str
) -> None:
    """An order of forty euros a day; only revenue is forecast."""
    targets = ((metric, END.replace(day=1), "", target),)
    seen = attention(Selection(), store=shop, access=owner, targets=targets)
    found = [each for each in seen.findings if each.page == "goals"]
    assert [each.kind for each in found] == ([] if kind is None else [kind])
    for each in found:
        assert title(each, "EUR", "en").endswith(said)
        assert "{" not in title(each, "EUR", "zh") + reason(each, "EUR", "zh")
        assert each.money == (2_000 - 29 * 40 - 100 if kind == "goal_missed" else None)


def test_findings_on_few_people_are_not_for_viewers(
    shop: Store, seen: Attention, viewer: Access
) -> None:
    shown = attention(Selection(), store=shop, access=viewer, ended=ENDED)
    assert shown.hidden >= 1
    assert FEW not in str([each.facts for each in shown.findings])
    assert MANY in str([each.facts for each in shown.findings])
    assert seen.hidden == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_of_it_is_worded(seen: Attention, language: str) -> None:
    for each in seen.findings:
        for words in (title(each, "EUR", language), reason(each, "EUR", language)):
            assert words
            assert "{" not in words
    assert EVIL in title(of(seen, "sold_out"), "EUR", language)
    assert "240" not in looked_words(seen, language)
    assert "30" in looked_words(seen, language)


def test_every_kind_has_its_words() -> None:
    for language in ("en", "zh"):
        keys = [key.split(".") for key in catalogue(language) if key.startswith("attention.")]
        said, why = (
            {key[1] for key in keys if len(key) == 3 and key[2] == part}
            for part in ("title", "reason")
        )
        assert said == why
        assert len(said) == 14


def test_a_stage_and_a_product_are_worded() -> None:
    facts = {"stage": "active", "since": "2026-05-30", "then": 410, "now": 305,
             "usual_low": -0.06, "usual_high": 0.05}  # fmt: skip
    found = Finding("shrinking", date(2026, 5, 30), END, facts, "movement", money=10_500.0)
    assert title(found, "EUR", "en") == (
        "Active: 105 people fewer than 30 days ago (−26%). They bring about €10,500 a year."
    )
    assert "30 May 2026" in reason(found, "EUR", "en")


def test_a_product_that_fewer_buy_again_is_worded() -> None:
    facts = {"product_key": 5, "product": "Sencha", "buyers": 220, "again": 40, "buyers_before": 200,
             "again_before": 80, "before_from": "2025-01-01", "before_to": "2025-07-01",
             "low": 0.13, "high": 0.3, "chance": 1e-5}  # fmt: skip
    found = Finding("repeat_rate", date(2026, 1, 1), END, facts, "explore", money=960.0)
    assert title(found, "EUR", "en") == (
        "Sencha: fewer of its buyers buy it again. About €960 are missing."
    )
    said = reason(found, "EUR", "en")
    assert "40 of 220" in said
    assert "80 of 200" in said
    assert "The fall is 13.0% to 30.0%" in said


def test_before_a_refresh_has_looked_the_list_says_so() -> None:
    assert looked_words(Attention(END, ()), "en") == catalogue("en")["attention.not_looked"]


def test_three_are_shown_the_others_behind_all(seen: Attention) -> None:
    many = Attention(END, seen.findings * 3)
    assert len(many.first) == 3
    assert many.first + many.rest == many.findings
