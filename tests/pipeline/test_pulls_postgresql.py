"""A shop's PostgreSQL whose tables are called like ours is read, and read on from where it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.pipeline.imports import Wishes
from crm_core.pipeline.pulls import find_source, pull
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store.postgres_link import parts_of
from tests.servers.postgresql import Server
from tests.small_shop import SmallShop, small_shop

pytestmark = pytest.mark.xdist_group("postgres")

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
BERLIN = Wishes(timezone="Europe/Berlin", starts_with_shop=True)
NUMBERS = ("gross_sales", "discounts", "refunds", "net_revenue", "orders", "buyers", "units")

_SHOP = """
create table products (product_id text primary key, product_name text, category text,
  unit_cost numeric(12,4), secret_margin numeric, updated_at timestamptz);
create table customers (customer_id bigint primary key, name text, email varchar(200), updated_at timestamptz);
create table orders (order_id bigint primary key, customer_id bigint, ordered_at timestamptz not null,
  status text, sales_channel text, shipping_income numeric(12,2), currency char(3), updated_at timestamptz not null);
create table order_lines (order_id bigint, line_id int, product_id text, quantity int, unit_price numeric(12,2),
  discount numeric(12,2), updated_at timestamptz, primary key (order_id, line_id));
create view refunds as select 'r1'::text refund_id, 100::bigint order_id, 1 line_id,
  timestamptz '2026-03-05 09:00+01' refunded_at, 2.50::numeric amount, 1 quantity;
create table users (id int, password text);
insert into products values ('tea', 'Grüner Tee, "fein"', 'Tea', 4.25, 99, null), ('cup', '茶杯', 'Cups', null, 1, '2026-01-05');
insert into customers values (1, 'Ann Lee', 'ann@mail.example', '2026-01-05'), (2, 'Bo', 'bo@mail.example', '2026-01-06');
insert into orders values
  (100, 1, '2026-02-01 23:30+00', 'completed', 'web', 4.90, 'EUR', '2026-02-02 08:00+00'),
  (101, 2, '2026-03-01 10:00+01', 'completed', 'web', null, 'EUR', '2026-03-01 10:05+00');
insert into order_lines values (100, 1, 'tea', 2, 12.50, 2.50, '2026-02-02 08:00+00'),
  (100, 2, 'cup', 1, 10, null, null), (101, 1, 'cup', 1, 10, null, '2026-03-01 10:05+00');
