"""What a campaign changed, against reference values and campaigns whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from crm_core.models.lift import (
    COLUMNS,
    Moments,
    chance_alone,
    imbalance,
    lift,
    method_for,
    split,
    together,
)
from crm_core.models.student import chi_square_tail, fewer_by_chance, t_quantile
from crm_core.models.triples import Floats
from tests.models.campaign_draws import cdnow_people, complete_journey_people, coverage

SPEND = COLUMNS.index("spend")


def people(seed: int, size: int, *, buy: float = 0.4, more: float = 0.0) -> Floats:
    """Rows of COLUMNS: spend follows what was spent before, `more` is added to who buys."""
    random = np.random.default_rng(seed)
    before = random.gamma(2.0, 20.0, size)
    bought = random.random(size) < buy
    spend = np.where(bought, before + random.gamma(2.0, 5.0, size) + more, 0.0)
    return np.column_stack([bought, bought, spend, 0.4 * spend, before, before > 30, 0 * spend])


def of(rows: Floats) -> dict[str, Moments]:
    return {"": Moments.of(rows)}


def buyers(count: int, size: int) -> dict[str, Moments]:
    rows = np.zeros((size, len(COLUMNS)))
    rows[:count, :2] = 1.0
    return of(rows)


def test_quantiles_and_tails_are_those_of_the_tables() -> None:
    for degrees in (9, 12, 30, 200, 1e6):
        for share in (0.9, 0.975, 0.995):
            assert t_quantile(share, degrees) == pytest.approx(
                stats.t.ppf(share, degrees), abs=2e-4
            )
    for degrees in (1, 2, 3, 4, 7):
        assert chi_square_tail(9.3, degrees) == pytest.approx(stats.chi2.sf(9.3, degrees))
    assert fewer_by_chance(7, 424, 68, 856) == pytest.approx(
        stats.hypergeom.cdf(7, 856, 68, 424), rel=1e-6
    )


def test_without_anything_known_before_the_interval_is_welchs() -> None:
    ours, theirs = people(1, 900, more=4.0), people(2, 400)
    ours[:, 4:], theirs[:, 4:] = 0.0, 0.0
    found = lift(of(ours), of(theirs), "spend")
    told = stats.ttest_ind(ours[:, SPEND], theirs[:, SPEND], equal_var=False)
    assert found.method == "welch"
    assert found.difference == pytest.approx(ours[:, SPEND].mean() - theirs[:, SPEND].mean())
    bounds = told.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high), rel=1e-4)


def test_with_few_control_buyers_both_arms_are_taken_to_vary_alike() -> None:
    ours, theirs = people(1, 900), people(2, 100)
    found = lift(of(ours), of(theirs), "spend")
    told = stats.ttest_ind(ours[:, SPEND], theirs[:, SPEND], equal_var=True)
    bounds = told.confidence_interval(0.95)
    assert found.method == "pooled"
    assert found.variance_reduction is None
    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high), rel=1e-4)


@pytest.mark.parametrize(
    ("count", "method"), [(9, "none"), (10, "pooled"), (99, "pooled"), (100, "welch")]
)
def test_the_control_buyers_decide_what_interval_there_is(count: int, method: str) -> None:
    found = lift(buyers(200, 1_000), buyers(count, 1_000), "buyers")
    assert found.method == method
    assert (found.low is None) == (method == "none")
    assert found.difference == pytest.approx(0.2 - count / 1_000)


@pytest.mark.parametrize(
    ("count", "method"), [(3, "none"), (9, "none"), (10, "pooled"), (99, "pooled"), (100, "welch")]
)
def test_the_treated_buyers_decide_it_as_well(count: int, method: str) -> None:
    assert lift(buyers(count, 1_000), buyers(200, 1_000), "buyers").method == method


def test_few_people_contacted_are_not_told_to_have_bought_more_by_chance() -> None:
    for treated in (3, 8, 20, 60):
        found = [
            lift(
                of(people(seed, treated, buy=0.2)), of(people(900 + seed, 1_000, buy=0.2)), "buyers"
            )
            for seed in range(100)
        ]
        assert sum(one.is_sure for one in found) <= 12


def test_before_the_window_is_over_or_without_a_lot_there_is_no_interval() -> None:
    many = together(buyers(300, 1_000))
    assert method_for(many, many, is_over=False) == "interim"
    assert method_for(many, many, is_over=True, is_random=False) == "observational"
    for given in ({"is_over": False}, {"is_random": False}):
        assert lift(buyers(400, 1_000), buyers(300, 1_000), "buyers", **given).low is None


def test_adjusting_is_a_regression_with_a_line_for_each_arm() -> None:
    """Lin's estimate is the treatment coefficient of least squares with centred covariates that
    interact with the treatment."""
    ours, theirs = people(5, 700, more=6.0), people(6, 350)
    rows, treated = np.vstack([ours, theirs]), np.repeat([1.0, 0.0], [700, 350])
    known = rows[:, 4:] - rows[:, 4:].mean(axis=0)
    design = np.column_stack([np.ones(1_050), treated, known, treated[:, None] * known])
    line = np.linalg.lstsq(design, rows[:, SPEND], rcond=None)[0]
    found = lift(of(ours), of(theirs), "spend")
    assert found.difference == pytest.approx(line[1], rel=1e-8)
    assert found.plain == pytest.approx(ours[:, SPEND].mean() - theirs[:, SPEND].mean())
    assert found.variance_reduction is not None
    assert found.variance_reduction > 0.1


def test_shares_that_differ_by_stratum_do_not_mislead() -> None:
    """Half of the regulars were held out, but a tenth of the others: the bare difference is far
    below zero, though the campaign did nothing."""

    def stratum(seed: int, size: int, buy: float) -> Moments:
        rows = people(seed, size, buy=buy)
        rows[:, 4:] = 0.0
        return Moments.of(rows)

    treated = {"regular": stratum(1, 2_000, 0.8), "other": stratum(2, 18_000, 0.1)}
    control = {"regular": stratum(3, 2_000, 0.8), "other": stratum(4, 2_000, 0.1)}
    found = lift(treated, control, "buyers")
    assert found.plain < -0.2
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    assert abs(found.difference) < 0.02


def test_nobody_bought_is_a_clear_nothing() -> None:
    found = lift(buyers(0, 500), buyers(0, 500), "spend")
    assert (found.difference, found.low, found.method) == (0.0, None, "none")
    empty = lift({}, buyers(3, 500), "buyers")
    assert (empty.low, empty.method) == (None, "none")
    assert empty.difference == pytest.approx(-0.006)


def test_few_buyers_are_judged_by_chance_alone() -> None:
    ours, theirs = together(buyers(61, 432)), together(buyers(8, 424))
    exact = stats.fisher_exact([[61, 371], [8, 416]]).pvalue
    assert chance_alone(ours, theirs) == pytest.approx(exact, rel=0.5)
    assert chance_alone(together(buyers(5, 400)), together(buyers(5, 400))) == 1.0
    assert chance_alone(ours, together(buyers(10, 424))) is None


def test_arms_of_other_sizes_than_planned_raise_the_alarm() -> None:
    planned = {"treatment": 0.9, "holdout": 0.1}
    assert not split({"treatment": 9_000, "holdout": 1_000}, planned).is_broken
    assert split({"treatment": 9_000, "holdout": 850}, planned).is_broken
    assert split({"treatment": 9_000}, planned).is_broken
    assert not split({}, planned).is_broken
    told = stats.chisquare([8_950, 1_050], [9_000, 1_000])
    assert split({"treatment": 8_950, "holdout": 1_050}, planned).chance == pytest.approx(
        told.pvalue
    )


def test_arms_that_were_unlike_before_are_seen() -> None:
    ours, theirs = together(of(people(1, 500))), together(of(people(2, 500)))
    assert abs(imbalance(ours, theirs, "spend_before")) < 3
    richer = people(3, 500)
    richer[:, 4] += 20.0
    assert imbalance(together(of(richer)), theirs, "spend_before") > 5


def test_cuped_halves_the_variance_of_spend_and_more(complete_journey: Path) -> None:
    rows = complete_journey_people(complete_journey)
    found = lift(of(rows[::2]), of(rows[1::2]), "spend")
    assert found.variance_reduction is not None
    assert found.variance_reduction >= 0.5


def test_intervals_hold_the_truth_on_resampled_spend(cdnow_master: Path) -> None:
    rows = cdnow_people(cdnow_master)
    found = coverage(
        rows, control_buyers=120, control_share=0.5, outcome="spend", effect=0.02, runs=500
    )
    assert 0.93 <= found.held <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("control_share", [0.5, 0.1])
@pytest.mark.parametrize("control_buyers", [20, 100, 500])
@pytest.mark.parametrize("effect", [0.0, 0.02])
def test_intervals_hold_the_truth_in_the_protocol(
    cdnow_master: Path, control_share: float, control_buyers: int, effect: float
) -> None:
    rows = cdnow_people(cdnow_master)
    for outcome in ("buyers", "spend"):
        found = coverage(
            rows,
            control_buyers=control_buyers,
            control_share=control_share,
            outcome=outcome,
            effect=effect,
        )
        assert 0.93 <= found.held <= 0.975
        if not effect:
            assert found.left_out_zero <= 0.06
