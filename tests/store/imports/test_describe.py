from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.store.imports import describe
from crm_core.text import t
from tests.store.imports.conftest import Staged


def test_the_report_counts_every_row_and_words_every_reason(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "1,2026-01-15,c,p,P,1,2.50", "2,2026-02-30,c,p,P,1,2.50", "3,2026-02-31,c,p,P,1,2.50"
    )
    result = staged(path, currency="EUR").result
    told = json.loads(json.dumps(describe(result)))
    assert told["rows"] == {"read": 3, "duplicate": 0, "quarantined": 2}
    assert told["reasons"] == {"import_bad_date": 2}
    assert set(told["totals"]) >= {"orders", "customers", "units", "gross", "refunds", "net"}
    assert told["examples"][0]["message"] == (
        "orders.csv, row 3, column Order Date: no date can be read. Write dates like 2026-03-31."
    )
    chinese = describe(result, language="zh")["examples"][0]["message"]
    assert chinese.startswith("orders.csv 第 3 行，Order Date 列")


def test_the_bill_is_told_with_its_words_and_remedies(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written("1,2026-01-15,c,p,P,1,2.50", "2,2026-02-30,c,p,P,1,1234.50")
    result = staged(path, currency="EUR").result
    bill = json.loads(json.dumps(describe(result)["quality"]))
    assert bill["rows"] == {"read": 2, "good": 1, "duplicate": 0, "quarantined": 1, "skipped": 0}
    assert (bill["totals"]["net"], bill["set_aside_money"], bill["adds_up"]) == (2.5, 1234.5, True)
    (found,) = bill["findings"]
    assert found["message"] == (
        "1 rows were set aside: no date can be read (50.0% of the rows; €1,234.50 where the amount "
        "can be read)."
    )
    assert found["examples"] == [{"file": "orders.csv", "row": 3, "column": "Order Date"}]
    assert t(found["remedy"], "en").startswith("Download the rows set aside")
    chinese = describe(result, language="zh")["quality"]["findings"][0]["message"]
    assert chinese.startswith("1 行已另存：")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_file_without_buyers_feeds_no_page_of_buyers(
    staged: Callable[..., Staged], written: Callable[..., Path], language: str
) -> None:
    told = describe(staged(written("1,2026-01-15,,p,P,1,2.50")).result)
    assert {told["feeds"][page] for page in ("segments", "value", "audiences", "forecast")} == {
        "no"
    }
    assert told["feeds"]["overview"] == told["feeds"]["costs"] == "part"
    assert {told["feed_reasons"][page] for page in ("segments", "audiences")} == {"no_buyer_key"}
    assert told["feed_details"]["overview"] == ["no_costs", "no_refunds"]
    for reasons in told["feed_details"].values():
        for reason in reasons:
            assert t(f"error_import.feed.{reason}", language)
            assert t(f"imports.why_not.{reason}", language)


def test_of_several_files_each_says_what_it_feeds(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    known = written("1,2026-01-15,c,p,P,1,2.50", name="known.csv")
    unknown = written("2,2026-01-15,,p,P,1,2.50", name="unknown.csv")
    told = describe(staged(known, unknown).result)
    assert told["feeds"]["customers"] == "part"
    assert [file["feeds"]["customers"] for file in told["files"]] == ["full", "no"]


def test_a_file_without_orders_says_what_it_adds_to(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    orders = written("1,2026-01-15,c,p,P,1,2.50")
    reviews = written(
        "v1,p,2026-01-20,5,Fine,c",
        header="review_id,product_id,reviewed_at,stars,body,customer_id", name="reviews.csv",
    )  # fmt: skip
    costs = written(
        "k1,2026-01-05,marketing,meta,12.30", header="cost_id,day,kind,source,amount",
        name="costs.csv",
    )  # fmt: skip
    alone = describe(staged(reviews, currency="EUR").result)
    assert alone["feeds"] == {}
    assert alone["feeds_with_orders"] == ["reviews", "review_queue"]
    told = describe(staged(orders, reviews, costs, currency="EUR").result)
    beside = {file["name"]: file["feeds_with_orders"] for file in told["files"]}
    assert beside == {
        "orders.csv": [],
        "reviews.csv": ["reviews", "review_queue"],
        "costs.csv": ["profit", "acquisition", "costs"],
    }
