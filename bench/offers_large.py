"""Offers for every customer of a large shop in one job: CPU seconds, wall seconds and peak memory.

The shop is invented: `--customers` with ten orders each on average, three lines an order, of
`--products` products whose popularity falls by rank (Zipf) and of which each customer has ten
favourites. Only the step that makes the offers is run, in a process of its own.
`python -m bench.offers_large --customers 100000 1000000`
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from bench._clock import ROOT, row
from bench.refresh_scores import make_shop
from crm_core.pipeline import scores
from crm_core.pipeline.score_steps import STEPS
from crm_core.settings import Settings
from crm_core.store import engine_of

MEMORY_MB, THREADS = 1_500, 2
_LEDGER = """
    'sale' AS entry, day, day AS known_on, day + INTERVAL 12 HOUR AS at, who AS customer_key,
    who * 1000 + n AS order_key, product AS product_key, line::VARCHAR AS line_id,
    'c' || product % 100 AS category, NULL::VARCHAR AS subcategory, 'web' AS sales_channel,
    NULL::VARCHAR AS shop, NULL::VARCHAR AS region, NULL::VARCHAR AS acquisition_source,
    n AS order_no, n = 1 AS is_new, 1 AS units, 10.00 AS gross, 0 AS discount, 0 AS refund,
    5.00 AS goods_cost, 0 AS shipping_income, 0 AS shipping_cost, 0 AS fees, 0 AS service_cost,
    0 AS marketing_cost
"""


def invent(shop: Path, customers: int, products: int) -> None:
    """Puts so many customers and products into a shop's facts in place of its own."""
    facts = json.loads((shop / "current.json").read_text(encoding="utf-8"))["facts"]
    with duckdb.connect(str(shop / facts)) as con:
        con.execute(f"SET threads = {THREADS}; SET memory_limit = '6GB'; SELECT setseed(.7)")
        last = con.execute("SELECT value::DATE FROM meta WHERE key = 'as_of'").fetchone()
        for table in ("ledger", "ledger_by_day", "customer_days", "product_facts", "stock"):
            con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM {table} LIMIT 0")
        con.execute(
            f"""
            INSERT INTO product_facts BY NAME
            SELECT i AS product_key, 'p' || i AS product_id, 'Product ' || i AS product_name,
                   'c' || i % 100 AS category FROM range(1, {products + 1}) t(i)
            """
        )
        con.execute(
            f"""
            CREATE TEMP TABLE drawn AS
            SELECT who, n, line, DATE '{last[0] if last else ""}' - (random() * 720)::INT AS some_day,
                   greatest(least(pow({products}, random()), {products}), 1)::BIGINT AS any_product,
                   (random() * 9)::INT AS favourite, random() < .6 AS is_favourite
            FROM range(1, {customers + 1}) c(who), range(1, 20) o(n), range(1, 6) l(line)
            WHERE n <= 1 + hash(who) % 19 AND random() < .6
            """
        )
        con.execute(
            f"""
            INSERT INTO ledger BY NAME SELECT {_LEDGER} FROM (
                SELECT who, n, line, first_value(some_day) OVER (PARTITION BY who, n ORDER BY line) AS day,
                       CASE WHEN is_favourite THEN pow({products},
                           hash(who * 16 + favourite) % 100000 / 100000.0)::BIGINT
                       ELSE any_product END AS product
                FROM drawn) ORDER BY who, n
            """
        )
        con.execute("DROP TABLE drawn")
        con.execute(
            """
            INSERT INTO customer_days SELECT customer_key, day, 1, sum(gross) FROM ledger GROUP BY 1, 2
            ORDER BY 1, 2
            """
        )


def measured(shop: Path) -> dict[str, float]:
    """What the step takes in this process."""
    settings = Settings(var=shop / "var", memory_limit_mb=MEMORY_MB, threads=THREADS)
    scores.STEPS = {"next_offer": STEPS["next_offer"]}
    began, spent = time.perf_counter(), time.process_time()
    scores.refresh_scores(f"duckdb:///{shop}", settings=settings)
    found = {"wall s": time.perf_counter() - began, "CPU s": time.process_time() - spent}
    found["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    store = engine_of(f"duckdb:///{shop}", settings).open()
    for name in ("ledger", "customer_days", "offers_again", "offers_new"):
        found[name] = float(
            store.fetch(store.table(name).count().name("n").as_table())["n"].iloc[0]
        )
    people = store.table("customer_days").customer_key.nunique().name("n").as_table()
    found["customers"] = float(store.fetch(people)["n"].iloc[0])
    store.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--store", type=Path, help="a shop made before, to take the form of")
    parser.add_argument("--folder", type=Path, help="where to work; it is emptied afterwards")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measured(given.measure)))
        return 0
    for customers in given.customers:
        with tempfile.TemporaryDirectory(prefix="offers-", dir=given.folder) as folder:
            shop = Path(folder) / "shop"
            if given.store:
                shutil.copytree(given.store, shop)
            else:
                make_shop(shop, 300)
            invent(shop, customers, given.products)
            done = subprocess.run(
                [sys.executable, "-m", "bench.offers_large", "--measure", str(shop)],
                cwd=ROOT, stdout=subprocess.PIPE, check=True,
            )  # fmt: skip
            found = json.loads(done.stdout.splitlines()[-1])
            for name, value in found.items():
                row(name, value)
            row("CPU s a million", found["CPU s"] / found["customers"] * 1e6)
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
