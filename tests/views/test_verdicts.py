"""The verdict on a model is what a careful analyst would say of its trials."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_core.views import verdicts


def backtest(ours: float, plain: float, error: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "method": ["lifetime_value", "naive_own_rate"],
            "gini": [ours, plain],
            "spend_error": [error, 0.0],
        }
    )


@pytest.mark.parametrize(
    ("ours", "plain", "error", "verdict"),
    [
        (0.6, 0.5, 0.05, "rely"),
        (0.6, 0.5, -0.3, "care"),  # ranks well, misses the total
        (0.5, 0.6, 0.05, "care"),  # meets the total, a plain rule ranks better
        (0.505, 0.5, 0.9, "do_not"),  # a little better by chance is not better
    ],
)
def test_value_must_rank_better_than_plain_rules_and_meet_the_total(
    ours: float, plain: float, error: float, verdict: str
) -> None:
    assert verdicts.of_value(backtest(ours, plain, error)) == verdict


def churn(brier: float, usual: float) -> pd.DataFrame:
    return pd.DataFrame({"method": ["btyd", verdicts.SHARE], "brier": [brier, usual]})


def said(*pairs: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"customers": 100, "said": [pair[0] for pair in pairs], "came_true": [p[1] for p in pairs]}
    )


@pytest.mark.parametrize(
    ("brier", "reliability", "verdict"),
    [
        (0.12, said((0.2, 0.22), (0.8, 0.77)), "rely"),
        (0.12, said((0.2, 0.4), (0.8, 0.95)), "care"),  # ranks, but chances are too low
        (0.19, said((0.2, 0.22), (0.8, 0.77)), "care"),
        (0.21, said((0.2, 0.22)), "do_not"),
        (0.12, said(), "untested"),
    ],
)
def test_churn_must_beat_the_usual_share_and_mean_what_it_says(
    brier: float, reliability: pd.DataFrame, verdict: str
) -> None:
    assert verdicts.of_churn(churn(brier, 0.2), reliability) == verdict


def forecast(mase: float, plain: float, held: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "method": ["prophet", "naive_seasonal"],
            "mase": [mase, plain],
            "coverage_80": [held, float("nan")],
        }
    )


@pytest.mark.parametrize(
    ("mase", "plain", "held", "verdict"),
    [
        (0.6, 0.9, 0.8, "rely"),
        (0.6, 0.9, 0.3, "care"),
        (1.1, 0.9, 0.8, "care"),
        (1.1, 0.9, 1.0, "do_not"),  # an interval that always holds is too wide
        (0.6, 0.9, float("nan"), "care"),
    ],
)
def test_a_forecast_must_beat_last_week_and_keep_its_interval(
    mase: float, plain: float, held: float, verdict: str
) -> None:
    assert verdicts.of_forecast(forecast(mase, plain, held), "prophet") == verdict


def test_groups_that_do_not_hold_are_not_to_be_relied_on() -> None:
    trials = pd.DataFrame(
        {"k": [2, 3], "ari_mean": [0.9, 0.6], "ari_min": [0.7, 0.1], "is_chosen": [True, False]}
    )
    assert verdicts.of_clusters(trials) == "rely"
    assert verdicts.of_clusters(trials.assign(is_chosen=False)) == "do_not"


def test_what_was_never_tried_is_said_to_be_untested() -> None:
    empty = pd.DataFrame(columns=["method", "brier", "mase", "coverage_80", "is_chosen"])
    assert verdicts.of_value(empty) == "untested"
    assert verdicts.of_churn(empty, empty) == "untested"
    assert verdicts.of_forecast(empty, "prophet") == "untested"
    assert verdicts.of_clusters(empty) == "untested"
