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


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_file_without_buyers_feeds_no_page_of_buyers(
    staged: Callable[..., Staged], written: Callable[..., Path], language: str
) -> None:
    told = describe(staged(written("1,2026-01-15,,p,P,1,2.50")).result)
    assert told["feeds"]["segments"] == "no"
    assert told["feeds"]["forecast"] == "part"
    assert {told["feed_reasons"][page] for page in ("segments", "audiences")} == {"no_buyer_key"}
    for reason in told["feed_reasons"].values():
        assert t(f"error_import.feed.{reason}", language)


def test_a_file_with_all_feeds_every_page(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "1,2026-01-15,c,c@shop.example,p,1,2.50,1.00",
        "2,2026-05-15,c,c@shop.example,p,1,2.50,1.00",
        header="Order ID,Date,Customer ID,Email,SKU,Quantity,Price,Unit cost",
    )
    assert set(describe(staged(path).result)["feeds"].values()) == {"full"}
