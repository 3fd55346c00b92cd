"""The rule book is kept version by version; each saving can be taken back; nothing odd gets in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.records import OfferBook, OfferRule, Records, open_records
from tests.records.conftest import NOW

OFTEN = {"field": "orders", "operator": ">=", "value": 3}
TEA = OfferRule("Tea again", {"all": [OFTEN]}, "buy_again", "email", most_people=500)
PEACE = OfferRule("Peace", {"all": []}, "nothing", "all")
BY: dict[str, Any] = {"user": "mia", "now": NOW}


def named(book: OfferBook) -> list[tuple[int, str]]:
    return [(each.id, each.name) for each in book.rules]


def test_every_saving_is_a_version_and_can_be_taken_back(records: Records) -> None:
    assert records.offer_book() == OfferBook()
    one = records.save_offer_book(OfferBook((TEA,)), change="added", about="Tea again", **BY)
    assert (one.version, one.change, one.saved_by, one.saved_at) == (1, "added", "mia", NOW)
    two = records.save_offer_book(replace(one, rules=(PEACE, *one.rules)), change="added", **BY)
    assert named(two) == [(2, "Peace"), (1, "Tea again")]
    with pytest.raises(CrmError, match="offer_book_changed"):
        records.save_offer_book(replace(one, most_offers=3), change="caps", **BY)
    three = records.restore_offer_book(1, instead_of=2, **BY)
    assert (three.version, three.change, three.about) == (3, "restored", "1")
    assert (named(three), three.rules) == ([(1, "Tea again")], one.rules)
    four = records.save_offer_book(
        replace(three, rules=(*three.rules, PEACE)), change="added", **BY
    )
    assert named(four) == [(1, "Tea again"), (3, "Peace")]  # a number is never given twice
    with pytest.raises(CrmError, match="offer_book_changed"):  # what was seen is not the last
        records.restore_offer_book(2, instead_of=3, **BY)
    assert records.restore_offer_book(0, instead_of=4, **BY).rules == ()
    assert [each.version for each in records.offer_books()] == [5, 4, 3, 2, 1]
    with pytest.raises(CrmError, match="offer_book_unknown"):
        records.restore_offer_book(9, instead_of=5, **BY)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"action": "gift"}, "offer_rule_invalid"),
        ({"action": "coupon"}, "offer_rule_invalid"),
        ({"action": "message", "what": "x" * 501}, "offer_rule_invalid"),
        ({"contact_channel": "all"}, "records_channel_unknown"),
        ({"most_people": 0}, "offer_rule_invalid"),
        ({"again_days": 0}, "offer_rule_invalid"),
        ({"name": " "}, "records_name_invalid"),
        ({"rule": {"value": float("nan")}}, "records_rule_invalid"),
    ],
)
def test_what_is_no_rule_is_refused(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(CrmError, match=code):
        OfferBook((replace(TEA, **wrong),)).checked()


def test_a_book_has_each_name_once_and_sensible_caps() -> None:
    with pytest.raises(CrmError, match="records_name_taken"):
        OfferBook((TEA, replace(PEACE, name="TEA AGAIN"))).checked()
    with pytest.raises(CrmError, match="offer_book_invalid"):
        OfferBook((TEA,), most_offers=0).checked()
    with pytest.raises(CrmError, match="offer_rules_many"):
        OfferBook(tuple(replace(TEA, name=str(n)) for n in range(101))).checked()
    assert OfferBook((TEA, PEACE)).rule("tea AGAIN") == TEA
    with pytest.raises(CrmError, match="offer_rule_unknown"):
        OfferBook().rule("Tea again")


def test_the_engine_sees_the_rules_in_their_order(tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{tmp_path}/records.db")
    before = records.decisions_revision()
    records.save_offer_book(OfferBook((PEACE, TEA), most_offers=1), change="file", **BY)
    assert records.decisions_revision() > before
    rows = records.mirror().tables["offer_rules"].to_pylist()
    assert [(row["place"], row["number"], row["name"]) for row in rows] == [
        (0, 1, "Peace"),
        (1, 2, "Tea again"),
    ]
    assert json.loads(rows[1]["rule"]) == {"all": [OFTEN]}
    assert (rows[1]["most_people"], rows[1]["most_offers"]) == (500, 1)
    records.close()
