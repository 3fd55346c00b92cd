"""What is bought together, from an import to the tables and the command line, in an odd shop."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from crm_core.models import Fitted
from crm_core.models.basket_rows import MOST_ITEMS, read_baskets
from crm_core.pipeline.basket_steps import TABLES
from crm_core.pipeline.jobs import predict
from crm_core.pipeline.score_steps import STEPS
from crm_core.pipeline.scores import refresh_scores
from tests.small_shop import Rows, line, order, small_shop


def odd_shop(largest: int, baskets: int = 120) -> Rows:
    """Ten products, two without a category, one renamed; one basket of many lines, many of one."""
    orders, lines = [], []
    for number in range(baskets):
        said = f"o{number:03d}"
        orders.append(order(said, f"c{number % 50}", f"2026-0{1 + number % 6}-10T10:00:00"))
        held = [f"p{number % 10}"] if number % 3 else ["p1", "p2", f"p{3 + number % 7}"]
        lines += [line(said, name, "10", unit_cost=4) for name in dict.fromkeys(held)]
    orders.append(order("huge", "c1", "2026-06-20T10:00:00"))
    lines.append(line("huge", "p1", "10", unit_cost=4))
    lines += [line("huge", f"x{number}", "1") for number in range(1, largest)]
    products = [
        {"product_id": f"p{n}", "product_name": f"Thing {n}", "category": None if n > 7 else f"k{n % 3}"}
        for n in range(10)
    ]  # fmt: skip
    return {"orders": orders, "order_lines": lines, "products": products}


@pytest.mark.parametrize("largest", [250, pytest.param(5_000, marks=pytest.mark.slow)])
def test_odd_baskets_are_counted_out_or_in_as_they_should(largest: int, tmp_path: Path) -> None:
    shop = small_shop(tmp_path, odd_shop(largest))
    renamed = [{"product_id": "p1", "product_name": "Another name", "category": "k1"}]
    shop.load({"products": renamed}, name="later")
    store = shop.open()
    sold = read_baskets(store, store.meta.as_of)
    products = sold.products
    assert (products.capped, products.largest) == (1, largest)
    assert len(products) == 120
    assert int(products.size.max()) <= MOST_ITEMS
    # A new name is no new product; what lies in the large order alone makes no pair possible.
    assert products.items.names == tuple(f"p{number}" for number in range(10))
    assert sold.levels == ("product", "category")
    categories = sold.at("category")
    assert categories.items.names == ("k0", "k1", "k2")
    assert len(categories) < len(products)  # orders of things without a category
    brought = products.counts * products.items.margin
    assert products.items.margin == pytest.approx([6.0] * 10)
    # What the large order brought is no category's.
    assert (categories.counts * categories.items.margin).sum() == pytest.approx(brought[:8].sum())
    store.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crm_core.pipeline.scores.STEPS", {"baskets": STEPS["baskets"]})
        refresh_scores(shop.url, settings=shop.settings)
    with closing(shop.open()) as scored:
        said = {name: scored.fetch(scored.table(name)) for name in TABLES}
        fitted = scored.fetch(scored.table("fitted"))["document"]
    assert "few_baskets" in Fitted.from_json(fitted.iloc[0]).warnings
    seen = said["baskets_seen"].set_index("level").loc["product"]
    assert (seen["capped_baskets"], seen["largest"]) == (1, largest)
    assert (seen["items"], seen["possible_pairs"]) == (10, 45)
    pair = said["pairs"].query("level == 'product' and a == 'p1' and b == 'p2'").iloc[0]
    assert (pair["kind"], pair["baskets_both"]) == ("together", 40)
    assert not np.isnan(pair["extra_margin"])  # costs are known
    # On the command line the scores of the model are its pairs, the surest first.
    rows = predict(shop.settings, shop.url, "baskets", customer=None)["rows"]
    assert len(rows) == len(said["pairs"])
    assert list(rows[0]) == list(said["pairs"].columns)
    shop.records.close()
