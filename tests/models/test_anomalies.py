"""Odd days are found, ordinary ones seldom, and what belongs together is told once."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.models.anomalies import LEAST_TRIALS, Scaled, Tail, anomalies, arranged
from crm_core.models.anomaly_findings import Anomaly
from tests.examples import examples
from tests.models.trials import AS_OF, drawn, dropped

REGION = "region 3"


def of(found: tuple[Anomaly, ...], member: str) -> list[Anomaly]:
    """Findings that name a member, or a total by it."""
    return [each for each in found if member in (each.member, *(each.part or ()))]


def test_ordinary_weeks_raise_no_more_alarms_than_are_printed() -> None:
    """Errors with heavy tails, of which a whole trial's move together."""
    looked = [anomalies(drawn(seed)) for seed in range(10)]
    found = np.mean([len(each.anomalies) for each in looked])
    printed = np.mean([each.false_alarms for each in looked])
    assert found <= printed
    assert 0.1 <= printed < 1
    assert (looked[0].series, looked[0].days, looked[0].replayed) == (30, 7, 28)
    assert looked[0].looks == 30 * (7 + 1)


@pytest.mark.slow
def test_ordinary_weeks_raise_no_more_alarms_than_are_printed_in_many_shops() -> None:
    for shared, heavy in ((0.06, True), (0.03, True), (0.0, True), (0.03, False)):
        looked = [anomalies(drawn(s, shared=shared, heavy=heavy)) for s in range(60)]
        found = [len(each.anomalies) for each in looked]
        printed = float(np.mean([each.false_alarms for each in looked]))
        assert np.mean(found) - 2 * np.std(found) / np.sqrt(60) <= printed


@pytest.mark.slow
def test_of_what_is_told_beside_a_true_drop_little_is_false() -> None:
    told = [anomalies(dropped(drawn(s, shared=0.03), REGION, 0.4)).anomalies for s in range(60)]
    true = sum(len(of(each, REGION)) for each in told)
    assert sum(map(len, told)) - true <= 0.2 * true


def test_chances_are_as_rare_as_they_say() -> None:
    seen = []
    for seed in range(100, 108):
        told = arranged(drawn(seed, shared=0.02))
        seen.append(Scaled.of(told, 1).chances(told.actual.shape[1] - 1))
    chances = np.concatenate([each.ravel() for each in seen])
    assert np.mean(chances <= 0.2) == pytest.approx(0.2, abs=0.05)
    assert np.mean(chances <= 0.02) == pytest.approx(0.02, abs=0.01)


def test_a_region_that_loses_two_fifths_is_found() -> None:
    found = [
        of(anomalies(dropped(drawn(seed, shared=0.02), REGION, 0.4)).anomalies, REGION)
        for seed in range(6)
    ]
    assert sum(map(bool, found)) >= 4
    told = next(each[0] for each in found if each)
    assert told.gap < 0
    assert told.actual < told.low < told.expected < told.high
    if told.member == REGION:
        assert told.gap / told.expected == pytest.approx(-0.4, abs=0.12)


def steady(seed: int = 0, trials: int = 6) -> pd.DataFrame:
    """Trials of a total with three regions that add up to it, each day off by a little."""
    random = np.random.default_rng(seed)
    parts = {"north": 100.0, "south": 60.0, "east": 40.0}
    rows = []
    for trial in range(trials):
        origin = AS_OF - timedelta(28 + 14 * (trials - 1 - trial))
        for lead in range(1, 29):
            came = {name: said + random.normal(0, 2) for name, said in parts.items()}
            told = [("region", name, came[name], said) for name, said in parts.items()]
            told.append(("total", "", sum(came.values()), 200.0))
            for dimension, member, actual, said in told:
                for measure, worth in (("net_revenue", 10.0), ("orders", 1.0)):
                    rows.append(
                        (measure, dimension, member, origin, origin + timedelta(lead),
                         actual * worth, said * worth)
                    )  # fmt: skip
    columns = ["measure", "dimension", "member", "origin", "day", "actual", "said"]
    return pd.DataFrame(rows, columns=columns)


