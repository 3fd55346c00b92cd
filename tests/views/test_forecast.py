from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import between, measure
from crm_core.pipeline.series_days import SPLITS, TOTAL
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.demand import demand
from crm_core.views.forecast import forecast, whole_periods
from crm_core.views.forecast_beside import beside
from crm_core.views.forecast_parts import layers, parts, regular_parts
from crm_core.views.what_if import levers
from tests.forecast_shop import forecast_shop, rows

ALL = Selection()
SPLIT = [(of, by) for of, splits in SPLITS.items() for by in splits]


@pytest.fixture(scope="module")
def told() -> list[tuple[str, float]]:
    """The progress of the refresh that made the shop's scores."""
    return []


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, float]]
) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("forecast")
    made = forecast_shop(folder, rows(), progress=lambda *said: told.append(said))
    store = made.open()
    yield store
    store.close()
    made.records.close()


def test_the_slow_step_says_how_far_it_is(shop: Store, told: list[tuple[str, float]]) -> None:
    assert shop.has("forecast")
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    slow = [share for step, share in told if step == "forecast"]
    assert len(set(slow)) > 10
    assert max(slow) - min(slow) > 0.3  # of all that a refresh does


@pytest.fixture(scope="module")
def days(shop: Store) -> pd.DataFrame:
    return shop.fetch(shop.table("forecast"))


@pytest.mark.parametrize(("of", "by"), SPLIT)
def test_parts_add_up_to_their_total_at_every_date_to_the_cent(
    days: pd.DataFrame, of: str, by: str
) -> None:
    mine = days[days["measure"] == of]
    total = mine[mine["dimension"] == TOTAL].set_index("day")["value"]
    sums = mine[mine["dimension"] == by].groupby("day")["value"].sum()
    assert len(total) == len(sums) == 90
    assert ((sums * 100).round() == (total * 100).round()).all()


def test_intervals_nest_and_weeks_are_sums_of_their_days(shop: Store, days: pd.DataFrame) -> None:
    periods = shop.fetch(shop.table("forecast_periods"))
    for frame in (days, periods):
        assert (frame["low_95"] <= frame["low_80"]).all()
        assert (frame["low_80"] <= frame["value"] + 0.01).all()
        assert (frame["value"] <= frame["high_80"] + 0.01).all()
        assert (frame["high_80"] <= frame["high_95"]).all()
    mine = (
        (days["measure"] == "orders")
        & (days["dimension"] == "region")
        & (days["member"] == "North")
    )
    own = days[mine].set_index("day")["value"]
    for row in periods[
        (periods["measure"] == "orders")
        & (periods["dimension"] == "region")
        & (periods["member"] == "North")
    ].itertuples():
        assert row.value == pytest.approx(own[row.starts_on : row.ends_on].sum(), abs=0.02)
    assert "buyers" not in set(periods["measure"])  # a buyer of two days is one buyer
    assert set(periods[periods["measure"] == "weekly_buyers"]["grain"]) == {"week"}


def test_a_series_is_shown_after_what_came_and_says_how_it_was_chosen(
    shop: Store, owner: Access
) -> None:
    view = forecast(ALL, store=shop, access=owner, of="orders", by="sales_channel", member="phone")
    assert (view.member, view.left_out, view.unit) == ("phone", "", "count")
    came = view.days[view.days["actual"].notna()]
    last = shop.meta.as_of
    told = measure(
        shop,
        ["orders"],
        rows=between(shop.table("ledger"), Period(came["day"].min().date(), last)).filter(
            shop.table("ledger").sales_channel == "phone"
        ),
    ).totals
    assert came["actual"].sum() == told["orders"]
    assert view.days["day"].max().date() == last + timedelta(90)
    assert view.chosen is not None
    assert view.chosen["method"] in set(view.tried["method"])
    assert view.trials == 8
    assert view.ahead is not None
    assert view.ahead[90]["low_80"] <= view.ahead[90]["value"] <= view.ahead[90]["high_80"]


def test_weeks_and_months_are_whole_and_the_running_one_holds_what_came_of_it() -> None:
    as_of = date(2026, 7, 15)  # a Wednesday
    past = pd.Series(10.0, index=pd.date_range("2026-06-03", as_of))
    periods = pd.DataFrame(
        [
            ("2026-07-16", "2026-07-19", 44.0),
            ("2026-07-20", "2026-07-26", 77.0),
            ("2026-07-27", "2026-07-29", 33.0),
        ],
        columns=["starts_on", "ends_on", "value"],
    )
    bounds = {
        f"{end}_{level}": periods["value"] for end in ("low", "high") for level in ("80", "95")
    }
    told = whole_periods(past, periods.assign(**bounds), "week", as_of)
    assert told["actual"].dropna().tolist() == [70.0] * 5
    assert told["day"].iloc[0] == pd.Timestamp("2026-06-08")
    assert told["median"].dropna().tolist() == [30.0 + 44.0, 77.0]


