"""The reviews page as one clicks through it: its screens, the list of what to make better, asking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.text import t
from crm_core.views.review_rows import Asked
from tests.app.conftest import LANGUAGES, Open
from tests.app.screen import Screen
from tests.small_shop import line, no_forecast, order, small_shop

SCREENS = ("stars", "said", "improve", "asking")
FIG = {"product_id": "P1171", "product": "Reed Diffuser Fig", "aspect": "quality"}


@pytest.fixture
def records(shops: dict[str, Path]) -> Iterator[Records]:
    """The demo's records, in the end without improvements."""
    settings = Settings(var=shops["demo"])
    found = open_records(workspace(settings, demo_url(settings)).records_url)
    yield found
    for each in found.improvements():
        found.remove_improvement(each.id)
    found.close()


def on(screen: Screen, name: str) -> Screen:
    control = screen.test.segmented_control(key="reviews_screen")
    return Screen(control.set_value(name).run())


def with_state(screen: Screen, **state: object) -> Screen:
    for key, value in state.items():
        screen.test.session_state[key] = value
    return Screen(screen.test.run())


def press(screen: Screen, key: str) -> Screen:
    """Presses the button with these words."""
    words = t(key, "en")
    button = next(each for each in screen.test.button if each.label == words)
    return Screen(button.click().run())


def frame(screen: Screen, column: str) -> object:
    return next(each.value for each in screen.test.dataframe if column in each.value.columns)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_drawn_in_both_languages(open_page: Open, language: str) -> None:
    screen = open_page("reviews", language=language, warm=True, period="12m")
    for name in SCREENS:
        screen = on(screen, name)
        assert (screen.failures, screen.keys_shown) == ([], [])
    words = " ".join(screen.words)
    assert t("reviews.request.title", language) in words
    assert t("reviews.testimonial.title", language) in words


def test_what_nobody_was_asked_is_said(open_page: Open) -> None:
    screen = open_page("reviews", warm=True, period="12m")
    words = " ".join(screen.words)
    assert t("reviews.answers.nps.none", "en").partition(" (")[0] in words
    assert t("reviews.no_fallers", "en") in words  # nothing was planted there
    assert any("answers to" in word for word in screen.words)  # after contacts somebody was


def test_a_shop_without_reviews_is_told_what_to_bring(
    open_page: Open, shops: dict[str, Path], tmp_path: Path
) -> None:
    rows = {
        "orders": [order("o1", "ann", "2026-06-01T09:00:00")],
        "order_lines": [line("o1", "tea", "10")],
    }
    with no_forecast():
        small_shop(tmp_path, rows)
    (tmp_path / "var" / "active").write_text("shop", encoding="utf-8")
    shops["unreviewed"] = tmp_path / "var"
    for language in LANGUAGES:
        screen = open_page("reviews", shop="unreviewed", language=language)
        assert screen.failures == []
        assert t("reviews.empty_title", language) in screen.words
        assert not screen.test.dataframe


def test_a_number_leads_to_its_reviews_and_words_are_searched(open_page: Open) -> None:
    screen = open_page("reviews", warm=True, period="all")
    ones = with_state(screen, _reviews_asked=Asked(star=1))
    assert set(frame(ones, "tone")["stars"]) == {1.0}  # type: ignore[index]
    assert any(t("reviews.star", "en", stars=1) in word for word in ones.words)
    box = ones.test.text_input(key="reviews_words")
    found = Screen(box.set_value("crack").run())
    assert all("crack" in text.lower() for text in frame(found, "tone")["words"])  # type: ignore[index]
    none = Screen(found.test.text_input(key="reviews_words").set_value("%_%").run())
    assert t("reviews.nothing_found", "en") in none.words
    every = press(none, "reviews.show_all")
    assert every.failures == []
    assert b"crack" not in str(every.test.query_params).encode()


