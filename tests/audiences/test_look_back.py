"""A rule tried on a past day: whom it would have picked, counted plainly, and a fair comparison."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from crm_core.audiences.look_back import _compared, _paired, look_back
from crm_core.errors import CrmError
from crm_core.rules import All, Condition
from crm_core.store import Store

DAY, DAYS = date(2026, 4, 30), 60


def test_people_and_what_they_did_next_are_those_of_the_log(store: Store) -> None:
    rule = All(
        (Condition("purchase_days", "=", 1), Condition("recency_days", "between", (14, 120)))
    )
    found = look_back(store, rule, DAY, DAYS)
    days = store.fetch(store.table("customer_days").select("customer_key", "day"))
    days["day"] = pd.to_datetime(days["day"]).dt.date
    past = days[days["day"] <= DAY].groupby("customer_key")["day"].agg(["count", "max"])
    silent = past["max"].map(lambda last: (DAY - last).days)
    mine = set(past.index[(past["count"] == 1) & silent.between(14, 120)])
    orders = store.fetch(
        store.table("order_facts").select("customer_key", "day", "order_no", "revenue")
    )
    orders["day"] = pd.to_datetime(orders["day"]).dt.date
    until = DAY + timedelta(days=DAYS)
    after = orders[(orders["day"] > DAY) & (orders["day"] <= until) & orders["order_no"].notna()]
    bought = after[after["customer_key"].isin(mine)]
    assert found.matched.people == len(mine) > 30
    assert found.matched.share == pytest.approx(bought["customer_key"].nunique() / len(mine))
    assert found.matched.orders == pytest.approx(len(bought) / len(mine))
    assert found.matched.revenue == pytest.approx(
        float(bought["revenue"].astype(float).sum()) / len(mine)
    )
    assert found.shop.people == len(past)
    assert (found.day, found.until) == (DAY, until)
    assert found.stages["people"].sum() == len(mine)
    assert found.share is not None
    assert found.share.low < found.share.difference < found.share.high


def test_a_day_whose_future_is_not_in_the_log_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = store.meta.as_of - timedelta(days=DAYS)
    for day in (last + timedelta(days=1), store.meta.first_day - timedelta(days=1)):
        with pytest.raises(CrmError) as refused:
            look_back(store, All(), day, DAYS)
        assert refused.value.code == "offer_look_day"
        assert refused.value.facts["last"] == last
    young = replace(store.meta, first_day=store.meta.as_of - timedelta(days=DAYS - 1))
    with monkeypatch.context() as patch:
        patch.setattr(store, "meta", young)  # a log of less than the days asked for
        with pytest.raises(CrmError, match="offer_look_short"):
            look_back(store, All(), store.meta.as_of, DAYS)
    with pytest.raises(CrmError, match="offer_look_days"):
        look_back(store, All(), DAY, 0)
    with pytest.raises(CrmError, match="scores_other_day"):
        look_back(store, Condition("p_no_order", ">", 0.5), DAY, DAYS)


def counted(*rows: tuple[str, int, int, int, int]) -> pd.DataFrame:
    """Rows of stage, recency, purchases, people, buyers; each buyer spent 10."""
    frame = pd.DataFrame(rows, columns=["stage", "recency", "purchases", "people", "buyers"])
    money = {"orders": frame["buyers"], "revenue": frame["buyers"] * 10.0}
    return frame.assign(**money, squares=frame["buyers"] * 100.0)


def test_others_are_weighed_as_the_rules_people_are_divided() -> None:
    mine = counted(("active", 1, 2, 90, 45), ("lapsed", 5, 2, 10, 1))
    others = counted(("active", 1, 2, 100, 50), ("lapsed", 5, 2, 900, 90))
    likeness, both = _paired(mine, others)
    compared, alike, share, revenue = _compared(both)
    assert likeness == ("stage", "recency", "purchases")
    assert (compared.people, alike.people) == (100, 1000)
    assert alike.share == pytest.approx(0.9 * 0.5 + 0.1 * 0.1)  # not 140 in 1,000
    assert share is not None
    assert revenue is not None
    assert share.difference == pytest.approx(0)
    assert not share.is_clear
    assert revenue.difference == pytest.approx(0, abs=1e-9)


def test_who_is_picked_by_a_stage_is_compared_with_the_next_most_alike() -> None:
    mine = counted(("lapsed", 5, 2, 100, 10))
    others = counted(("active", 1, 2, 100, 60), ("active", 1, 4, 100, 90), ("lapsed", 5, 2, 4, 0))
    likeness, both = _paired(mine, others)
    _, alike, share, _ = _compared(both)
    assert likeness == ("purchases",)
    assert alike.share == pytest.approx(60 / 104)
    assert share is not None
    assert share.is_clear
    assert share.difference < 0
    nobody = _compared(_paired(mine, others.head(0))[1])
    assert nobody[2] is None
