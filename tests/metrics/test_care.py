"""How customers are served, on a shop small enough to count by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.metrics.care import (
    CARE_METRICS,
    care_value,
    contacted_orders,
    contacts_of,
    measure_care,
    values_of,
)
from crm_core.metrics.care_rules import CareRules, end_of
from crm_core.metrics.contact_topics import USUAL_RULES, pattern_of, plain_message
from crm_core.metrics.delivery import DELIVERY_METRICS, deliveries_of, measure_delivery
from crm_core.models.care_pairs import cases
from crm_core.models.topic_model import rule_teller
from crm_core.selection import Period, Selection
from crm_core.store import Store
from tests.small_shop import Rows, line, order, small_shop

ALL = Selection(period="all")
JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))
RULES = CareRules()
#: A Monday, a Friday evening and a Sunday of June 2026 in Berlin, as moments in UTC.
MONDAY, FRIDAY_NIGHT, SUNDAY = "2026-06-08T08:00:00", "2026-06-12T16:30:00", "2026-06-14T10:00:00"


def contact(number: int, who: str | None, when: str, **more: Any) -> dict[str, Any]:
    return {
        "contact_id": f"t{number}",
        "customer_id": who,
        "occurred_at": datetime.fromisoformat(when),
        "direction": "in",
        "contact_channel": "email",
        **more,
    }


def rows() -> Rows:
    """Ann wrote about her parcel o1 and about nothing, Bo thrice; somebody unknown wrote once; the shop
    called Ann. Two parcels were late, one is missing, one came in time."""
    orders = [
        order("o1", "ann", "2026-06-01T09:00:00", region="North",
              promised_at=datetime(2026, 6, 4), delivered_at=datetime(2026, 6, 8, 12)),
        order("o2", "bo", "2026-06-02T09:00:00", region="South",
              promised_at=datetime(2026, 6, 5), delivered_at=datetime(2026, 6, 5, 20)),
        order("o3", "bo", "2026-06-20T09:00:00", region="South", sales_channel="app",
              promised_at=datetime(2026, 6, 23), delivered_at=datetime(2026, 6, 24, 9)),
        order("o4", "cy", "2026-06-22T09:00:00", promised_at=datetime(2026, 6, 25)),
        order("o5", "cy", "2026-06-30T20:00:00", promised_at=datetime(2026, 7, 3)),
    ]  # fmt: skip
    lines = [line(f"o{n}", "pot" if n < 3 else "cup", "10") for n in range(1, 6)]
    contacts = [
        contact(1, "ann", MONDAY, order_id="o1", topic="delivery", reply_minutes=60.0,
                resolved=True, resolved_minutes=600.0, reopened=False, rating=5, agent="Mara",
                cost=Decimal("4.00")),
        contact(2, "ann", FRIDAY_NIGHT, message="Where is my PARCEL?!", reply_minutes=4000.0,
                resolved=True, resolved_minutes=6000.0, reopened=True, rating=2, agent="Mara",
                cost=Decimal("2.00")),
        contact(3, "bo", SUNDAY, message="请给我退款", reply_minutes=120.0, resolved=False,
                reopened=True, agent="Lin"),
        contact(4, "bo", "2026-06-29T09:00:00", message="hello", resolved=False, agent="Lin"),
        contact(5, "bo", "2026-06-30T15:00:00", message="hi again", resolved=False),
        contact(6, None, "2026-06-10T09:00:00", topic="advice", reply_minutes=30.0, resolved=True),
        contact(7, "ann", "2026-06-11T09:00:00", direction="out", cost=Decimal("9.00")),
        contact(8, "bo", "2026-06-16T09:00:00", contact_channel="phone", resolved=True),
    ]  # fmt: skip
    return {
        "customers": [{"customer_id": who, "region": None} for who in ("ann", "bo", "cy")],
        "products": [{"product_id": "pot"}, {"product_id": "cup"}],
        "orders": orders,
        "order_lines": lines,
        "contacts": contacts,
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    shop = small_shop(tmp_path_factory.mktemp("care"), rows(), timezone="Europe/Berlin")
    store = shop.open()
    yield store
    store.close()


def told(store: Store, rules: CareRules = RULES) -> dict[str, float | None]:
    totals = measure_care(store, rules, ALL, JUNE).totals
    return {name: care_value(name, totals) for name in CARE_METRICS}


def test_every_number_is_what_one_counts_by_hand(store: Store) -> None:
    found = told(store)
    assert found["contacts"] == 7  # the shop's own call is none
    assert found["contact_rate"] == pytest.approx(7 / 5)
    assert found["reply_median"] == pytest.approx(90 / 60)  # 30, 60, 120, 4000 minutes
    assert found["reply_p90"] == pytest.approx((120 + 0.7 * 3880) / 60)
    # Answered in time: three of four; t4 waits for more than a day, t5 not yet; calls tell no reply.
    assert found["reply_in_time"] == pytest.approx(3 / 5)
    assert found["settle_median"] == pytest.approx(55.0)
    assert found["reopen_rate"] == pytest.approx(2 / 3)  # one of those back is open again
    assert found["csat"] == pytest.approx(1 / 2)
    assert found["cost_per_contact"] == pytest.approx(3.0)


def test_contacts_are_those_of_explore(store: Store) -> None:
    sold = scope(store, ALL, JUNE, of=["contacts", "contact_rate"])
    found = measure(store, ["contacts", "contact_rate", "service_cost"], rows=sold).totals
    assert found["contacts"] == told(store)["contacts"]
    assert found["contact_rate"] == told(store)["contact_rate"]
    assert found["service_cost"] == 15.0


def test_by_region_the_order_stands_in_for_a_customer_without_one(store: Store) -> None:
    sold = scope(store, ALL, JUNE, of=["contacts"], by=["region"])
    ledger = measure(store, ["contacts"], rows=sold, by=["region"]).rows
    mine = measure_care(store, RULES, ALL, JUNE, "region").rows
    assert dict(zip(ledger["region"], ledger["contacts"], strict=True))["North"] == 1
    known = mine[mine["region"].notna()]
    assert dict(zip(known["region"], known["contacts"], strict=True)) == {"North": 1}


def test_topics_come_with_a_contact_or_follow_from_its_words(store: Store) -> None:
    found = measure_care(store, RULES, ALL, JUNE, "topic").rows
    by_topic = {
        str(topic): int(n) for topic, n in zip(found["topic"], found["contacts"], strict=True)
    }
    assert by_topic.pop("delivery") == 2  # one named, one by its words
    assert by_topic.pop("return") == 1
    assert by_topic.pop("advice") == 1
    assert list(by_topic.values()) == [3]  # hello, hi again and a call say nothing
    own = CareRules(topics=(("hi", ("hello", "hi again")),))
    found = measure_care(store, own, ALL, JUNE, "topic").rows
    assert dict(zip(found["topic"], found["contacts"], strict=True))["hi"] == 2


@pytest.mark.parametrize(
    ("message", "topic"),
    [
        ("Where's my parcel?", "delivery"),
        ("(PARCEL)", "delivery"),
        ("Apparcels are nice", ""),  # a Latin word fits where one begins
        ("我的包裹呢", "delivery"),
        ("I complain about the refund", "complaint"),  # rules are tried in their order
        ("👍", ""),
        ("", ""),
    ],
)
def test_a_rule_fits_a_word(message: str, topic: str) -> None:
    assert rule_teller(USUAL_RULES)([message]) == [topic]


def test_a_pattern_means_only_the_words_that_were_typed() -> None:
    assert pattern_of((".*", "a+b", " ")) == " a b"
    assert plain_message("A+B (c)") == " a b c "


def test_only_hours_of_work_count_where_the_shop_told_them(store: Store) -> None:
    office = CareRules(opens=540, closes=1080, weekdays=(1, 2, 3, 4, 5))
    rows = contacts_of(store, office, ALL)
    found = store.fetch(rows.select("contact_id", "reply")).set_index("contact_id")["reply"]
    assert found["t1"] == pytest.approx(1.0)  # Monday at ten, within the hours
    # Friday half past six until Monday, 13:10 (4,000 minutes): from Monday nine on.
    assert found["t2"] == pytest.approx(250 / 60)
    assert found["t3"] == pytest.approx(0.0)  # answered on Sunday


def test_hours_of_work_leave_a_question_short(store: Store) -> None:
    """Put into SQL at each mention, they once were a question of 1.7 million letters."""
    every_day = CareRules(opens=540, closes=1080, weekdays=(1, 2, 3, 4, 5, 6, 7))
    rows = contacts_of(store, every_day, ALL)
    waiting = rows.filter(rows.wait_state.notnull()).select("contact_id", "waited", "wait_state")
    assert len(str(ibis.to_sql(waiting, dialect="duckdb"))) < 40_000


def test_who_waits_is_open_and_beyond_the_promise(store: Store) -> None:
    rows = contacts_of(store, RULES, ALL)
    found = store.fetch(rows.select("contact_id", "wait_state", "waited", "is_open"))
    states = dict(zip(found["contact_id"], found["wait_state"], strict=True))
    assert states["t4"] == "no_reply"
    assert states["t3"] == "not_settled"
    assert not isinstance(states["t5"], str)  # seven hours are within the promise
    assert not isinstance(states["t8"], str)  # solved on the phone
    assert found["is_open"].sum() == 3
    waited = dict(zip(found["contact_id"], found["waited"], strict=True))
    end = end_of(store.meta.as_of, "Europe/Berlin")
    since = datetime(2026, 6, 29, 9, tzinfo=UTC)
    assert waited["t4"] == pytest.approx((end - since) / timedelta(hours=1))


def test_who_waits_does_not_depend_on_the_days_looked_at(store: Store) -> None:
    days = Period(date(2026, 6, 29), date(2026, 6, 30))  # on which nobody was answered
    rows = contacts_of(store, RULES, ALL, days)
    found = store.fetch(rows.select("contact_id", "wait_state").order_by("contact_id"))
    assert found["contact_id"].tolist() == ["t4", "t5"]
    assert found["wait_state"].iloc[0] == "no_reply"


def test_of_products_a_contact_counts_for_each_of_its_order(store: Store) -> None:
    rows = store.fetch(contacted_orders(store, ALL, JUNE))
    whole = rows[rows["product"].isna()].iloc[0]
    assert (whole["orders"], whole["contacted"]) == (5, 1)
    names = store.fetch(store.table("product_facts").select("product_key", "product_id"))
    pot = int(names.loc[names["product_id"] == "pot", "product_key"].iloc[0])
    mine = rows[rows["product"] == pot].iloc[0]
    assert (mine["orders"], mine["contacted"]) == (2, 1)


def test_parcels_are_held_against_what_was_promised(store: Store) -> None:
    measured = measure_delivery(store, ALL, JUNE)
    found = values_of(list(DELIVERY_METRICS.values()), measured.rows).iloc[0]
    assert found["promised_orders"] == 4  # the last is promised for July
    assert found["late_rate"] == pytest.approx(3 / 4)  # by four days, by one, and one missing
    assert found["days_late_median"] == pytest.approx(2.5)
    assert found["overdue_orders"] == 1
    by_channel = measure_delivery(store, ALL, JUNE, "sales_channel").rows.set_index("sales_channel")
    assert by_channel.loc["app", "late"] == 1
    assert by_channel["promised"].sum() == measured.totals["promised"]


def parcel(number: int, came: str) -> dict[str, Any]:
    """Promised for the fifth of June: a day alone is kept as its noon."""
    ordered, noon = "2026-06-01T18:00:00", datetime.fromisoformat("2026-06-05T12:00:00-07:00")
    delivered = datetime.fromisoformat(f"{came}-07:00").astimezone(UTC).replace(tzinfo=None)
    return order(
        f"o{number}", "ann", ordered, delivered_at=delivered,
        promised_at=noon.astimezone(UTC).replace(tzinfo=None),
    )  # fmt: skip


def test_the_shop_s_day_decides_whether_a_parcel_is_late(tmp_path: Path) -> None:
    # In UTC it is the sixth already when a parcel comes at half past five of the fifth.
    came = ("2026-06-05T17:30:00", "2026-06-05T23:59:00", "2026-06-06T00:01:00")
    orders = [parcel(number, when) for number, when in enumerate(came)]
    orders.append(order("last", "bo", "2026-06-30T20:00:00"))
    lines = [line(each["order_id"], "pot", "10") for each in orders]
    shop = small_shop(
        tmp_path, {"orders": orders, "order_lines": lines}, timezone="America/Los_Angeles"
    )
    store = shop.open()
    found = store.fetch(deliveries_of(store, ALL).order_by("order_id"))
    assert found["is_late"].tolist() == [False, False, True]
    assert found["days_late"].iloc[2] == 1
    late = store.fetch(cases(store, "late", shop=store.meta, rules=RULES))
    assert late["n"].iloc[0] == 1


def test_a_dimension_that_contacts_do_not_have_is_refused(store: Store) -> None:
    with pytest.raises(CrmError) as caught:
        measure_care(store, RULES, ALL, JUNE, "colour")
    assert caught.value.code == "unknown_dimension"
