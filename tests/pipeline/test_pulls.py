"""A shop's own database, on a real server, becomes the shop's store and stays in step with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.pipeline.imports import Wishes
from crm_core.pipeline.pulls import find_source, pull
from crm_core.selection import Selection
from crm_core.settings import Settings
from tests.servers.mariadb import MariaDb, mariadb
from tests.small_shop import SmallShop, small_shop
from tests.store.sources import woocommerce

pytestmark = pytest.mark.xdist_group("mariadb")  # one server, not one a worker

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
BERLIN = Wishes(timezone="Europe/Berlin", starts_with_shop=True)
NUMBERS = (
    "gross_sales",
    "discounts",
    "net_revenue",
    "refunds",
    "orders",
    "buyers",
    "shipping_income",
)


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb() as running:
        woocommerce.fill(running.owner)
        yield running


class Shop:
    """A store, and the file in which the admin wrote its source down."""

    def __init__(self, folder: Path, url: str, port: int) -> None:
        self.store: SmallShop = small_shop(folder)
        sources = folder / "sources.toml"
        sources.write_text(f'[sources.web]\nkind = "woocommerce"\nurl = "{url}"\n', "utf-8")
        self.settings = Settings(
            var=self.store.settings.var, sources=sources, source_hosts=(f"127.0.0.1:{port}",)
        )

    def pull(self, **more: Any) -> dict[str, Any]:
        return pull(
            find_source(self.settings, "web"),
            url=self.store.url,
            settings=self.settings,
            records=self.store.records,
            user="test",
            now=NOW,
            **{"wishes": BERLIN, **more},
        )

    def numbers(self) -> dict[str, float | None]:
        found = self.store.open()
        return measure(found, NUMBERS, rows=scope(found, Selection())).totals


@pytest.fixture
def shop(server: MariaDb, tmp_path: Path) -> Shop:
    return Shop(tmp_path, server.url, server.port)


@pytest.mark.slow
def test_a_woocommerce_shop_comes_in_with_its_money_and_people(shop: Shop) -> None:
    report = shop.pull()
    assert report["source_rows"] == {"products": 2, "customers": 2, "orders": 3, "refunds": 1}
    assert report["rows"]["quarantined"] == 0
    assert shop.numbers() == {
        "gross_sales": 45.0, "discounts": 2.5, "refunds": 10.0, "net_revenue": 32.5,
        "orders": 2.0, "buyers": 2.0, "shipping_income": 8.9,
    }  # fmt: skip
    store = shop.store.open()
    orders = store.fetch(store.table("orders").order_by("order_id"))
    # Half past eleven in the evening, UTC, is the next day in Berlin.
    assert [str(day.date()) for day in orders["day"]] == ["2026-02-02", "2026-03-01"]
    assert list(orders["coupon_code"].fillna("")) == ["SPRING", ""]
    products = store.fetch(store.table("products").order_by("product_id"))
    assert list(products["product_name"]) == ["绿茶 500g", 'Tasse "groß"']
    assert list(products["category"]) == ["Tea", "Cups"]


@pytest.mark.slow
def test_pulled_again_nothing_changes_and_only_news_is_asked(shop: Shop) -> None:
    shop.pull()
    before = shop.numbers()
    again = shop.pull()
    assert again["batch"] is None, again["loaded"]
    # Of each only the latest, which is within the minutes that are read twice.
    assert again["source_rows"] == {"products": 2, "customers": 1, "orders": 1, "refunds": 1}
    assert shop.numbers() == before
    whole = shop.pull(everything=True)
    assert (whole["batch"], whole["source_rows"]["orders"]) == (None, 3)


@pytest.mark.slow
def test_a_changed_order_is_replaced_and_a_new_one_added(shop: Shop, server: MariaDb) -> None:
    shop.pull()
    woocommerce.run(server.owner, """
        insert into wp_wc_orders values (103, 'wc-completed', 'EUR', 'shop_order', 0, 10, 0,
          'bo@mail.example', '2026-03-20 10:00:00', '2026-03-20 10:00:00', 0, 'paypal');
        insert into wp_wc_order_product_lookup values (5, 103, 11, 0, 2, '2026-03-20 11:00:00', 1, 10, 10, 0, 0);
        insert into wp_woocommerce_order_items values (5, 'Tasse', 'line_item', 103);
        update wp_wc_orders set status = 'wc-cancelled', date_updated_gmt = '2026-03-21 10:00:00' where id = 101
    """)  # fmt: skip
    try:
        report = shop.pull()
        assert report["source_rows"]["orders"] == 2
        numbers = shop.numbers()
        assert (numbers["orders"], numbers["gross_sales"]) == (2.0, 45.0)
    finally:
        woocommerce.run(server.owner, """
            delete from wp_wc_orders where id = 103;
            delete from wp_wc_order_product_lookup where order_id = 103;
            delete from wp_woocommerce_order_items where order_id = 103;
            update wp_wc_orders set status = 'wc-processing', date_updated_gmt = '2026-03-01 10:05:00' where id = 101
        """)  # fmt: skip


@pytest.mark.slow
def test_a_dry_run_moves_no_mark(shop: Shop) -> None:
    shop.pull(wishes=Wishes(timezone="Europe/Berlin", dry_run=True))
    assert shop.store.records.source_marks("web") == {}
    assert shop.pull()["batch"] == 1


def test_failures_tell_the_source_and_never_its_address(shop: Shop, server: MariaDb) -> None:
    for old, new, code in (
        (f":{server.port}/", ":1/", "source_host"),
        ("reader:", "reader:wrong", "source_refused"),
        ("woocommerce", "postgres", "source_dialect"),
        ("[sources.web]", "[sources.shop]", "source_unknown"),
    ):
        path = shop.settings.sources
        assert path is not None
        good = path.read_text("utf-8")
        path.write_text(good.replace(old, new), "utf-8")
        with pytest.raises(CrmError, match=code) as failure:
            shop.pull()
        assert server.url.split(":")[2].split("@")[0] not in str(failure.value)
        path.write_text(good, "utf-8")


def test_the_server_is_asked_in_a_transaction_that_cannot_write(shop: Shop, tmp_path: Path) -> None:
    path = shop.settings.sources
    assert path is not None
    (path.parent / "mine.toml").write_text(
        '[[table]]\nname = "stock"\nbecomes = "stock"\nsql = "delete from wp_posts"\n', "utf-8"
    )
    path.write_text(
        path.read_text("utf-8").replace('kind = "woocommerce"', 'definition = "mine.toml"')
    )
    with pytest.raises(CrmError, match="source_query"):
        shop.pull()
