from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from crm_core.errors import CrmError
from crm_core.models.order_models import ORDER_MODELS
from crm_core.models.triples import Triples
from crm_core.models.value_choice import Choice, choose, lacking, need_enough, trial_days
from tests.models.histories import AS_OF, Log, shop, simulate
from tests.models.rhythms import Seen, customers_of


def log_of(customers: int = 4_000, **kwargs: int) -> Log:
    return simulate(customers, seed=8, **kwargs)


def chosen(log: Log, folder: Path) -> Choice:
    with shop(folder, customer_days=log.table()) as build:
        return choose(build, as_of=AS_OF)


@pytest.mark.slow
def test_the_last_period_does_not_choose(tmp_path: Path) -> None:
    """However wildly the time goes on which values and churn are told, the same model is chosen;
    only its report changes."""
    log = log_of(1_500, days=900)
    history_days = int((np.datetime64(AS_OF) - log.day.min()).astype(np.int64))
    untouched = timedelta(trial_days(history_days, 365))
    assert untouched > timedelta(200)
    cut = np.datetime64(AS_OF - untouched)
    quiet = (log.day <= cut) | (np.arange(len(log.day)) % 5 == 0)
    wild = Log(log.customer[quiet], log.day[quiet], log.cents[quiet])
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    usual, odd = chosen(log, tmp_path / "a"), chosen(wild, tmp_path / "b")
    assert usual.reason == odd.reason == "own_past"
    assert usual.model == odd.model
    deciding = [[t for t in choice.trials if t.decides] for choice in (usual, odd)]
    assert deciding[0] == deciding[1] != []
    assert all(t.origin + timedelta(t.horizon_days) <= AS_OF - untouched for t in deciding[0])
    assert len({t.origin for t in deciding[0]}) == 2  # what lies further back was another shop
    first = AS_OF - timedelta(91)
    last = [[t for t in choice.trials if t.origin == first] for choice in (usual, odd)]
    assert not any(t.decides for t in last[0])
    assert last[0] != last[1] != []


def test_totals_missed_by_far_are_warned_of(tmp_path: Path) -> None:
    log = log_of(1_500)
    quiet = (log.day <= np.datetime64(AS_OF - timedelta(91))) | (np.arange(len(log.day)) % 5 == 0)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    few = Log(log.customer[quiet], log.day[quiet], log.cents[quiet])
    assert "rhythm_changes" not in chosen(log, tmp_path / "a").warnings
    assert "rhythm_changes" in chosen(few, tmp_path / "b").warnings


def test_each_model_is_tried_on_each_period(tmp_path: Path) -> None:
    choice = chosen(log_of(1_500), tmp_path)
    assert set(choice.fits) == set(choice.bic) == set(ORDER_MODELS)
    origins = {trial.origin for trial in choice.trials}
    assert len(choice.trials) == len(origins) * 3
    assert AS_OF - timedelta(91) in origins
    assert {t.decides for t in choice.trials if t.origin == AS_OF - timedelta(91)} == {False}
    for trial in choice.trials:
        assert trial.score < 0
        assert trial.purchases_error is not None
    assert choice.fitted.model == choice.model


@pytest.mark.parametrize("true", ["bg_nbd", "pareto_nbd"])
def test_who_made_the_shop_is_found(true: str, tmp_path: Path) -> None:
    seen = customers_of(true, 12_000, seed=21, days=720, later=0)
    with shop(tmp_path, customer_days=log_from(seen).table()) as build:
        choice = choose(build, as_of=AS_OF)
    assert choice.model == true
    assert min(choice.bic, key=lambda name: choice.bic[name]) == true


def log_from(seen: Seen) -> Log:
    """Days that give these histories: a first one, a last one, and the rest anywhere between, as
    orders at a steady rate fall."""
    who, days = [], []
    random = np.random.default_rng(4)
    end = np.datetime64(AS_OF)
    for key, (x, recency, age) in enumerate(
        zip(seen.frequency, seen.recency_days, seen.age_days, strict=True)
    ):
        between = random.integers(1, recency, max(x - 1, 0)) if recency > 1 else []
        inner = np.unique([0, recency, *between]).astype(np.int64)
        who += [key] * len(inner)
        days += [end - int(age) + int(day) for day in inner]
    return Log(np.array(who), np.array(days, dtype="datetime64[D]"), np.full(len(who), 1_000))


def test_too_little_is_named_and_the_fit_decides(tmp_path: Path) -> None:
    choice = chosen(log_of(300, days=150), tmp_path)
    assert choice.reason == "too_little_to_test"
    assert choice.missing["buyers"] == (300, 500)
    assert choice.missing["history_days"][1] == 180
    assert choice.trials == ()
    assert choice.model == min(choice.bic, key=lambda name: choice.bic[name])


def test_the_gate_says_all_that_is_missing_at_once() -> None:
    few = Triples.of([0, 1], [0, 9], [40, 40], [60, 12])
    assert lacking(few) == {
        "buyers": (72, 500),
        "repeat_buyers": (12, 100),
        "history_days": (40, 180),
    }
    with pytest.raises(CrmError) as caught:
        need_enough("churn", few)
    assert caught.value.facts["repeat_buyers"] == 12
    assert caught.value.facts["buyers_needed"] == 500
    need_enough("churn", Triples.of([0, 1], [0, 9], [200, 200], [400, 100]))


def test_a_short_past_is_cut_into_shorter_periods() -> None:
    assert [trial_days(days, 91) for days in (180, 364, 900)] == [45, 91, 91]
