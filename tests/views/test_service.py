"""The service page on the demo: what was planted is found, small groups stay hidden, words too."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.metrics.care import CARE_METRICS, contacts_of
from crm_core.metrics.care_rules import CareRules
from crm_core.models.care_gaps import LEAST_CASES
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.customer_care import customer_care
from crm_core.views.service import LEAST_TOLD, service, service_split, service_trend
from crm_core.views.service_delivery import delivery_split, service_delivery
from crm_core.views.service_pays import service_pays
from crm_core.views.service_products import service_products
from crm_core.views.service_rows import service_contacts, service_waiting
from crm_core.views.service_topics import service_topics

YEAR = Selection(period="12m")
RULES = CareRules()


def test_the_cards_are_the_metrics_and_contacts_are_those_of_explore(
    store: Store, owner: Access
) -> None:
    view = service(YEAR, store=store, access=owner, rules=RULES)
    cards = {card.metric: card.value for card in view.cards}
    assert list(cards) == list(CARE_METRICS)
    sold = scope(store, YEAR, view.period, of=["contacts", "contact_rate"])
    whole = measure(store, ["contacts", "contact_rate"], rows=sold).totals
    assert (cards["contacts"], cards["contact_rate"]) == (whole["contacts"], whole["contact_rate"])
    assert cards["reply_median"] < cards["reply_p90"]
    low, high = view.csat_range or (1, 0)
    assert low < cards["csat"] < high
    assert view.has_words


def test_parts_add_up_to_the_whole(store: Store, owner: Access) -> None:
    view = service(YEAR, store=store, access=owner, rules=RULES)
    whole = view.told["contacts"]
    for by in ("topic", "contact_channel", "agent", "region"):
        split = service_split(YEAR, store=store, access=owner, rules=RULES, by=by)
        assert split.rows["contacts"].sum() == whole
    trend = service_trend(
        YEAR, store=store, access=owner, rules=RULES, shown="contact_rate", step=view.step
    )
    # Points of fewer than ten contacts are not told: the first week is none of the whole.
    assert whole - LEAST_TOLD < trend["contacts"].sum() <= whole


def test_the_agent_who_answers_late_is_seen_and_who_helped_once_is_not_ranked(
    store: Store, owner: Access
) -> None:
    every = Selection(period="all")
    rows = service_split(every, store=store, access=owner, rules=RULES, by="agent").rows
    rows = rows.set_index("code")
    assert rows["reply_in_time"].astype(float).idxmin() == "Jonas"
    assert rows.index[-1] == "Noor"
    assert rows.loc["Noor", "contacts"] == 1
    assert bool(rows.loc["Noor", "is_few"])
    assert rows.loc["Noor", ["reply_median", "reply_in_time", "csat"]].isna().all()
    assert (rows.loc[rows["csat"].notna(), "csat_n"] >= LEAST_TOLD).all()


def test_a_viewer_sees_neither_agents_nor_words_nor_few_people(
    store: Store, viewer: Access, owner: Access
) -> None:
    assert "agent" not in service(YEAR, store=store, access=viewer, rules=RULES).splits
    with pytest.raises(CrmError):
        service_split(YEAR, store=store, access=viewer, rules=RULES, by="agent")
    with pytest.raises(CrmError):
        service_contacts(YEAR, store=store, access=viewer, rules=RULES, by="agent", code="Jonas")
    mine = service_contacts(
        YEAR, store=store, access=viewer, rules=RULES, by="topic", code="return"
    )
    assert mine.total > 0
    assert {"message", "agent"}.isdisjoint(mine.rows.columns)
    theirs = service_contacts(
        YEAR, store=store, access=owner, rules=RULES, by="topic", code="return"
    )
    assert theirs.total == mine.total
    assert theirs.rows["message"].notna().any()
    shown = Access("marketer", "ann", present=True)
    assert "message" not in service_contacts(YEAR, store=store, access=shown, rules=RULES).rows
    rows = service_split(YEAR, store=store, access=viewer, rules=RULES, by="product").rows
    open_rows = service_split(YEAR, store=store, access=owner, rules=RULES, by="product").rows
    assert rows["is_hidden"].sum() >= (open_rows["contacts"] < 5).sum() - 1
    assert rows.loc[rows["is_hidden"], "contacts"].isna().all()


def test_the_contacts_behind_a_row_are_as_many_as_it_says(store: Store, owner: Access) -> None:
    for by in ("topic", "product", "agent"):
        rows = service_split(YEAR, store=store, access=owner, rules=RULES, by=by).rows
        for code, count in list(zip(rows["code"], rows["contacts"], strict=True))[:2]:
            behind = service_contacts(
                YEAR, store=store, access=owner, rules=RULES, by=by, code=code, size=5
            )
            assert behind.total == count
            assert len(behind.rows) == 5
    wrong = service_contacts(YEAR, store=store, access=owner, rules=RULES, by="product", code="x")
    assert wrong.total == 0


def test_who_waits_waits_beyond_the_promise(store: Store, owner: Access) -> None:
    view = service_waiting(Selection(), store=store, access=owner, rules=RULES)
    assert view.counts["no_reply"] > 0
    assert view.total <= view.open
    assert view.rows["wait_state"].iloc[0] == "no_reply"
    silent = view.rows[view.rows["wait_state"] == "no_reply"]
    assert (silent["waited"] > 24).all()
    patient = CareRules(reply_hours=24 * 14, settle_hours=24 * 60)
    assert service_waiting(Selection(), store=store, access=owner, rules=patient).total < view.total


def test_slow_replies_go_with_people_who_leave_as_was_planted(store: Store, owner: Access) -> None:
    """`slow_leaves` of those who waited a day for an e-mail leave for good: of those who would have
    come again that many fewer do."""
    found = {each.exposure: each for each in service_pays(YEAR, store=store, access=owner).over(90)}
    slow = found["slow_reply"]
    assert slow.state == "shown"
    assert slow.matched >= LEAST_CASES
    assert slow.bought is not None
    assert slow.value is not None
    planted = -0.45 * slow.bought.other
    assert slow.bought.low < planted < slow.bought.high < 0
    assert slow.value.high < 0
    assert slow.before is not None
    assert slow.before.low < 0 < slow.before.high
    late = found["late"]  # a late parcel drives away only through the contacts that it brings
    assert late.bought is None or late.bought.difference > -0.05


def test_topics_are_learned_from_the_shops_own(store: Store, owner: Access) -> None:
    told = service_topics(YEAR, store=store, access=owner, rules=RULES)
    assert told.is_better
    assert (told.model_accuracy or 0) > (told.rules_accuracy or 1)
    assert told.learned > told.unknown
    every = store.fetch(contacts_of(store, RULES, Selection(period="all")).count().as_table())
    assert told.labelled + told.learned + told.ruled + told.unknown == every.iloc[0, 0]


def test_parcels_by_month_are_worst_in_december(
    store: Store, owner: Access, viewer: Access
) -> None:
    every = Selection(period="all")
    rows = delivery_split(every, store=store, access=owner, by="month")
    months = pd.to_datetime(rows["code"]).dt.month
    late = rows["late_rate"].astype(float).groupby(months.to_numpy()).mean()
    assert late.idxmax() == 12
    assert late[12] > 1.8 * late.drop(12).mean()
    view = service_delivery(YEAR, store=store, access=viewer)
    assert view.has_any
    assert view.trend["promised"].min() > 0


def test_products_of_which_more_comes_back_are_written_about_more(
    store: Store, owner: Access
) -> None:
    view = service_products(Selection(), store=store, access=owner)
    assert 0.05 < view.shop_share < 0.2
    first = view.rows.iloc[0]
    assert first["is_above"] or not view.rows["is_above"].any()
    assert (view.rows["low"] <= view.rows["share"]).all()
    textiles = service_products(Selection(category=("Home textiles",)), store=store, access=owner)
    assert textiles.shop_share > view.shop_share


def test_the_card_tells_one_customers_contacts(store: Store, owner: Access) -> None:
    contacts = store.table("contacts")
    asked = contacts.filter((contacts.direction == "in") & contacts.customer_key.notnull())
    counts = store.fetch(asked.group_by("customer_key").agg(n=asked.count()))
    most = counts.sort_values(["n", "customer_key"], ascending=[False, True]).iloc[0]
    key = int(most["customer_key"])
    card = customer_care(Selection(), store=store, access=owner, key=key, rules=RULES)
    assert card.contacts == most["n"]
    assert len(card.rows) == min(5, card.contacts)
    assert (card.reply_median or 0) <= (card.reply_longest or 0)
    nobody = customer_care(Selection(), store=store, access=owner, key=-1, rules=RULES)
    assert (nobody.contacts, nobody.promised, nobody.reply_median) == (0, 0, None)


def test_before_a_refresh_nothing_is_said_of_what_pays(unscored: Store, owner: Access) -> None:
    with pytest.raises(CrmError) as caught:
        service_pays(YEAR, store=unscored, access=owner)
    assert caught.value.code == "no_scores"
    view = service(YEAR, store=unscored, access=owner, rules=RULES)
    assert view.cards[0].value
