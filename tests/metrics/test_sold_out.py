"""What is sold out now: empty on the last day that tells of stock, unsold since, and missed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from crm_core.metrics.sold_out import sold_out
from tests.small_shop import NOW, Rows, day, line, order, small_shop

END = day("2026-06-29")


def test_an_empty_shelf_that_is_missed_is_told_since_when(tmp_path: Path) -> None:
    """Tea ran out nine days ago, cake sells although it counts none, soap hardly ever sold."""
    rows: Rows = {"orders": [], "order_lines": [], "products": [], "stock": []}
    rows["products"] = [
        {"product_id": name, "product_name": name} for name in ("tea", "cake", "soap")
    ]
    for back in range(70):
        when = END - timedelta(back)
        bought = ["cake"] if back < 9 else ["cake", "tea"]
        number = f"o{back}"
        rows["orders"].append(order(number, "ann", f"{when}T09:00:00"))
        rows["order_lines"] += [line(number, name, "10") for name in bought]
        empty = {"tea": back < 9, "cake": back < 20, "soap": back < 30}
        rows["stock"] += [
            {"product_id": name, "day": when, "on_hand": 0 if is_empty else 5}
            for name, is_empty in empty.items()
        ]
    store = small_shop(tmp_path, rows).open()
    (tea,) = sold_out(store, END)
    assert (tea.since, tea.until) == (END - timedelta(8), END)
    assert (tea.units, tea.money) == (1.0, 90.0)
    assert sold_out(store, END - timedelta(15)) == ()
    assert sold_out(store, END + timedelta(30)) == ()
    store.close()
    assert NOW.date() > END


def test_a_shop_without_stock_has_nothing_sold_out(tmp_path: Path) -> None:
    rows: Rows = {
        "orders": [order("1", "ann", "2026-06-01T10:00:00")],
        "order_lines": [line("1", "tea", "10")],
    }
    store = small_shop(tmp_path, rows).open()
    assert sold_out(store, END) == ()
    store.close()
