"""Who a rule picks, and what is told of them."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from crm_core.audiences import (
    FIELDS,
    list_columns,
    members,
    people,
    rule_of,
    segment_rule,
    segments_rule,
    size,
)
from crm_core.errors import CrmError
from crm_core.features import FEATURES
from crm_core.models.rfm import SEGMENTS
from crm_core.privacy.policy import CHANNEL_COLUMNS, TAGS
from crm_core.records import Records
from crm_core.rules import All, Condition, Not, Rule
from crm_core.store import Store
from crm_core.text import has
from tests.small_shop import NOW


def keys(store: Store, rule: Rule) -> set[int]:
    return set(store.fetch(members(store, rule).select("customer_key"))["customer_key"])


@pytest.fixture(scope="module")
def everyone(store: Store) -> pd.DataFrame:
    return store.fetch(people(store)).set_index("customer_key")


def test_every_field_is_a_column_of_every_customer(store: Store, everyone: pd.DataFrame) -> None:
    assert set(everyone.columns) == set(FIELDS)
    assert everyone.index.is_unique
    assert set(FEATURES) < set(FIELDS)
    kinds = people(store).schema()
    for name, field in FIELDS.items():
        kind = kinds[name]
        known = {
            "number": kind.is_numeric(),
            "text": kind.is_string(),
            "date": kind.is_date(),
            "bool": kind.is_boolean(),
        }
        assert known[field.type], name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_field_is_worded(language: str) -> None:
    assert [field.label for field in FIELDS.values() if not has(field.label, language)] == []


def test_everybody_is_picked_by_no_condition(store: Store, everyone: pd.DataFrame) -> None:
    assert keys(store, All()) == set(everyone.index)


def test_a_rule_picks_whom_it_names(store: Store, everyone: pd.DataFrame) -> None:
    often = Condition("orders", ">=", 3)
    quiet = Condition("recency_days", ">", 180)
    assert keys(store, often) == set(everyone.index[everyone["orders"] >= 3])
    both = everyone.index[(everyone["orders"] >= 3) & (everyone["recency_days"] > 180)]
    assert keys(store, All((often, quiet))) == set(both)
    assert keys(store, often) | keys(store, Not(often)) == set(everyone.index)
    assert not keys(store, often) & keys(store, Not(often))


@pytest.mark.slow
def test_segments_part_the_customers(store: Store, everyone: pd.DataFrame) -> None:
    parts = [keys(store, segment_rule(segment.code)) for segment in SEGMENTS]
    assert sum(map(len, parts)) == len(everyone)
    assert set().union(*parts) == set(everyone.index)


def test_last_days_count_back_from_the_scores_day(store: Store, everyone: pd.DataFrame) -> None:
    recent = keys(store, Condition("last_order_day", "in_last_days", 30))
    assert recent == set(everyone.index[everyone["recency_days"] < 30])


def test_a_size_is_the_sum_of_its_members(store: Store, everyone: pd.DataFrame) -> None:
    rule = Condition("orders", ">=", 3)
    found = size(store, rule)
    mine = everyone[everyone["orders"] >= 3]
    assert (found.customers, found.everyone) == (len(mine), len(everyone))
    assert found.revenue_365d == pytest.approx(mine["revenue_365d"].sum(), abs=0.01)
    assert found.expected_contribution == pytest.approx(
        mine["expected_contribution"].sum(), abs=0.01
    )
    assert all(0 <= reached <= len(mine) for reached in found.reachable.values())


def test_a_rule_comes_as_json_as_a_name_or_as_a_segment(store: Store, records: Records) -> None:
    document = {"field": "orders", "operator": ">=", "value": 3}
    rule = Condition("orders", ">=", 3)
    assert rule_of(f" {json.dumps(document)} ", records) == rule
    assert rule_of("segment:champions", records) == segment_rule("champions")
    saved = records.add_audience("Often =1+1", document, owner="ann", now=NOW)
    try:
        assert rule_of("often =1+1", records) == rule
    finally:
        records.remove_audience(saved.id)
    for text, code in (
        ("nobody knows", "records_audience_unknown"),
        ("segment:champion", "no_such_segment"),
        ("{", "rule_unreadable"),
        ('{"field": "shoe_size", "operator": "=", "value": 1}', "rule_no_field"),
    ):
        with pytest.raises(CrmError) as refused:
            rule_of(text, records)
        assert refused.value.code == code


def test_a_list_tells_what_its_channel_needs_and_no_more() -> None:
    for channel, told in CHANNEL_COLUMNS.items():
        columns = list_columns(channel)
        assert columns[0] == "customer"
        assert set(columns) & set(TAGS) == set(told)
        assert set(columns) - {"customer", *told} <= set(FIELDS)


@pytest.mark.slow
def test_segments_are_asked_for_by_the_codes_of_the_filter(store: Store) -> None:
    assert segment_rule("stage.at_risk") == Condition("stage", "is", "at_risk")
    assert segment_rule("at_risk") == Condition("segment", "is", "at_risk")
    assert segment_rule("cluster.regular-lately-big").field == "cluster"
    for wrong in ("stage.champions", "cluster.nonsense", "loyal.gold"):
        with pytest.raises(CrmError) as refused:
            segment_rule(wrong)
        assert refused.value.code == "no_such_segment"
    both = keys(store, segments_rule(["stage.active", "stage.at_risk", "value.top"]))
    active, risky, top = (
        keys(store, segment_rule(code)) for code in ("stage.active", "stage.at_risk", "value.top")
    )
    assert both == (active | risky) & top != set()


@pytest.mark.slow
def test_prospects_are_met_only_by_rules_about_the_stage(store: Store) -> None:
    prospects = keys(store, segment_rule("stage.prospect"))
    bought = keys(store, All())
    assert prospects
    assert not prospects & bought
    assert not prospects & keys(store, Not(Condition("orders", ">", 3)))
    assert prospects <= keys(store, Condition("stage", "is_not", "lapsed"))
    assert size(store, segment_rule("stage.prospect")).revenue_365d == 0


def test_what_is_missing_to_the_next_tier_can_be_asked_about(store: Store) -> None:
    near = members(store, Condition("to_next_tier", "<=", 20))
    rows = store.fetch(near.select("loyalty_tier", "revenue_365d", "to_next_tier"))
    least = store.fetch(store.table("loyalty_rules"))["least"].tolist()
    reached = rows["revenue_365d"] + rows["to_next_tier"]
    assert len(rows) > 0
    assert all(any(abs(money - asked) < 0.005 for asked in least) for money in reached)
