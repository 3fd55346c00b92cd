from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import brier_score_loss, roc_auc_score

from crm_core.models import measures

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=80)


@settings(deadline=None)
@given(pairs=PAIRS)
def test_rank_correlation_is_the_textbooks(pairs: list[tuple[int, int]]) -> None:
    one, two = np.array(pairs).T
    found = measures.spearman(one, two)
    if len(set(one)) == 1 or len(set(two)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(one, two).statistic, abs=1e-12)


@settings(deadline=None)
@given(pairs=PAIRS)
def test_weights_are_repeated_rows(pairs: list[tuple[int, int]]) -> None:
    rows, counts = np.unique(np.array(pairs), axis=0, return_counts=True)
    whole = measures.spearman(*np.array(pairs).T)
    assert measures.spearman(*rows.T, weight=counts) == (
        None if whole is None else pytest.approx(whole, abs=1e-12)
    )


@settings(deadline=None)
@given(pairs=PAIRS)
def test_chance_of_the_right_order_is_the_textbooks(pairs: list[tuple[int, int]]) -> None:
    happened, score = np.array(pairs).T > 3, np.array(pairs)[:, 1]
    came = happened[0]
    if came.all() or not came.any():
        assert measures.auc(came, score) is None
    else:
        assert measures.auc(came, score) == pytest.approx(roc_auc_score(came, score))


def test_brier_is_the_textbooks() -> None:
    came, chance = [0, 1, 1, 0], [0.1, 0.8, 0.4, 0.9]
    assert measures.brier(came, chance) == pytest.approx(brier_score_loss(came, chance))


@settings(deadline=None)
@given(pairs=PAIRS)
def test_gini_is_one_for_the_perfect_order_and_turns_with_it(pairs: list[tuple[int, int]]) -> None:
    actual, said = np.array(pairs).T
    if len(set(actual)) == 1:
        assert measures.gini(actual, said) is None
        return
    assert measures.gini(actual, actual) == pytest.approx(1.0)
    found = measures.gini(actual, said)
    assert found is not None
    assert found <= 1.0 + 1e-12
    assert measures.gini(actual, -said) == pytest.approx(-found, abs=1e-12)
    assert measures.gini(actual, np.exp(said)) == pytest.approx(found)
    assert measures.gini(actual, np.ones(len(actual))) == pytest.approx(0.0, abs=1e-12)


def test_the_best_tenth_holds_its_share_and_ties_share() -> None:
    actual = np.array([50.0, 30, 10, 10] + [0.0] * 16)
    assert measures.top_decile(actual, actual) == 0.8
    assert measures.top_decile(actual, np.ones(20)) == pytest.approx(0.1)
    assert measures.top_decile(np.zeros(20), actual) is None


def test_errors_of_totals_and_of_customers() -> None:
    actual, said = [0, 10, 20], [3, 10, 23]
    assert measures.purchases_error(actual, said) == pytest.approx(0.2)
    assert measures.spend_error([0, 0], [1, 2]) is None
    assert measures.mae(actual, said) == 2.0
    assert measures.rmse(actual, said) == pytest.approx(6**0.5)