@pytest.mark.slow
def test_a_complaint_gets_an_owner_a_day_and_a_verdict(open_page: Open, records: Records) -> None:
    screen = on(open_page("reviews", warm=True), "improve")
    assert frame(screen, "at_stake") is not None
    other = with_state(screen, _reviews_complaint={**FIG, "product": "Another"})
    screen = with_state(other, _reviews_complaint={**FIG, "aspect": "packaging"})
    screen = with_state(screen, _reviews_complaint=FIG)
    title = next(e for e in screen.test.text_input if e.label == t("reviews.column.title", "en"))
    assert FIG["product"] in str(title.value) or "Another" in str(title.value)
    screen = press(screen, "reviews.put_button")
    assert screen.failures == []
    (kept,) = records.improvements()
    assert (kept.product_id, kept.aspect, kept.kind) == ("P1171", "quality", "complaint")
    screen = with_state(screen, _reviews_complaint=FIG)  # a wish about it may still join
    kinds = next(e for e in screen.test.selectbox if e.label == t("reviews.column.kind", "en"))
    assert kinds.options == [t("reviews.improvement_kind.wish", "en")]
    screen = with_state(screen, _reviews_improvement=kept.id)
    place = f"{kept.id}_{kept.version}"
    screen.test.text_input(key=f"improvement_owner_{place}").set_value("Bo")
    screen.test.selectbox(key=f"improvement_state_{place}").set_value("fixed")
    refused = press(screen, "reviews.save")
    assert len(refused.failures) == 1  # fixed, but when?
    assert not refused.crashed
    refused.test.date_input(key=f"improvement_day_{place}").set_value("2026-02-01")
    screen = press(refused, "reviews.save")
    assert screen.failures == []
    (fixed,) = records.improvements()
    assert (fixed.owner, fixed.state, str(fixed.fixed_on)) == ("Bo", "fixed", "2026-02-01")
    told = frame(screen, "result")
    assert told["product"].tolist() == ["Reed Diffuser Fig"]  # type: ignore[index]
    assert " of " in told["result"].iloc[0]  # type: ignore[index]
    screen = press(screen, "reviews.remove")
    assert records.improvements() == []
    undo = next(each for each in screen.test.button if each.key == "improvement_undo")
    back = Screen(undo.click().run())
    assert back.failures == []
    assert [each.fixed_on for each in records.improvements()] == [fixed.fixed_on]


def test_who_only_looks_puts_nothing_on_the_list(open_page: Open) -> None:
    screen = on(open_page("reviews", role="viewer", warm=True), "improve")
    screen = with_state(screen, _reviews_complaint=FIG)
    assert screen.failures == []
    assert t("reviews.put_button", "en") not in [each.label for each in screen.test.button]


@pytest.mark.slow
def test_one_person_is_asked_in_private_and_may_take_a_yes_back(
    open_page: Open, records: Records, store: Store
) -> None:
    rows = store.table("reviews")
    known = rows.filter(rows.stars == 5, rows.body.notnull(), rows.customer_key.notnull())
    review = str(store.fetch(known.order_by(known["reviewed_at"].desc()).limit(1))["review_id"][0])
    screen = with_state(
        open_page("reviews", warm=True, period="all"),
        _reviews_asked=Asked(star=5, kind="with_words"),
        _reviews_opened=review,
    )
    before = len(records.open_tasks())
    screen = press(screen, "reviews.testimonial.ask")
    assert screen.failures == []
    assert len(records.open_tasks()) == before + 1
    place = f"{review}_asked"
    screen.test.selectbox(key=f"reviews_answer_as_{place}").set_value("initials")
    screen = press(screen, "reviews.testimonial.keep")
    assert screen.failures == []
    (told,) = records.testimonials()
    assert (told.state, told.quoted_as, told.told_by) == ("granted", "initials", "email")
    assert len(records.open_tasks()) == before  # the task to ask is done
    listed = on(screen, "asking")
    assert t("reviews.testimonial.states.granted", "en") in set(
        frame(listed, "quoted")["state_words"]
    )  # type: ignore[index]
    screen = press(listed, "reviews.testimonial.keep")
    assert records.testimonials()[0].state == "withdrawn"
    assert screen.failures == []


@pytest.mark.slow
def test_everybody_who_bought_is_asked_and_the_days_alone_narrow_it(open_page: Open) -> None:
    screen = on(open_page("reviews", warm=True), "asking")
    told = next(word for word in screen.words if "may be e-mailed" in word)
    wider = Screen(screen.test.number_input(key="reviews_last").set_value(60).run())
    assert next(word for word in wider.words if "may be e-mailed" in word) != told
    draft = press(wider, "reviews.request.make")
    assert draft.failures == []
    assert draft.page == "campaign"
