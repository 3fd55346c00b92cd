"""Audiences within audiences and lists of customers, by what the records say now."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.audiences import count, members, names_of, resolved, rule_of
from crm_core.errors import CrmError
from crm_core.records import Records
from crm_core.rules import All, Condition, InAudience, InList, Not, Rule, to_document
from crm_core.rules import Any as AnyOf
from crm_core.store import Store
from tests.audiences.conftest import Reopen
from tests.small_shop import NOW

OFTEN, QUIET = Condition("orders", ">=", 3), Condition("recency_days", ">", 180)
Place = tuple[Records, Reopen]


def keys(store: Store, rule: Rule) -> set[int]:
    return set(store.fetch(members(store, rule, ()))["customer_key"])


def add(records: Records, name: str, rule: Rule) -> int:
    return records.add_audience(name, to_document(rule), owner="ann", now=NOW).id


def change(records: Records, number: int, rule: Rule) -> None:
    kept: dict[str, Any] = {"user": "ann", "now": NOW}
    found = records.audience(number)
    records.change_audience(
        number, version=found.version, name=found.name, rule=to_document(rule), **kept
    )


def code(store: Store, rule: Rule) -> CrmError:
    with pytest.raises(CrmError) as refused:
        members(store, rule)
    return refused.value


def test_audiences_are_joined_cut_and_taken_away(place: Place) -> None:
    records, reopen = place
    often, quiet = (
        InAudience(add(records, "Often", OFTEN)),
        InAudience(add(records, "Quiet", QUIET)),
    )
    store = reopen()
    one, two = keys(store, OFTEN), keys(store, QUIET)
    assert all((one & two, one - two, two - one))
    assert keys(store, AnyOf((often, quiet))) == one | two
    assert keys(store, All((often, quiet))) == one & two
    assert keys(store, All((often, Not(quiet)))) == one - two
    assert keys(store, InAudience("often")) == one
    assert names_of(store, All((often, InAudience("quiet")))) == {often: "Often"}


def test_an_audience_in_a_rule_is_what_it_is_now(place: Place) -> None:
    records, reopen = place
    inner = add(records, "Inner", OFTEN)
    outer = add(records, "Outer", Not(InAudience(inner)))
    before = keys(reopen(), InAudience(outer))
    change(records, inner, QUIET)
    assert keys(reopen(), InAudience(outer)) == keys(reopen(), Not(QUIET)) != before
    assert rule_of("Outer", records) == Not(InAudience(inner))


def test_an_audience_in_itself_is_refused(place: Place) -> None:
    records, reopen = place
    first = add(records, "First", OFTEN)
    second = add(records, "Second", All((OFTEN, InAudience(first))))
    store = reopen()
    with pytest.raises(CrmError, match="rule_circle"):
        resolved(store, InAudience(second), of=first)
    change(records, first, InAudience(second))
    refused = code(reopen(), InAudience(first))
    assert (refused.code, refused.facts) == ("rule_circle", {"name": "First"})


def test_what_is_gone_is_named_with_what_is_close(place: Place) -> None:
    records, reopen = place
    number = add(records, "Summer guests", OFTEN)
    store = reopen()
    refused = code(store, InAudience("Sumer guests"))
    assert (refused.code, refused.facts["match"]) == ("rule_no_audience", "Summer guests")
    records.remove_audience(number)
    assert code(reopen(), InAudience(number)).code == "rule_no_audience"
    records.bring_back_audience(number)
    assert keys(reopen(), InAudience(number)) == keys(store, OFTEN)
    assert code(store, InList("Nowhere")).code == "rule_no_list"


def test_an_audience_about_a_field_that_is_no_more_says_which(place: Place) -> None:
    records, reopen = place
    old = {"field": "recency_dayz", "operator": ">", "value": 3}
    broken = records.add_audience("Old", {"all": [old]}, owner="ann", now=NOW)
    refused = code(reopen(), All((OFTEN, InAudience(broken.id))))
    assert refused.code == "rule_broken"
    assert refused.facts == {"name": "Old", "condition": "recency_dayz", "match": "recency_days"}
    with pytest.raises(CrmError) as direct:
        rule_of("Old", records)
    assert (direct.value.code, direct.value.facts["match"]) == ("rule_field", "recency_days")


def test_a_list_picks_its_customers_and_no_others(place: Place) -> None:
    records, reopen = place
    everyone = sorted(keys(reopen(), All()))
    some = [*everyone[:3], 10**15]  # one who never bought, or is gone
    number = records.add_id_list("Fair", some, told={}, owner="ann", now=NOW)
    store = reopen()
    assert keys(store, InList(number)) == set(everyone[:3])
    assert keys(store, InList("fair")) == set(everyone[:3])
    assert keys(store, Not(InList(number))) == set(everyone[3:])
    assert count(store, All((InList(number), Not(InList("Fair"))))) == 0
    one = records.add_id_list("One", everyone[:1], told={}, owner="ann", now=NOW)
    assert count(reopen(), InList(one)) == 1


def test_audiences_written_out_keep_within_the_limits(place: Place) -> None:
    records, reopen = place
    many = add(records, "Many", AnyOf(tuple(Condition("orders", "=", n) for n in range(150))))
    assert code(reopen(), All((InAudience(many), Not(InAudience(many))))).code == "rule_too_many"