"""


class Shop:
    """The shop's database, the store that follows it, and where the admin wrote it down."""

    def __init__(self, database: str, port: int, folder: Path) -> None:
        self._database = database
        self.store: SmallShop = small_shop(folder)
        name = parts_of(database)["dbname"]
        self.sources = folder / "sources.toml"
        self.write(f"postgresql://reader:hunter2@127.0.0.1:{port}/{name}")
        self.settings = Settings(
            var=self.store.settings.var, sources=self.sources, source_hosts=(f"127.0.0.1:{port}",)
        )
        self.told: list[tuple[str, float]] = []

    def write(self, url: str) -> None:
        self.sources.write_text(f'[sources.till]\nkind = "postgres"\nurl = "{url}"\n', "utf-8")

    def run(self, *statements: str) -> None:
        with psycopg.connect("", **parts_of(self._database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def pull(self, **more: Any) -> dict[str, Any]:
        return pull(
            find_source(self.settings, "till"),
            url=self.store.url,
            settings=self.settings,
            records=self.store.records,
            user="test",
            now=NOW,
            progress=lambda step, share: self.told.append((step, share)),
            **{"wishes": BERLIN, **more},
        )

    def numbers(self) -> dict[str, float | None]:
        found = self.store.open()
        return measure(found, NUMBERS, rows=scope(found, Selection())).totals


@pytest.fixture(scope="module")
def port(postgres: Server) -> Iterator[int]:
    postgres.run("CREATE ROLE reader LOGIN")
    with postgres.listening() as port:
        yield port
    postgres.run("DROP ROLE reader")


@pytest.fixture
def shop(database: str, port: int, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(database, port, tmp_path)
    shop.run(_SHOP, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    shop.run("REVOKE ALL ON users FROM reader")
    yield shop
    shop.run("DROP OWNED BY reader")


@pytest.mark.slow
def test_everything_comes_in_the_first_time_and_only_news_after_it(shop: Shop) -> None:
    report = shop.pull()
    assert report["source_rows"] == {
        "customers": 2, "products": 2, "order_lines": 3, "refunds": 1,
    }  # fmt: skip
    assert (report["batch"], report["rows"]["quarantined"]) == (1, 0)
    assert shop.numbers() == {
        "gross_sales": 45.0, "discounts": 2.5, "refunds": 2.5, "net_revenue": 40.0,
        "orders": 2.0, "buyers": 2.0, "units": 4.0,
    }  # fmt: skip
    store = shop.store.open()
    orders = store.fetch(store.table("orders").order_by("order_id"))
    # Half past eleven in the evening, UTC, is the next day in Berlin.
    assert [str(day.date()) for day in orders["day"]] == ["2026-02-02", "2026-03-01"]
    products = store.fetch(store.table("products").order_by("product_id"))
    assert list(products["product_name"]) == ["茶杯", 'Grüner Tee, "fein"']
    reading = [share for step, share in shop.told if step == "source"]
    assert reading == sorted(reading)
    assert (reading[0], reading[-1], len(reading)) == (0.0, 1.0, 5)
    assert "publish" in dict(shop.told)

    before = shop.numbers()
    again = shop.pull()
    assert again["batch"] is None, again["loaded"]
    # The latest of each, rows that never say when they changed, and a view that cannot.
    assert again["source_rows"] == {
        "customers": 1, "products": 2, "order_lines": 3, "refunds": 1,
    }  # fmt: skip
    assert shop.numbers() == before
    assert shop.pull(everything=True)["source_rows"]["order_lines"] == 3

    shop.run(
        "insert into orders values (102, 1, '2026-03-20 10:00+01', 'completed', 'app', 0, 'EUR', '2026-03-20 09:01+00')",
        "insert into order_lines values (102, 1, 'tea', 3, 12.50, 0, '2026-03-20 09:01+00')",
        "update orders set status = 'cancelled', updated_at = '2026-03-21' where order_id = 101",
    )
    news = shop.pull()
    assert (news["batch"], news["source_rows"]["order_lines"]) == (2, 4)
    after = shop.numbers()
    assert (after["orders"], after["gross_sales"], after["units"]) == (2.0, 72.5, 6.0)


def test_only_a_host_that_the_admin_named_is_asked(shop: Shop) -> None:
    good = shop.sources.read_text("utf-8")
    for old, new, code in (
        ("127.0.0.1", "localhost", "source_host"),
        ("127.0.0.1:", "127.0.0.1:1", "source_host"),
        ("reader:", "stranger:", "source_unreachable"),
        ('"postgres"', '"woocommerce"', "source_dialect"),
    ):
        shop.sources.write_text(good.replace(old, new, 1), "utf-8")
        with pytest.raises(CrmError, match=code) as failure:
            shop.pull()
        assert "hunter2" not in str(failure.value)
    assert shop.told == []


def test_what_a_pull_finds_wrong_changes_nothing(shop: Shop) -> None:
    shop.run("REVOKE SELECT ON order_lines FROM reader")
    with pytest.raises(CrmError, match="source_query") as failure:
        shop.pull()
    assert failure.value.facts["name"] == "order_lines"
    assert shop.store.records.source_marks("till") == {}
    shop.run("DROP TABLE orders, order_lines, products, customers; DROP VIEW refunds")
    with pytest.raises(CrmError, match="source_no_tables"):
        shop.pull()
