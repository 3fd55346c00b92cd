"""A shop that sells to companies, too: kept out of consumer models they change nobody's score."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from crm_core.models.account_standing import account_standing
from crm_core.pipeline.score_steps import STEPS
from crm_core.pipeline.scores import refresh_scores
from crm_core.records import ShopSettings
from crm_core.store import Store
from tests.pipeline.young_shops import rows_of, young
from tests.small_shop import SmallShop, small_shop

_COMPANIES = 12
_LEFT_OUT = ("forecast", "uplift", "clusters", "segment_history")


def with_companies() -> dict[str, list[dict[str, object]]]:
    """Eighty consumers, and a dozen buyers of a wholesaler who come every week for a lot."""
    consumers = young()
    weekly = [(f"b{who}", day) for who in range(_COMPANIES) for day in range(0, 119, 7)]
    trade = rows_of(weekly, price="900")
    for table in ("orders", "order_lines"):
        for row in trade[table]:
            row["order_id"] = f"w{row['order_id']}"
    consumers["orders"] += trade["orders"]
    consumers["order_lines"] += [
        {**row, "line_id": f"w{row['line_id']}"} for row in trade["order_lines"]
    ]
    consumers["accounts"] = [
        {"account_id": "W", "account_name": "Wholesale", "account_kind": "Distributor"}
    ]
    consumers["customers"] = [
        {"customer_id": f"b{who}", "account_id": "W"} for who in range(_COMPANIES)
    ]
    return consumers


def scored(folder: Path, rows: dict[str, list[dict[str, object]]], *, apart: bool) -> SmallShop:
    shop = small_shop(folder, rows)
    with pytest.MonkeyPatch.context() as patch:
        for name in _LEFT_OUT:
            patch.delitem(STEPS, name)
        said = ShopSettings(companies_apart=apart)
        refresh_scores(shop.url, settings=shop.settings, said=said)
    return shop


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return scored(tmp_path_factory.mktemp("apart"), with_companies(), apart=True).open()


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return scored(tmp_path_factory.mktemp("together"), with_companies(), apart=False).open()


def by_person(store: Store, table: str) -> pd.DataFrame:
    """A table of scores, by what the person is called in the files."""
    links = store.table("identity_links").filter(lambda link: link.kind == "source_id")
    named = store.table(table).join(links.select("customer_key", who="value"), "customer_key")
    frame = store.fetch(named.drop("customer_key", *_right(named)))
    return frame.set_index("who").sort_index()


def _right(named: object) -> list[str]:
    return [name for name in named.columns if name.endswith("_right")]  # type: ignore[attr-defined]


@pytest.mark.slow
def test_consumers_have_the_scores_of_a_shop_that_never_sold_to_companies(
    apart: Store, tmp_path: Path
) -> None:
    alone = scored(tmp_path, young(), apart=False).open()
    for table in ("rfm", "lifetime_value", "value_tiers", "churn"):
        ours, theirs = by_person(apart, table), by_person(alone, table)
        assert len(ours) == 81, table
        pd.testing.assert_frame_equal(ours, theirs, check_exact=False, rtol=1e-6)
    alone.close()


@pytest.mark.slow
def test_their_orders_still_count_and_their_stage_is_known(apart: Store) -> None:
    features, stages = by_person(apart, "features"), by_person(apart, "lifecycle")
    assert len(features) == len(stages) == 81 + _COMPANIES
    assert features.loc["b0", "orders"] == 17
    assert stages.loc["b0", "stage"] == "active"


@pytest.mark.slow
def test_scores_of_companies_are_learned_unless_the_shop_says_otherwise(together: Store) -> None:
    assert len(by_person(together, "rfm")) == 81 + _COMPANIES


def test_an_account_has_the_stage_and_the_value_of_its_members_together(together: Store) -> None:
    store = together
    members = store.table("account_members")
    theirs = members.filter(members.account_rule == "file").select("customer_key")
    found = account_standing(store, theirs)
    assert found is not None
    assert (found.stage, found.silent_days, found.valued) == ("active", 8, _COMPANIES)
    assert (
        7.0 <= (found.rhythm_days or 0.0) < 8.0
    )  # they come weekly; the shop's usual gap is longer
    worth = by_person(store, "value_tiers")["worth"]
    assert found.worth == pytest.approx(worth[worth.index.str.startswith("b")].sum())
    assert found.value_tier == "top"
    nobody = account_standing(store, theirs.filter(theirs.customer_key < 0))
    assert nobody is not None
    assert (nobody.stage, nobody.worth, nobody.value_tier) == (None, None, None)
