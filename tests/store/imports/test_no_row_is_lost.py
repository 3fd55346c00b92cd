"""Whatever a file holds: good rows load, each other row has a reason, none is both or neither."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.store.imports import Mapping, StageResult, recognise, stage
from tests.examples import examples
from tests.store.imports.conftest import NOW

HEADER = ["Order", "Date", "Customer", "Item", "Quantity", "Price"]
MAPPING = Mapping(
    columns={
        "order_id": "Order", "ordered_at": "Date", "customer_id": "Customer",
        "product_name": "Item", "quantity": "Quantity", "amount": "Price",
    },
    amount_is="unit_price",
    date_order="ymd",
    decimal="dot",
    encoding="utf-8",
)  # fmt: skip
WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2400\ufffd\ufeff"),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip(" \t\r\n\u00a0\u3000'") != "")
GOOD = st.tuples(
    WORDS,
    st.dates(date(1990, 1, 1), date(2026, 11, 22)).map(str),
    WORDS | st.just(""),
    WORDS | st.just("two\nlines") | st.just('6" pipe, short'),
    st.integers(1, 1000).map(str),
    st.decimals(0, 10_000, places=2).map(str),
)
SPOILED = st.tuples(
    GOOD,
    st.sampled_from(
        [(0, ""), (1, "2026-02-30"), (1, "x"), (1, ""), (3, ""), (4, "1.5"), (4, "-"), (4, ""),
         (5, "NaN"), (5, "inf"), (5, "1e999"), (5, "1.234,50"), (5, "-1.00"), (5, "")]
    ),
)  # fmt: skip
RAGGED = st.tuples(GOOD, st.sampled_from(["short", "long"]))


def _spoil(given_row: tuple[tuple[str, ...], tuple[int, str]]) -> list[str]:
    row, (place, value) = given_row
    return [*row[:place], value, *row[place + 1 :]]


def _rag(given_row: tuple[tuple[str, ...], str]) -> list[str]:
    row, how = given_row
    return list(row[:-1]) if how == "short" else [*row, "extra"]


ROWS = st.lists(
    st.one_of(
        st.tuples(st.just(True), GOOD.map(list)),
        st.tuples(st.just(False), SPOILED.map(_spoil)),
        st.tuples(st.just(False), RAGGED.map(_rag)),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=examples(8), deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, end=st.sampled_from(["\n", "\r\n"]))
def test_good_rows_load_and_bad_rows_have_reasons(
    rows: list[tuple[bool, list[str]]], end: str, tmp_path: Path
) -> None:
    path = tmp_path / "messy.csv"
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    writer.writerows(row for _, row in rows)
    path.write_bytes(text.getvalue().encode())
    with duckdb.connect(config={"threads": 1}) as con:
        result = stage(
            con,
            recognise([path], mapping=MAPPING),
            currency="EUR",
            timezone="Europe/Berlin",
            now=NOW,
            progress=lambda _step, _share: None,
        )
        bad = {n for n, (good, _) in enumerate(rows, 2) if not good}
        found = con.execute("select source_row, reason from staging.quarantine").fetchall()
        lines = (
            con.execute("select source_row from staging.order_lines").fetchall()
            if "order_lines" in result.good
            else []
        )
    assert {row for row, _ in found} == bad
    assert len(found) == len(bad)
    assert all(reason for _, reason in found)
    assert {row for (row,) in lines} == {n for n, (good, _) in enumerate(rows, 2) if good}
    assert result.rows_read == len(rows)
    assert sum(result.reasons.values()) == result.quarantined == len(bad)


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_words(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(b"Order,Date,Customer,Item,Quantity,Price\n" + content)
    outcome = _outcome(path)
    assert isinstance(outcome, StageResult) or outcome.startswith("import_")


def _outcome(path: Path) -> StageResult | str:
    """The result, or the code of the refusal; anything else is a failure of the test."""
    with duckdb.connect(config={"threads": 1}) as con:
        try:
            return stage(
                con,
                recognise([path]),
                currency=None,
                timezone=None,
                now=NOW,
                progress=lambda _step, _share: None,
            )
        except CrmError as refusal:
            return refusal.code
