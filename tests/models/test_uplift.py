"""Whom a message changes: learned where there is something to learn, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from crm_core.errors import CrmError
from crm_core.models.qini import SHARES, Ranking, area, ranking
from crm_core.models.uplift import (
    METHODS,
    RESPONSE,
    Lesson,
    cross_fitted,
    folds,
    learn,
    logistic,
    ridge,
    verdict,
)


def campaign(people: int, effect: float, seed: int, *, base: float = -1.0) -> Lesson:
    """Ten facts; one tells whom the message changes, two others who buys anyhow."""
    random = np.random.default_rng(seed)
    known = random.normal(size=(people, 10))
    treated = random.random(people) < 0.6
    usual = 1 / (1 + np.exp(-(base + 0.8 * known[:, 1] + 0.3 * known[:, 2])))
    changed = treated & (known[:, 0] > 0.8) & (random.random(people) < effect)
    bought = ((random.random(people) < usual) | changed).astype(float)
    margin = bought * random.gamma(2.0, 10.0, people)
    return Lesson(np.arange(people), known, treated, bought, margin)


def test_who_is_changed_is_found_and_offered() -> None:
    found = learn(campaign(8_000, 0.25, seed=3))
    best = found.rankings[found.best]
    assert found.verdict == "offered"
    assert best.low > 0
    assert best.qini > found.rankings[RESPONSE].high
    # A fifth of the people hold all of the effect: most of it comes early.
    early = best.buyers.value[list(SHARES).index(0.4)]
    assert early > 0.6 * best.buyers.value[-1]


def test_without_any_effect_nothing_is_offered() -> None:
    offered = [learn(campaign(1_500, 0.0, seed=seed)).verdict for seed in range(6)]
    assert "offered" not in offered


def test_a_campaign_of_few_control_buyers_teaches_nothing() -> None:
    few = campaign(900, 0.2, seed=1, base=-2.0)
    assert few.control_converters < 100
    with pytest.raises(CrmError) as refused:
        learn(few)
    assert refused.value.code == "not_enough_data"
    assert refused.value.facts["control_converters_needed"] == 100


def test_nobody_is_scored_by_a_model_that_saw_them() -> None:
    """Another outcome of one person changes no score within that person's own fold."""
    lesson = campaign(1_200, 0.2, seed=5)
    fold, before = folds(lesson, seed=7), cross_fitted(lesson, seed=7)
    place = int(np.flatnonzero(lesson.treated & (lesson.bought == 0))[0])
    mine = fold == fold[place]
    changed = lesson.design.copy()
    changed[place] = 50.0
    other = Lesson(lesson.customer_key, changed, lesson.treated, lesson.bought, lesson.margin)
    after = cross_fitted(other, seed=7)
    for name in METHODS:
        mine[place] = False
        assert np.array_equal(before[name][mine], after[name][mine])
        assert not np.array_equal(before[name][~mine], after[name][~mine])


def test_folds_are_alike_and_the_same_each_time() -> None:
    lesson = campaign(1_000, 0.1, seed=2)
    fold = folds(lesson, seed=7)
    assert np.array_equal(fold, folds(lesson, seed=7))
    buyers = [lesson.bought[fold == place].sum() for place in range(5)]
    assert max(buyers) - min(buyers) <= 3


def test_the_lines_are_those_of_scikit_learn() -> None:
    lesson = campaign(800, 0.1, seed=4)
    x = np.column_stack([np.ones(800), lesson.design])
    ours = logistic(x, lesson.bought, penalty=10.0)
    theirs = LogisticRegression(C=0.1, tol=1e-10, max_iter=1_000).fit(lesson.design, lesson.bought)
    assert ours[0] == pytest.approx(theirs.intercept_[0], abs=1e-4)
    assert ours[1:] == pytest.approx(theirs.coef_[0], abs=1e-4)
    flat = Ridge(alpha=30.0).fit(lesson.design, lesson.margin)
    assert ridge(x, lesson.margin, penalty=30.0)[1:] == pytest.approx(flat.coef_, abs=1e-6)


def test_the_curve_ends_at_the_effect_of_treating_all() -> None:
    lesson = campaign(2_000, 0.3, seed=6)
    score = lesson.design[:, 0]
    found = ranking(score, lesson.treated, lesson.bought, lesson.margin, seed=1, draws=50)
    effect = lesson.bought[lesson.treated].mean() - lesson.bought[~lesson.treated].mean()
    assert found.buyers.value[0] == 0.0
    assert found.buyers.value[-1] == pytest.approx(effect)
    assert found.qini > 0
    assert ranking(-score, lesson.treated, lesson.bought, lesson.margin, seed=1, draws=5).qini < 0
    same = ranking(np.zeros(2_000), lesson.treated, lesson.bought, lesson.margin, seed=1, draws=5)
    assert same.qini == pytest.approx(0.0, abs=1e-12)
    assert area(SHARES, SHARES * 0.2) == pytest.approx(0.0, abs=1e-12)


def with_bounds(low: float, qini: float, high: float) -> Ranking:
    made = ranking(
        np.arange(4.0), np.array([True, False] * 2), np.ones(4), np.ones(4), seed=1, draws=2
    )
    return Ranking(qini, low, high, made.buyers, made.money)


def test_a_model_inside_the_interval_of_the_response_model_is_not_offered() -> None:
    sure, weak, plain = with_bounds(10, 40, 70), with_bounds(-5, 40, 80), with_bounds(5, 30, 55)
    lost = with_bounds(-20, 0, 20)
    assert verdict(sure, lost) == "offered"
    assert verdict(sure, plain) == "use_response"
    assert verdict(weak, plain) == "use_response"
    assert verdict(sure, with_bounds(-5, 20, 45)) == "not_apart"
    assert verdict(weak, lost) == "no_better_than_random"
