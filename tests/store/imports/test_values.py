from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from crm_core.errors import CrmError
from crm_core.store.imports.contract import Job
from crm_core.store.imports.staging import quote
from crm_core.store.imports.values import moment_layers, number
from crm_core.store.imports.ways import date_order, decimal_style


@pytest.mark.parametrize(
    ("text", "style", "value"),
    [
        ("12", "dot", 12),
        ("1234.50", "dot", 1234.5),
        ("1,234.50", "dot", 1234.5),
        ("12,34", "dot", None),
        ("1,23,456", "dot", 123456),
        ("₹ 12,34,567.50", "dot", 1234567.5),
        ("1,2,345", "dot", None),
        ("1 234,567", "dot", None),
        ("1'234.50", "dot", 1234.5),
        ("1\u2019234.50", "dot", 1234.5),
        ("\u22123.50", "dot", -3.5),
        ("\u2212$1,234.50", "dot", -1234.5),
        (".5", "dot", 0.5),
        ("-3.5", "dot", -3.5),
        ("(3.50)", "dot", -3.5),
        ("$ 3.50", "dot", 3.5),
        ("-$3.50", "dot", -3.5),
        ("3.50 USD", "dot", 3.5),
        ("¥39.90", "dot", 39.9),
        ("39.90元", "dot", 39.9),
        ("US$ 1,234.50", "dot", 1234.5),
        ("-R$3.50", "dot", -3.5),
        ("Rs. 500", "dot", 500),
        ("CHF12.50", "dot", 12.5),
        ("12.50EUR", "dot", 12.5),
        ("(US$3.50)", "dot", -3.5),
        ("10,00 kr", "comma", 10),
        ("12,50 zł", "comma", 12.5),
        ("12,50 Euro", "comma", 12.5),
        ("12€50", "dot", None),
        ("SKU12", "dot", None),
        ("1E+05", "dot", 100000),
        ("1 2", "dot", None),
        ("1.234,50", "dot", None),
        ("1.234,50", "comma", 1234.5),
        ("1 234,50 €", "comma", 1234.5),
        ("1\u202f234,50\u00a0€", "comma", 1234.5),
        ("1'234,50", "comma", 1234.5),
        ("12,5", "comma", 12.5),
        ("12.5", "comma", None),
        ("nan", "dot", None),
        ("Infinity", "dot", None),
        ("1e999", "dot", None),
        ("", "dot", None),
        ("-", "dot", None),
        ("abc", "dot", None),
    ],
)
def test_numbers_are_read_in_one_style_or_not_at_all(
    con: duckdb.DuckDBPyConnection, text: str, style: str, value: float | None
) -> None:
    row = con.execute(f"select {number('v', style)} from (select {quote(text)} as v)").fetchone()
    assert row is not None
    assert (None if row[0] is None else float(row[0])) == value


@pytest.mark.parametrize(
    ("text", "order", "utc"),
    [
        ("2026-01-05", "ymd", "2026-01-05 11:00:00"),
        ("20260105", "ymd", "2026-01-05 11:00:00"),
        ("2026/1/5 08:30", "ymd", "2026-01-05 07:30:00"),
        ("2026年1月5日 08:30", "ymd", "2026-01-05 07:30:00"),
        ("05.01.2026", "dmy", "2026-01-05 11:00:00"),
        ("05/01/26", "dmy", "2026-01-05 11:00:00"),
        ("01/05/2026 8:30 PM", "mdy", "2026-01-05 19:30:00"),
        ("01/05/2026 12:30 AM", "mdy", "2026-01-04 23:30:00"),
        ("2026-01-05 上午8:30", "ymd", "2026-01-05 07:30:00"),
        ("2026/1/5 下午8:30:15", "ymd", "2026-01-05 19:30:15"),
        ("2026-01-05 中午12:30", "ymd", "2026-01-05 11:30:00"),
        ("2026-01-05 中午11:30", "ymd", "2026-01-05 10:30:00"),
        ("2026年1月5日下午8:30", "ymd", "2026-01-05 19:30:00"),
        ("2026-01-05 晚上12:30", "ymd", None),
        ("2026-01-05 上午14:30", "ymd", None),
        ("2026-01-05 25:30 PM", "ymd", None),
        ("2026-01-05 下上8:30", "ymd", None),
        ("5 Jan 2026 EET", "ymd", "2026-01-05 11:00:00"),
        ("26-01-05", "ymd", "2026-01-05 11:00:00"),
        ("2026-01-05 08:30 EST", "ymd", "2026-01-05 13:30:00"),
        ("2026-07-05 08:30:15 CEST", "ymd", "2026-07-05 06:30:15"),
        ("Mar 1, 2026 12:05:11 AM PST", "ymd", "2026-03-01 08:05:11"),
        ("Mar 1, 2026 12:00:00 AM PST", "ymd", "2026-03-01 08:00:00"),
        ("Mar 1, 2026 12:05:11 AM", "ymd", "2026-02-28 23:05:11"),
        ("2026-01-05 08:30 CST", "ymd", None),
        ("2026-01-05T08:30:15.123Z", "ymd", "2026-01-05 08:30:15"),
        ("2026-01-05 08:30:15 +0530", "ymd", "2026-01-05 03:00:15"),
        ("2026-01-05T23:30:00-08:00", "ymd", "2026-01-06 07:30:00"),
        ("5 Jan 2026", "ymd", "2026-01-05 11:00:00"),
        ("Jan 5, 2026", "ymd", "2026-01-05 11:00:00"),
        ("2026-07-05 00:00:00", "ymd", "2026-07-04 22:00:00"),
        ("2026-02-30", "ymd", None),
        ("2026-13-01", "ymd", None),
        ("31/04/2026", "dmy", None),
        ("2026-01-05 24:10", "ymd", None),
        ("2026-01-05 noon", "ymd", None),
        ("45000", "ymd", None),
        ("1/2", "dmy", None),
        ("soon", "ymd", None),
    ],
)
def test_dates_are_read_in_one_order_or_not_at_all(
    con: duckdb.DuckDBPyConnection, text: str, order: str, utc: str | None
) -> None:
    assert _moment(con, text, order) == utc


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-29 02:30:00", "2026-03-29"),  # does not exist: clocks go forward
        ("2026-10-25 02:30:00", "2026-10-25"),  # exists twice
        ("2026-10-25 00:30:00", "2026-10-25"),
        ("2026-10-25T00:30:00+02:00", "2026-10-25"),
        ("2026-10-24T22:30:00Z", "2026-10-25"),
    ],
)
def test_the_day_is_the_shops_day_also_when_clocks_change(
    con: duckdb.DuckDBPyConnection, text: str, day: str
) -> None:
    utc = _moment(con, text, "ymd")
    row = con.execute(
        f"select timezone('Europe/Berlin', timezone('UTC', timestamp '{utc}'))::date::varchar"
    ).fetchone()
    assert row == (day,)