def changed(
    trials: pd.DataFrame, members: tuple[str, ...], by: float, days: tuple[int, int]
) -> pd.DataFrame:
    """The newest trial with `by` orders more a day, from and to so many days before the last."""
    told = trials.copy()
    first, last = (AS_OF - timedelta(back) for back in days)
    chosen = (told["origin"] == told["origin"].max()) & told["day"].between(first, last)
    chosen &= told["member"].isin(members)
    told.loc[chosen & (told["measure"] == "orders"), "actual"] += by
    told.loc[chosen & (told["measure"] == "net_revenue"), "actual"] += by * 10
    return told


def test_days_in_a_row_are_one_finding_with_its_money() -> None:
    found = anomalies(changed(steady(), ("east",), -25.0, (4, 3))).anomalies
    (east,) = of(found, "east")
    assert (east.starts_on, east.ends_on) == (date(2026, 6, 26), date(2026, 6, 27))
    assert (east.measure, east.also) == ("net_revenue", ("orders",))
    assert east.money == pytest.approx(-500, abs=80)
    assert east.expected == pytest.approx(800)


def test_a_week_that_is_a_little_low_every_day_is_found_as_a_whole() -> None:
    found = anomalies(changed(steady(), ("south",), -4.5, (6, 0))).anomalies
    (south,) = of(found, "south")
    assert (south.starts_on, south.ends_on) == (AS_OF - timedelta(6), AS_OF)


def test_a_total_is_told_once_with_the_part_that_explains_it() -> None:
    found = anomalies(changed(steady(), ("south", ""), -30.0, (2, 0))).anomalies
    assert len(found) == 1
    assert found[0].dimension == "total"
    assert found[0].part == ("region", "south")
    assert found[0].part_share == pytest.approx(1, abs=0.1)


def test_a_total_that_falls_everywhere_is_explained_by_no_part() -> None:
    trials = steady()
    for member, by in (("north", -20.0), ("south", -12.0), ("east", -8.0), ("", -40.0)):
        trials = changed(trials, (member,), by, (2, 0))
    total = next(each for each in anomalies(trials).anomalies if each.dimension == "total")
    assert total.part is None


def test_of_counts_money_is_what_one_was_expected_to_bring() -> None:
    trials = changed(steady(), ("east",), 25.0, (0, 0))
    trials = trials[(trials["measure"] == "orders") | (trials["dimension"] == "total")]
    (east,) = of(anomalies(trials).anomalies, "east")
    assert (east.measure, east.gap > 0) == ("orders", True)
    assert east.money == pytest.approx(east.gap * 10)


def test_too_few_trials_closed_days_and_nothing_at_all_are_not_looked_at() -> None:
    assert anomalies(steady(trials=LEAST_TRIALS)).series == 0
    assert anomalies(steady().iloc[:0]).looks == 0
    closed = steady()
    sundays = pd.to_datetime(closed["day"]).dt.day_of_week == 6
    closed.loc[sundays, ["actual", "said"]] = 0.0
    assert anomalies(closed).looks == 8 * (6 + 1)
    still = steady()
    still["actual"] = still["said"]
    assert anomalies(still).anomalies == ()


@settings(max_examples=examples(12))
@given(seed=st.integers(0, 9_999), worth=st.sampled_from((0.01, 7.0, 1000.0)))
def test_neither_the_order_of_rows_nor_the_currency_matters(seed: int, worth: float) -> None:
    trials = changed(steady(seed), ("east",), -25.0, (4, 3))
    other = trials.sample(frac=1, random_state=seed)
    money = other["measure"] == "net_revenue"
    other.loc[money, ["actual", "said"]] *= worth
    one, two = anomalies(trials).anomalies, anomalies(other).anomalies
    assert [(e.measure, e.member, e.starts_on, e.ends_on) for e in one] == [
        (e.measure, e.member, e.starts_on, e.ends_on) for e in two
    ]
    for each in one:
        assert AS_OF - timedelta(6) <= each.starts_on <= each.ends_on <= AS_OF


@settings(max_examples=examples(30))
@given(seed=st.integers(0, 9_999))
def test_a_larger_error_is_never_likelier(seed: int) -> None:
    tail = Tail.of(np.random.default_rng(seed).standard_t(4, 300))
    chances = tail.chance(np.linspace(-3, 40, 200))
    assert (np.diff(chances) <= 1e-12).all()
    assert (chances > 0).all()
    assert (chances <= 1).all()
