"""What is told of the chances of staying away is told of the method that says them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crm_core.models import churn
from tests.models.histories import AS_OF, shop, simulate


def test_a_method_that_cannot_be_learned_for_the_horizon_is_not_the_one_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trees were best on shorter periods; for the horizon asked there is too little for them."""
    monkeypatch.setattr(churn, "is_enough", lambda lessons: False)
    monkeypatch.setattr(churn, "_brier", lambda trials: {"btyd": 0.2, "boosting": 0.1})
    with shop(tmp_path, customer_days=simulate(700, seed=8).table()) as opened:
        found = churn.learn(opened, as_of=AS_OF, horizon_days=60, model="bg_nbd")
    last = [trial for trial in found.trials if not trial.decides]
    assert found.method == "btyd"
    assert {trial.method for trial in last} == {"btyd", "naive_share"}
    assert {trial.origin for trial in last} == {AS_OF - timedelta(60)}
    assert sum(row[0] for row in found.reliability) > 200