@pytest.mark.parametrize(
    ("values", "style"),
    [
        (["12.50", "1,200.00"], "dot"),
        (["12,50", "1.200,00"], "comma"),
        (["12,50", "12,75", "3.99"], "comma"),
        (["1200", "15"], "dot"),
        (["1.200", "12,50"], "comma"),
        (["0.125"], "dot"),
        (["1200.125"], "dot"),
        (["$1.5"], "dot"),
        (["1'234.50"], "dot"),
        (["1 234,50"], "comma"),
    ],
)
def test_a_file_has_one_decimal_style(
    con: duckdb.DuckDBPyConnection, values: list[str], style: str
) -> None:
    assert decimal_style(_job(con, values), {"c0": "Price"}, "f.csv") == style


@pytest.mark.parametrize("values", [["1.200"], ["1,200", "3,500"]])
def test_a_style_is_never_guessed(con: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    with pytest.raises(CrmError, match="import_ambiguous_numbers"):
        decimal_style(_job(con, values), {"c0": "Price"}, "f.csv")


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["2026-01-02"], "ymd"),
        (["2026-01-02", "31.31.2026"], "ymd"),
        (["01/02/2026", "13/02/2026"], "dmy"),
        (["01/02/2026", "02/13/2026"], "mdy"),
        (["13/02/2026"] * 30 + ["02/13/2026"], "dmy"),
        (["13/02/2026"] * 100 + ["05/03/24"], "dmy"),
        (["26年3月15日"], "ymd"),
        (["15.03.26", "31.03.26"], "dmy"),
        (["26-03-15", "26-03-31"], "ymd"),
        (["3/15/26", "3/16/26"], "mdy"),
        ([f"26-03-{day:02}" for day in range(1, 29)], "ymd"),
        ([f"26-03-{day:02}" for day in range(1, 29)] * 3 + ["62-01-15", "5-01-15"], "ymd"),
        ([f"26-03-{day:02}" for day in range(1, 29)] + ["15/01/2026"], "ymd"),
        ([f"{day:02}/12/26" for day in range(1, 20)] + ["05/01/27"], "dmy"),
        ([f"{day:02}/03/26" for day in range(1, 31)] + ["26年1月5日"], "dmy"),
        ([f"{day % 12 + 1:02}/{day:02}/25" for day in range(1, 29)] + ["12/31/99"], "mdy"),
        ([f"{day % 12 + 1:02}/{day:02}/25" for day in range(1, 29)] + ["01/05/27"], "mdy"),
    ],
)
def test_a_file_has_one_date_order(
    con: duckdb.DuckDBPyConnection, values: list[str], order: str
) -> None:
    assert date_order(_job(con, values), {"c0": "Date"}, "f.csv") == order


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (["01/02/2026"], "import_ambiguous_dates"),
        (["13/02/2026", "02/13/2026"], "import_ambiguous_dates"),
        (["26-03-15", "26-03-16"], "import_ambiguous_years"),
        (["26-03-15"] * 30, "import_ambiguous_years"),
        (["26/3/10", "26/3/25"], "import_ambiguous_years"),
        (["15/12/26", "20/12/26", "05/01/27"], "import_ambiguous_years"),
        (["15/03/05", "17/03/05", "22/03/05"], "import_ambiguous_years"),
        (
            [f"{year}-{month:02}-01" for year in (24, 25, 26) for month in (1, 11)],
            "import_ambiguous_years",
        ),
    ],
)
def test_an_order_is_never_guessed(
    con: duckdb.DuckDBPyConnection, values: list[str], code: str
) -> None:
    with pytest.raises(CrmError, match=code):
        date_order(_job(con, values), {"c0": "Date"}, "f.csv")


def _job(con: duckdb.DuckDBPyConnection, values: list[str]) -> Job:
    con.execute(
        "create or replace temp table import_raw as select 2 as source_row, "
        "unnest(?::varchar[]) as c0",
        [values],
    )
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return Job(con, Path(), now, None, "UTC", lambda _step, _share: None)


def _moment(con: duckdb.DuckDBPyConnection, text: str, order: str) -> str | None:
    query = f"select {quote(text)} as v"
    for layer in moment_layers("at_time", "v", order, "Europe/Berlin"):
        added = ", ".join(f"{expression} as {alias}" for alias, expression in layer.items())
        query = f"select *, {added} from ({query})"
    row = con.execute(f"select at_time::varchar from ({query})").fetchone()
    return row[0] if row else None
