"""Published order logs, imported by the command line: every page opens, and the first tells the sums
that plain SQL finds in the file."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from crm_core.text import t
from crm_core.ui.kpi import plain_value
from crm_core.ui.navigation import PAGES
from tests.app.conftest import Open
from tests.cli.conftest import command

pytestmark = pytest.mark.slow

#: A row of blanks and numbers: customer, customer of the sample, day, pieces, dollars.
CDNOW = """
  with rows as (select regexp_split_to_array(trim(said), '\\s+') as word
                from read_csv(?, columns = {'said': 'varchar'}, delim = '|', header = false))
  select row_number() over () as number, word[1] as buyer, strptime(word[3], '%Y%m%d')::date as day,
         word[5]::decimal(18, 2) as sales, null::decimal(18, 2) as profit
  from rows"""
#: A row an order line: what it brought and what of it was left, each line to the cent.
LINES = """
  select "Order ID" as number, "Customer ID" as buyer, "Order Date"::date as day,
         round("Sales"::decimal(18, 6), 2) as sales,
         round("Sales"::decimal(18, 6), 2)
           - round("Sales"::decimal(18, 6) - "Profit"::decimal(18, 6), 2) as profit
  from read_csv(?, all_varchar = true)"""
#: Net revenue, contribution, orders, buyers (each was new once), share of orders after the first.
CARDS = """
  select sum(sales), sum(profit), count(distinct number), count(distinct buyer),
         1 - count(distinct buyer) / count(distinct number)
  from ({rows}) where day <= ?"""
UNITS = {"net_revenue": "money", "contribution": "money", "orders": "count"}
UNITS |= {"new_buyers": "count", "repeat_share": "rate"}
LOGS = {"cdnow": CDNOW, "lines": LINES, "superstore": LINES}
HEADING = (
    "Row ID,Order ID,Order Date,Ship Date,Ship Mode,Customer ID,Customer Name,Segment,Country,City,"
    "State,Postal Code,Region,Product ID,Category,Sub-Category,Product Name,Sales,Quantity,Discount,"
    "Profit"
)


def order_lines(path: Path) -> Path:
    """A log headed like Sample Superstore: 60 people, 400 orders of one to three lines, two years."""
    random_ = random.Random(11)
    begin, rows = date(2024, 1, 1), []
    for number in range(400):
        day = begin + timedelta(days=number * 730 // 400)
        who = number if number < 60 else random_.randrange(60)
        for product in random_.sample(range(12), 1 + number % 3):
            sales = random_.randrange(500, 20_000)
            rows.append(
                (
                    len(rows) + 1, f"O-{number}", day, day + timedelta(3), "Second Class", f"C-{who}",
                    f"Buyer {who}", "Consumer", "Nowhere", "Port", "Coast", "01234",
                    ("West", "East")[who % 2], f"P-{product}", ("Tea", "Pots")[product % 2],
                    f"Kind {product % 4}", f"Thing {product}", f"{sales / 100:.2f}", 1 + number % 2, 0,
                    f"{sales // 4 / 100:.2f}",
                )
            )  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADING.split(","), *rows])
    return path


@dataclass(frozen=True)
class Log:
    """A published log, its file, and the name under which its store opens."""

    name: str
    file: Path


@pytest.fixture(scope="module", params=list(LOGS))
def log(
    request: pytest.FixtureRequest,
    shops: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Log:
    name, folder = str(request.param), tmp_path_factory.mktemp("log")
    if name == "lines":
        file = order_lines(folder / "orders.csv")
    else:
        file = request.getfixturevalue("cdnow_sample" if name == "cdnow" else name)
    var = folder / "var"
    store = f"duckdb:///{var / 'shop'}"
    said = command(var, "import", file, "--starts-with-shop", "--store", store, "--json")
    assert said.code == 0, said.err
    (var / "active").write_text("shop", encoding="utf-8")
    shops[name] = var
    return Log(name, file)


def test_the_first_page_tells_what_sql_finds_in_the_file(log: Log, open_page: Open) -> None:
    screen = open_page("overview", shop=log.name, period="all")
    assert not screen.failures
    session = screen.test.session_state["_session"]
    with duckdb.connect() as sql:
        found = sql.execute(
            CARDS.format(rows=LOGS[log.name]), [str(log.file), session.store.meta.as_of]
        ).fetchone()
    assert found is not None
    told = {metric.label: metric.value for metric in screen.test.metric}
    for (name, unit), value in zip(UNITS.items(), found, strict=True):
        number = None if value is None else float(value)  # CDNOW says nothing of costs
        expected = plain_value(session.write(number, unit))
        assert told[t(f"metric.{name}.label", "en")] == expected, name


@pytest.mark.parametrize("stem", [spec.stem for spec in PAGES])
def test_every_page_opens_on_it(stem: str, log: Log, open_page: Open) -> None:
    screen = open_page(stem, shop=log.name, warm=True)
    assert not screen.crashed, screen.failures
    assert screen.page == stem
    assert screen.keys_shown == []
    if stem != "customer":
        assert not screen.failures
