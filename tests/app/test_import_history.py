"""The Imports page tells what came in and takes it back; the Privacy page what is held."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.pipeline.imports import Wishes, run_import
from crm_core.store.imports import recognise
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen
from tests.small_shop import Rows, SmallShop, line, order, small_shop, write_rows


def orders(month: int) -> Rows:
    number = str(month)
    return {
        "orders": [order(number, f"c{month}", f"2026-0{month}-05T10:00:00")],
        "order_lines": [line(number, "tea", f"{month}0")],
    }


@pytest.fixture
def two(shops: dict[str, Path], tmp_path: Path) -> SmallShop:
    """A shop of two imports, whose originals are kept, open as `two`."""
    shop = small_shop(tmp_path)
    (shop.settings.var / "active").parent.mkdir(exist_ok=True)
    (shop.settings.var / "active").write_text("shop", encoding="utf-8")
    shops["two"] = shop.settings.var
    for month in (1, 2):
        run_import(
            recognise([write_rows(shop.folder / str(month), orders(month))]),
            url=shop.url,
            settings=shop.settings,
            records=shop.records,
            now=datetime.now(UTC),  # the page's jobs go by the clock
            wishes=Wishes(keep_originals=True),
        )
    return shop


def texts(screen: Screen) -> str:
    return "\n".join([*screen.words, *(str(table.value) for table in screen.test.table)])


@pytest.mark.slow
def test_what_came_in_is_told_kept_and_taken_back(open_page: Open, two: SmallShop) -> None:
    held = open_page("privacy", shop="two")
    assert not held.failures
    assert t("import_history.tables.orders", "en") in texts(held)
    uploads = held.test.dataframe[-1].value
    assert set(uploads["batch"]) == {1, 2}
    assert "manifest.json" in set(uploads["file"])
    screen = open_page("imports", shop="two")
    assert not screen.failures
    assert t("import_history.changed", "en", batch=2) in texts(screen)
    assert "€20" in texts(screen)
    log = screen.test.dataframe[-1].value
    assert list(log["state"]) == ["in the store"] * 2
    assert not [button for button in screen.test.button if button.key == "undo_run"]
    screen.test.selectbox(key="undo_batch").set_value(2).run()
    assert "the last to tell of 1 orders of 1 customers" in texts(Screen(screen.test))
    assert screen.test.button(key="undo_run").disabled
    screen.test.checkbox(key="undo_sure_2").check().run()
    screen.test.button(key="undo_run").click().run()
    after = Screen(screen.test)
    assert not after.failures
    assert list(after.test.dataframe[-1].value["state"]) == ["undone", "in the store"]
    store = two.open()
    assert len(store.fetch(store.table("orders"))) == 1
    store.close()
    assert sorted(path.name for path in (two.folder / "var/shop/uploads").iterdir()) == ["1"]


def test_the_demo_offers_no_undo(open_page: Open) -> None:
    screen = open_page("imports")
    assert not screen.failures
    assert not [box for box in screen.test.selectbox if box.key == "undo_batch"]


@pytest.mark.slow
def test_how_long_uploads_are_kept_is_the_shop_s_to_say(open_page: Open, two: SmallShop) -> None:
    screen = open_page("privacy", shop="two")
    screen.test.number_input(key="privacy_raw_uploads_days").set_value(0)
    label = t("privacy.save", "en")
    next(button for button in screen.test.button if button.label == label).click().run()
    assert two.records.shop_settings().raw_uploads_days == 0
    two.load(orders(3), name="third")
    assert not list((two.folder / "var/shop/uploads").iterdir())
