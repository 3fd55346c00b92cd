"""Goodwill: what was given, within what the shop allows, and whose it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from crm_core.errors import CrmError
from crm_core.records import Gift, Records, ShopSettings
from tests.records.conftest import NOW

TEN = Gift("refund", Decimal("10.00"), "O-1", "parcel came late")


@pytest.fixture
def generous(records: Records) -> Records:
    """A shop that allows 30 in 90 days."""
    records.save_shop_settings(ShopSettings(goodwill_limit=Decimal(30)), "owner", NOW)
    return records


def give(records: Records, key: int = 7, amount: str = "10.00", now: datetime = NOW) -> int:
    gift = Gift("code", Decimal(amount), "SORRY10", "wrong colour")
    return records.give_goodwill(key, gift, user="mia", now=now).id


def left(records: Records, key: int = 7, now: datetime = NOW) -> Decimal:
    return records.allowance(key, now).left


def test_a_shop_whose_limit_is_nothing_gives_nothing(records: Records) -> None:
    assert records.allowance(7, NOW).limit == ShopSettings().goodwill_limit
    records.save_shop_settings(ShopSettings(goodwill_limit=Decimal(0)), "owner", NOW)
    with pytest.raises(CrmError, match="records_goodwill_none"):
        records.give_goodwill(7, TEN, user="mia", now=NOW)


def test_what_was_given_is_kept_with_who_and_why(generous: Records) -> None:
    generous.give_goodwill(7, TEN, user="mia", now=NOW)
    (given,) = generous.goodwill(7)
    assert (given.amount, given.user, given.at) == (Decimal("10.00"), "mia", NOW)
    assert (given.kind, given.reference, given.reason) == ("refund", "O-1", "parcel came late")
    assert left(generous) == Decimal("20.00")
    assert left(generous, key=8) == Decimal(30)


def test_no_more_than_the_limit_in_ninety_days(generous: Records) -> None:
    give(generous, amount="20.00")
    give(generous, amount="10.00", now=NOW + timedelta(days=30))
    with pytest.raises(CrmError, match="records_goodwill_over") as refused:
        give(generous, amount="0.01", now=NOW + timedelta(days=89))
    assert refused.value.facts["left"] == 0
    allowance = generous.allowance(7, NOW + timedelta(days=89))
    assert allowance.free_at == NOW + timedelta(days=90)
    assert left(generous, now=NOW + timedelta(days=90)) == Decimal("20.00")


def test_what_was_taken_back_counts_no_more_and_stays(generous: Records) -> None:
    number = give(generous, amount="30.00")
    generous.take_back_goodwill(number, 7, user="bo", now=NOW)
    again = generous.take_back_goodwill(number, 7, user="mia", now=NOW + timedelta(1))
    assert (again.taken_back_by, again.taken_back_at) == ("bo", NOW)
    assert left(generous) == Decimal(30)
    assert len(generous.goodwill(7)) == 1


def test_of_another_customer_nothing_is_taken_back(generous: Records) -> None:
    number = give(generous)
    with pytest.raises(CrmError, match="records_note_unknown"):
        generous.take_back_goodwill(number, 8, user="mia", now=NOW)


def test_a_gift_says_what_how_much_and_why(generous: Records) -> None:
    one = Decimal(1)
    for gift in (
        Gift("car", one, "X", "why"),
        *(Gift("code", Decimal(bad), "X", "why") for bad in ("0", "-5", "0.001", "NaN")),
        Gift("code", one, " ", "why"),
        Gift("code", one, "X", " "),
    ):
        with pytest.raises(CrmError):
            generous.give_goodwill(7, gift, user="mia", now=NOW)
    assert generous.goodwill(7) == []


def test_two_who_give_at_once_stay_within_the_limit(generous: Records) -> None:
    def one(_: int) -> bool:
        try:
            give(generous, amount="20.00")
        except CrmError:
            return False
        return True

    with ThreadPoolExecutor(4) as people:
        assert sum(people.map(one, range(4))) == 1


def test_what_was_given_follows_the_customer_there_and_back(generous: Records) -> None:
    give(generous, key=2, amount="10.00")
    give(generous, key=1, amount="5.00")
    generous.move_customers([(2, 1)])
    assert (left(generous, key=1), left(generous, key=2)) == (Decimal(15), Decimal(30))
    generous.separate_customers([])
    assert (left(generous, key=1), left(generous, key=2)) == (Decimal(25), Decimal(20))
