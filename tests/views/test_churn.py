from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crm_core.audiences import AT_RISK, BANDS, band_of, band_rule, people, size
from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.rules import Condition
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views import churn as views
from crm_core.views import verdicts
from crm_core.views.churn import churn, silent, survival, win_back
from crm_core.views.customer import customer
from crm_core.views.customers import customers
from crm_core.views.people import quiet_days
from crm_core.views.segments import segments
from crm_core.views.trust import trust
from crm_core.views.value import value
from tests.retold import Retold

EVERYONE = Selection()


@pytest.fixture(scope="module")
def chances(store: Store) -> pd.Series:
    return store.fetch(store.table("churn")).set_index("customer_key")["p_no_order"]


@pytest.mark.slow
def test_every_page_tells_the_same_chance(store: Store, owner: Access, chances: pd.Series) -> None:
    asked: Any = {"store": store, "access": owner}
    listed = customers(EVERYONE, **asked, sort="p_no_order", size=200).rows
    best = value(EVERYONE, **asked).top
    back = win_back(EVERYONE, **asked).rows
    for rows in (listed, best, back):
        known = chances[rows["customer_key"]].to_numpy()
        assert rows["p_no_order"].to_numpy() == pytest.approx(known)
    key = int(back["customer_key"].iloc[0])
    view = customer(EVERYONE, **asked, key=key)
    assert view is not None
    assert view.risk is not None
    assert view.risk.p_no_order == view.facts["p_no_order"] == chances[key]
    found = segments(EVERYONE, **asked)
    assert found.totals["p_no_order"] == pytest.approx(chances.mean())
    days = churn(EVERYONE, **asked).horizon_days
    assert quiet_days(store) == found.quiet_days == days
    assert (view.risk.until - view.as_of).days == days
    rule = Condition("p_no_order", ">=", 0.5)
    assert size(store, rule).customers == int((chances >= 0.5).sum())


def test_bands_hold_everybody_once(store: Store, owner: Access, chances: pd.Series) -> None:
    view = churn(EVERYONE, store=store, access=owner)
    counted = chances.map(band_of).value_counts()
    assert view.customers == len(chances) == view.bands["value"].sum()
    for row in view.bands.to_dict("records"):
        assert row["value"] == counted.get(row["code"], 0)
    assert view.at_risk == counted[list(AT_RISK)].sum()
    assert view.staying_away == pytest.approx(chances.sum())
    assert view.tiers["value"].sum() == len(chances)
    assert view.tiers.groupby("tier")["value"].sum()["top"] == pytest.approx(len(chances) / 20, 1)


def test_what_is_at_stake_is_chance_times_contribution(
    store: Store, owner: Access, chances: pd.Series
) -> None:
    view = churn(EVERYONE, store=store, access=owner)
    worth = store.fetch(store.table("lifetime_value")).set_index("customer_key")
    at_stake = chances * worth["expected_contribution"]
    assert view.worth == "contribution"
    assert view.at_stake == pytest.approx(at_stake.sum())
    assert view.bands["at_stake"].sum() == pytest.approx(view.at_stake)
    assert view.segments["at_stake"].sum() == pytest.approx(view.at_stake)
    back = win_back(EVERYONE, store=store, access=owner).rows["value_at_stake"]
    assert back.is_monotonic_decreasing
    risky = at_stake[(chances >= 0.5) & (chances < 0.95)]
    assert back.iloc[0] == pytest.approx(risky.max())


@pytest.mark.parametrize(
    ("band", "least"),
    [
        pytest.param("at_risk", None, marks=pytest.mark.slow),
        ("high", 20.0),
        pytest.param("low", None, marks=pytest.mark.slow),
    ],
)
def test_an_audience_of_the_list_is_the_list(
    store: Store, owner: Access, band: str, least: float | None
) -> None:
    found = win_back(EVERYONE, store=store, access=owner, band=band, least=least)
    assert found.customers == size(store, band_rule(band, least)).customers > 0
    assert len(found.rows) == len(found.risks) == min(found.customers, views.TOP)
    bands = set(AT_RISK) if band == "at_risk" else {band}
    assert {risk.band for risk in found.risks} <= bands
    if least:
        assert found.rows["value_at_stake"].min() >= least


@pytest.mark.slow
def test_a_segment_narrows_all_of_it(store: Store, owner: Access) -> None:
    quiet = Selection(segment=("stage.at_risk",))
    view = churn(quiet, store=store, access=owner)
    assert list(view.segments["code"]) == ["stage.at_risk"]
    assert view.customers == view.segments["customers"].iloc[0]
    assert set(win_back(quiet, store=store, access=owner).rows["stage"]) <= {"at_risk"}
    curves = survival(quiet, store=store, access=owner, grouping="stage")
    assert set(curves["code"]) == {"at_risk"}