def test_buyers_of_a_week_are_counted_once_and_have_a_forecast_of_their_own(
    shop: Store, owner: Access
) -> None:
    view = forecast(ALL, store=shop, access=owner, of="buyers", grain="week")
    came = view.days.dropna(subset="actual").set_index("day")["actual"]
    last = came.index[-1].date()
    period = Period(last, last + timedelta(6))
    ledger = between(shop.table("ledger"), period)
    assert came.iloc[-1] == measure(shop, ["buyers"], rows=ledger).totals["buyers"]
    daily = forecast(ALL, store=shop, access=owner, of="buyers").days.set_index("day")["actual"]
    assert came["2026-03-09"] < daily["2026-03-09":"2026-03-15"].sum()  # some came twice
    ahead = view.days.dropna(subset="median")
    assert ahead["day"].iloc[0] == pd.Timestamp("2026-06-29")  # the running week, whole
    assert len(ahead) == 13
    assert view.ahead is not None
    assert view.ahead[4]["value"] == pytest.approx(ahead["median"].head(4).mean())
    assert view.last_30 == came.tail(4).mean()
    assert view.chosen is not None
    assert view.chosen["method"] in set(view.tried["method"])
    assert "naive_last_weeks" in set(view.tried["method"])


def test_buyers_of_weeks_by_region_are_measured_each_by_themselves(
    shop: Store, owner: Access
) -> None:
    found = regular_parts(ALL, store=shop, access=owner, of="buyers", by="region", grain="week")
    assert set(found["member"]) == {"North", "South"}
    total = forecast(ALL, store=shop, access=owner, of="buyers", grain="week")
    assert total.last_30 is not None
    assert found["last"].max() < total.last_30 <= found["last"].sum()


def test_buyers_of_months_take_a_year_and_those_of_segments_are_told_by_day(
    shop: Store, owner: Access
) -> None:
    view = forecast(ALL, store=shop, access=owner, of="buyers", grain="month")
    assert (view.left_out, view.history_days) == ("not_enough_months", 181)
    view = forecast(ALL, store=shop, access=owner, of="buyers", by="segment", grain="month")
    assert view.grain == "day"
    assert view.ahead is not None
    assert view.ahead[30] == {
        "value": pytest.approx(view.days["median"].dropna().head(30).mean()),
        "low_80": None,
        "high_80": None,
    }


def test_the_parts_beside_each_other_share_the_whole(shop: Store, owner: Access) -> None:
    found = parts(ALL, store=shop, access=owner, of="net_revenue", by="category")
    assert set(found["member"]) == {"Drinks", "Table"}
    assert found["share"].sum() == pytest.approx(1.0)
    assert found["before"].isna().all()  # the log is half a year old
    weeks = layers(ALL, store=shop, access=owner, of="net_revenue", by="category")
    assert (weeks["day"].dt.day_of_week == 0).all()
    assert weeks["day"].nunique() == 12 + 1 + 12  # that came, the running one, those expected


def test_demand_adds_up_to_the_forecast_and_names_who_may_be_looked_up(
    shop: Store, owner: Access, days: pd.DataFrame
) -> None:
    for horizon in (30, 90):
        view = demand(ALL, store=shop, access=owner, days=horizon)
        first = days[(days["measure"] == "net_revenue") & (days["dimension"] == TOTAL)]
        expected = first.sort_values("day")["value"].head(horizon).sum()
        assert view.cells["revenue"].sum() == pytest.approx(expected, abs=0.005)
        assert set(view.cells["region"]) == {"North", "South"}
        known = view.cells[~view.cells["segment"].isin(["prospect", "_unknown"])]
        assert (known["buyers"] <= known["customers"]).all()
        assert known["customers"].sum() > 0
        assert view.cells[view.cells["segment"] == "_unknown"]["buyers"].isna().all()
    near = demand(ALL, store=shop, access=owner, days=30).total
    far = demand(ALL, store=shop, access=owner, days=90).total
    assert near["buyers"] < far["buyers"]


def test_a_viewer_is_not_told_of_a_handful_of_customers(shop: Store, viewer: Access) -> None:
    view = demand(ALL, store=shop, access=viewer, days=30)
    told = view.cells["customers"].dropna()
    assert not ((told > 0) & (told < 5)).any()


def test_days_and_weeks_of_few_people_are_not_told_to_a_viewer(
    shop: Store, owner: Access, viewer: Access
) -> None:
    """Some one to three people a day buy in each region: no day is told, their weeks are."""
    asked = {"of": "orders", "by": "region", "member": "North"}
    for grain, is_told in (("day", False), ("week", True)):
        mine, told = (
            forecast(ALL, store=shop, access=access, grain=grain, **asked)  # type: ignore[arg-type]
            for access in (owner, viewer)
        )
        assert told.members == mine.members
        assert told.days["actual"].notna().any() == is_told
        assert (told.days["median"].notna() == mine.days["median"].notna()).all()
    for by in ("sales_channel", "region"):
        mine, told = (
            layers(ALL, store=shop, access=access, of="orders", by=by) for access in (owner, viewer)
        )
        assert 0 < len(told) < len(mine)


