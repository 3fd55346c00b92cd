from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from crm_core.audiences import FIELDS, members, segment_rule
from crm_core.errors import CrmError
from crm_core.privacy.export import export_list
from crm_core.privacy.policy import Access
from crm_core.records import Records
from crm_core.rules import All, Condition, Rule, to_json
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.audiences import (
    GROUPS,
    PREVIEW_ROWS,
    Audience,
    audiences,
    can_choose,
    field_values,
)
from crm_core.views.segments import segments

LAPSED = All((Condition("recency_days", ">=", 180), Condition("orders", ">=", 3)))
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def seen(store: Store, access: Access, rule: Rule) -> Audience:
    view = audiences(Selection(), store=store, access=access, rule=to_json(rule))
    assert view is not None
    return view


@pytest.mark.slow
def test_an_audience_is_who_its_rule_names(
    store: Store, owner: Access, features: pd.DataFrame
) -> None:
    kept = features[(features["recency_days"] >= 180) & (features["orders"] >= 3)]
    view = seen(store, owner, LAPSED)
    assert view.size.customers == len(kept)
    assert view.size.everyone == len(features)
    assert view.share == pytest.approx(len(kept) / len(features))
    assert view.size.revenue_365d == pytest.approx(float(kept["revenue_365d"].sum()))
    assert not view.is_everyone


@pytest.mark.slow
def test_a_list_holds_as_many_as_the_audience_says(
    store: Store, records: Records, owner: Access, tmp_path: Path
) -> None:
    view = seen(store, owner, LAPSED)
    for channel, expected in ((None, view.size.customers), ("email", None)):
        result = export_list(
            access=owner,
            store=store,
            records=records,
            members=members(store, LAPSED),
            name="lapsed",
            contact_channel=channel,
            columns=["customer", "orders"],
            file_format="csv",
            now=NOW,
            language="en",
            out=tmp_path,
        )
        with (tmp_path / result.file_name).open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
        assert result.rows == len(lines) - 1
        if channel is None:
            assert result.rows == expected
        else:
            double = result.excluded.get("same_contact", 0)
            assert result.rows + double == view.size.reachable[channel]


def test_a_segment_is_as_large_as_on_its_page(store: Store, owner: Access) -> None:
    rows = segments(Selection(), store=store, access=owner).rows
    for row in rows.head(3).to_dict("records"):
        assert seen(store, owner, segment_rule(row["segment"])).size.customers == row["customers"]


def test_no_condition_means_everyone(store: Store, owner: Access) -> None:
    view = seen(store, owner, All())
    assert view.is_everyone
    assert view.share == 1


def test_the_preview_shows_the_largest_and_names_nobody(store: Store, owner: Access) -> None:
    view = seen(store, owner, LAPSED)
    assert len(view.preview) == PREVIEW_ROWS
    assert view.preview["revenue"].is_monotonic_decreasing
    assert not {"name", "email", "phone", "address"} & set(view.preview.columns)
    assert view.reach["value"].max() <= view.size.customers


def test_nobody_fits_and_the_page_says_what_to_drop(
    store: Store, owner: Access, features: pd.DataFrame
) -> None:
    rule = All((Condition("orders", ">=", 1_000_000), Condition("recency_days", "<", 30)))
    view = seen(store, owner, rule)
    assert view.size.customers == 0
    assert view.share == 0
    assert view.without == ((0, int((features["recency_days"] < 30).sum())),)
    assert view.preview.empty


def test_texts_offer_what_the_shop_holds(
    store: Store, owner: Access, features: pd.DataFrame
) -> None:
    known = field_values(Selection(), store=store, access=owner, field="region")
    counted = features["region"].value_counts()
    assert set(known) == set(counted.index)
    assert counted[known[0]] == counted.max()


@pytest.mark.parametrize("field", ["orders", "nam", "email"])
def test_only_texts_have_values_to_choose_from(store: Store, owner: Access, field: str) -> None:
    with pytest.raises(CrmError, match="rule_"):
        field_values(Selection(), store=store, access=owner, field=field)


def test_every_field_can_be_chosen_once() -> None:
    offered = [name for names in GROUPS.values() for name in names]
    assert sorted(offered) == sorted(FIELDS)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"all": [{"field": "email", "operator": "is_known"}]}']
)
def test_what_is_no_rule_is_refused(store: Store, owner: Access, text: str) -> None:
    with pytest.raises(CrmError, match="rule_"):
        audiences(Selection(), store=store, access=owner, rule=text)


def test_without_scores_nobody_can_be_chosen(unscored: Store, owner: Access) -> None:
    assert not can_choose(Selection(), store=unscored, access=owner)
    assert audiences(Selection(), store=unscored, access=owner, rule=to_json(All())) is None
    assert field_values(Selection(), store=unscored, access=owner, field="region") == ()