@pytest.mark.slow
def test_every_risk_has_its_reasons_and_a_window_where_orders_come(
    store: Store, owner: Access
) -> None:
    for band in BANDS:
        for risk in win_back(EVERYONE, store=store, access=owner, band=band).risks:
            assert risk.reasons
            if band == "almost_sure":
                assert risk.window is None
            else:
                assert risk.window is not None
                assert risk.window[0] <= risk.window[1] <= risk.until


@pytest.mark.slow
def test_the_demo_may_be_relied_on(store: Store, owner: Access) -> None:
    view = churn(EVERYONE, store=store, access=owner)
    assert view.verdict == "rely"
    assert view.trials["method"].iloc[0] == view.method
    assert view.trials["brier"].is_monotonic_increasing
    assert (view.reliability["predicted"] - view.reliability["actual"]).abs().max() < 0.1


def told(ours: float, usual: float, came_true: float) -> str:
    last = pd.DataFrame({"method": ["rate", "naive_share"], "brier": [ours, usual]})
    reliability = pd.DataFrame({"customers": [9], "said": [0.5], "came_true": [came_true]})
    return verdicts.of_churn(last, reliability)


def test_the_verdict_is_plain() -> None:
    assert told(0.10, 0.20, 0.52) == "rely"
    assert told(0.10, 0.20, 0.60) == "care"
    assert told(0.19, 0.20, 0.52) == "care"
    assert told(0.21, 0.20, 0.50) == "do_not"
    nothing = pd.DataFrame({"method": [], "brier": [], "customers": []})
    assert verdicts.of_churn(nothing, nothing) == "untested"


def test_before_the_first_scores_nothing_is_made_up(unscored: Store, owner: Access) -> None:
    with pytest.raises(CrmError, match="no_scores"):
        churn(EVERYONE, store=unscored, access=owner)
    assert quiet_days(unscored) is None
    assert silent(EVERYONE, store=unscored, access=owner).empty
    assert survival(EVERYONE, store=unscored, access=owner, grouping="order").empty


def test_who_is_silent_is_late_by_their_own_rhythm(store: Store, owner: Access) -> None:
    found = silent(EVERYONE, store=store, access=owner)
    assert (found["recency_days"] > 1.5 * found["average_gap_days"].astype(float)).all()
    assert found["revenue"].is_monotonic_decreasing
    everyone = store.fetch(people(store).select("customer_key", "orders"))
    assert everyone.set_index("customer_key").loc[found["customer_key"], "orders"].min() >= 2


def tried(method: str, origin: str, brier: float, *, decides: bool) -> dict[str, Any]:
    return {
        "method": method,
        "origin": pd.Timestamp(origin),
        "horizon_days": 49,
        "customers": 900,
        "brier": brier,
        "decides": decides,
    }


@pytest.mark.slow
def test_methods_are_shown_by_the_scores_that_chose(store: Store, owner: Access) -> None:
    """A hard old period, on which trees could not speak yet, speaks against no other method."""
    chose = churn(EVERYONE, store=store, access=owner).trials.set_index("method")["brier"]
    trials = store.fetch(store.table("churn_trials"))
    old = [
        tried("btyd", "2026-04-18", 0.24, decides=True),
        tried("naive_share", "2026-04-18", 0.25, decides=True),
    ]
    other: Any = Retold(store, churn_trials=pd.concat([trials, pd.DataFrame(old)]))
    shown = churn(EVERYONE, store=other, access=owner).trials.set_index("method")
    assert shown["brier"].to_dict() == pytest.approx(chose.to_dict())
    assert shown["last"].notna().sum() == 2


@pytest.mark.slow
def test_both_pages_judge_the_method_in_use(store: Store, owner: Access) -> None:
    """Another method's word on the last period is not this one's."""
    trials = store.fetch(store.table("churn_trials"))
    worse = pd.DataFrame([tried("boosting", "2026-09-12", 0.5, decides=False)])
    none = trials.assign(method=trials["method"].replace("btyd", "boosting"))
    for table, verdict in ((pd.concat([worse, trials]), "rely"), (none, "untested")):
        other: Any = Retold(store, churn_trials=table)
        assert churn(EVERYONE, store=other, access=owner).verdict == verdict
        models = {model.model: model for model in trust(EVERYONE, store=other, access=owner).models}
        assert models["churn"].verdict == verdict
