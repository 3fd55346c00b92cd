"""Review texts are varied, fit their stars, and the bought ones repeat themselves."""

from __future__ import annotations

from typing import Any

from tests.demo.conftest import Ask


def test_texts_are_in_two_languages_and_varied(ask: Ask) -> None:
    rows = ask("""
        select r.language, count(*), count(distinct body) / count(body) from reviews r
        join true_reviews using (review_id) where not is_bought group by 1
    """)
    assert {language for language, _, _ in rows} == {"en", "zh"}
    assert all(count > 600 and distinct > 0.6 for _, count, distinct in rows)
    assert ask("select count(*) from reviews where body like '%{thing}%'")[0][0] == 0
    chinese = "select avg(regexp_matches(body, '[一-鿿]')::int) from reviews where language = ? and body is not null"
    assert ask(chinese, "zh")[0][0] > 0.99
    assert ask(chinese, "en")[0][0] == 0


def test_bought_reviews_repeat_themselves(ask: Ask, truths: dict[str, Any]) -> None:
    bought, kinds, stars = ask("""
        select count(*), count(distinct regexp_replace(body, '[!.～！👍😍 ]+$', '')), avg(stars)
        from reviews join true_reviews using (review_id) where is_bought
    """)[0]
    assert bought == len(truths["bought_reviews"]) > 150
    assert kinds <= 6
    assert stars == 5


def test_a_quarter_is_kept_for_tests_with_phrases_of_its_own(ask: Ask) -> None:
    share = ask("select avg((split = 'test')::int) from true_reviews")[0][0]
    assert 0.22 < share < 0.28
    openings = "select distinct split from reviews join true_reviews using (review_id) where starts_with(body, ?)"
    assert ask(openings, "What a find.") == [("test",)]
    assert len(ask(openings, "Lovely!")) == 2