@pytest.mark.slow
def test_a_part_of_few_people_is_not_told_to_a_viewer(
    tmp_path_factory: pytest.TempPathFactory, owner: Access, viewer: Access
) -> None:
    made = rows()
    for one in made["orders"]:
        one["region"] = "_others" if one["customer_id"] in ("c1", "c2") else one["region"]
    few = forecast_shop(tmp_path_factory.mktemp("few"), made)
    with closing(few.open()) as store:
        view = forecast(ALL, store=store, access=owner, by="region")
        assert "__others" in view.members  # a region that bears the name of our own rest
        view = forecast(ALL, store=store, access=viewer, by="region", member="__others")
        assert len(view.members) == 1
        assert view.member in ("North", "South")
        for told in (parts, layers):
            found = told(ALL, store=store, access=viewer, of="net_revenue", by="region")
            assert set(found["member"]) <= set(view.members)
    few.records.close()


def test_levers_that_were_never_moved_are_refused(shop: Store, owner: Access) -> None:
    found = levers(ALL, store=shop, access=owner).set_index("lever")["verdict"].to_dict()
    assert set(found.values()) == {"too_few_sales"}  # three a day


def test_a_name_that_is_none_is_asked_about(shop: Store, owner: Access) -> None:
    for asked in ({"of": "revenu"}, {"of": "units", "by": "region"}, {"grain": "year"}):
        with pytest.raises(CrmError, match="unknown_choice"):
            forecast(ALL, store=shop, access=owner, **asked)  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_a_young_shop_is_told_what_can_be_forecast_and_what_not(
    tmp_path_factory: pytest.TempPathFactory, owner: Access
) -> None:
    made = rows(100)
    for one in made["orders"]:
        one["region"] = None
    young = forecast_shop(tmp_path_factory.mktemp("young"), made)
    with closing(young.open()) as store:
        assert forecast(ALL, store=store, access=owner).left_out == ""
        by_region = forecast(ALL, store=store, access=owner, by="region")
        assert by_region.left_out == "nothing_told_apart"
        by_segment = forecast(ALL, store=store, access=owner, by="segment")
        assert (by_segment.left_out, by_segment.history_days) == ("no_past_stages", 100)
        assert demand(ALL, store=store, access=owner).cells.empty
        verdicts = levers(ALL, store=store, access=owner)["verdict"]
        assert set(verdicts) == {"too_few_days"}
    young.records.close()


def test_ten_days_of_history_are_too_few(
    tmp_path_factory: pytest.TempPathFactory, owner: Access
) -> None:
    shop = forecast_shop(tmp_path_factory.mktemp("new"), rows(10))
    store = shop.open()
    with pytest.raises(CrmError, match="not_enough_data"):
        forecast(ALL, store=store, access=owner)
    store.close()
    shop.records.close()


@pytest.mark.parametrize(
    ("of", "by", "grain"),
    [
        ("orders", "sales_channel", "day"),
        ("net_revenue", "category", "week"),
        ("units", "category", "month"),
        ("buyers", "region", "week"),
        ("new_buyers", "sales_channel", "week"),
        ("orders", "segment", "month"),
    ],
)
def test_parts_beside_each_other_are_the_same_as_each_alone(
    shop: Store, owner: Access, of: str, by: str, grain: str
) -> None:
    together = beside(ALL, store=shop, access=owner, of=of, by=by, grain=grain)
    members = forecast(ALL, store=shop, access=owner, of=of, by=by, grain=grain).members
    assert set(together["member"]) == set(members)
    for member in members[:2]:
        alone = forecast(ALL, store=shop, access=owner, of=of, by=by, member=member, grain=grain)
        mine = together[together["member"] == member]
        for column in ("actual", "median"):
            told, expected = (
                frame.dropna(subset=column).set_index("day")[column].astype(float)
                for frame in (mine, alone.days)
            )
            assert told.to_dict() == pytest.approx(expected.to_dict())


def test_periods_of_few_people_are_not_told_beside_others(
    shop: Store, owner: Access, viewer: Access
) -> None:
    asked = {"of": "orders", "by": "region", "grain": "day"}
    mine, told = (beside(ALL, store=shop, access=each, **asked) for each in (owner, viewer))
    assert mine["actual"].notna().any()
    assert told["actual"][told["member"] == "North"].isna().all()
    assert told["actual"].notna().sum() < 0.2 * mine["actual"].notna().sum()
    assert (told["median"].notna() == mine["median"].notna()).all()
