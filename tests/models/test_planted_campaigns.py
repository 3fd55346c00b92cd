"""Generated shops: the planted lift is inside the interval, and uplift finds whom it works for."""

from __future__ import annotations

import pytest

from crm_core.models.uplift import RESPONSE, learn
from tests.models.planted_campaigns import measured, null, sent

SEEDS = range(1, 6)


@pytest.mark.slow
def test_the_planted_lift_and_whom_it_works_for_are_found() -> None:
    inside, above, offered, by_chance = 0, 0, 0, 0
    for seed in SEEDS:
        campaigns = sent(seed, 50_000)
        for one in campaigns:
            told = measured(one)
            assert told.low is not None
            assert told.high is not None
            inside += told.low <= one.true_lift <= told.high
        learned = learn(campaigns[1].lesson)
        above += learned.rankings[learned.best].low > 0
        offered += learned.verdict == "offered"
        assert learned.rankings[RESPONSE].qini < learned.rankings[learned.best].qini
        by_chance += learn(null(campaigns[1].lesson, seed)).verdict == "offered"
    assert inside >= 8
    assert above >= 4
    assert offered >= 3
    assert by_chance == 0
