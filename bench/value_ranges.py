"""How well ranges hold what comes, how the demo's planted values are found, and the cost of refits.

Totals: 80 % ranges of the next 13 weeks, as the value page makes them, on CDNOW from eight fixed
days and on invented shops of 1,000 customers; beside a range that knows the errors of the past
alone. Customers: what came over what was expected in tenths of what was expected, and whether
what came falls evenly into what was drawn. Planted: the demo's customers by the value to expect.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from bench._clock import command, cpu, row
from bench.published_logs import installed
from bench.value_backtest import cdnow, table, tenths
from crm_core.demo.block import make_block
from crm_core.demo.calendar import make_calendar
from crm_core.demo.checkout import CANCELLED_STATE, PENDING, TEST_STATE
from crm_core.demo.generate import END_DAY
from crm_core.demo.parameters import ACQUISITION, PROCESS, Source
from crm_core.models import bg_nbd, measures
from crm_core.models.base import Fitted
from crm_core.models.intervals import FITS, bootstrap
from crm_core.models.order_models import order_model
from crm_core.models.snapshots import read_snapshot
from crm_core.models.triples import Triples, read_triples
from crm_core.models.value_choice import choose
from crm_core.models.value_pieces import Refits
from crm_core.settings import Settings
from crm_core.store import Build
from crm_core.store.connection import connect, limits

DAYS = 91
WEEKS = (26, 31, 37, 42, 48, 53, 59, 65)
FIRST = date(1997, 1, 1)
SHOPS = range(30)


@contextmanager
def log_of(rows: pa.Table) -> Iterator[Build]:
    with tempfile.TemporaryDirectory() as folder:
        root = connect()
        limits(root, Settings(var=Path(folder), memory_limit_mb=1_000, threads=1))
        root.execute(f"ATTACH '{folder}/log.duckdb' AS facts")
        build = Build(root, "facts")
        build.upload("customer_days", rows)
        yield build
        build.close()


def refits() -> None:
    """CPU seconds of 200 fits of BG/NBD on the CDNOW sample."""
    text = Path(installed("lifetimes", "lifetimes/datasets/CDNOW_sample.txt")).read_text()
    end = date(1997, 9, 30)
    bought: dict[int, set[date]] = {}
    for line in text.splitlines():
        _, who, day, *_ = line.split()
        when = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        if when <= end:
            bought.setdefault(int(who), set()).add(when)
    told = [(len(d) - 1, (max(d) - min(d)).days, (end - min(d)).days) for d in bought.values()]
    triples = Triples.of(*np.array(told).T)
    fitted = bg_nbd.fit_triples(triples, as_of=end)
    seconds = cpu(lambda: bootstrap(fitted, triples, seed=1))
    row(f"{FITS} fits, CDNOW sample", f"{seconds:.2f} CPU s", "asked", "< 2")


def invented(seed: int, people: int = 1_000) -> pa.Table:
    """Purchase days of an invented shop, people as they are."""
    block = make_block(seed, 0, people, make_calendar(30, END_DAY))
    orders, status = block.orders, block.checkout.status
    kept = (orders.person >= 0) & ~np.isin(status, (PENDING, CANCELLED_STATE, TEST_STATE))
    kept &= block.people.usual[orders.person]
    first = np.datetime64(END_DAY) - (block.calendar.days - 1)
    frame = pa.table({"who": orders.person[kept], "day": first + orders.day[kept]})
    days = frame.group_by(["who", "day"], use_threads=False).aggregate([])
    return table(days["who"], days["day"], np.full(len(days), 1_000))


class Held:
    """Ranges asked for one after the other, and those of past errors alone beside them."""

    def __init__(self) -> None:
        self.rows: list[tuple[bool, float, bool, float]] = []

    def add(self, build: Build, origin: date) -> None:
        histories = read_triples(build, origin)
        picked = choose(build, as_of=origin, triples=histories)
        used = [trial for trial in picked.trials if trial.model == picked.model]
        errors = [t.purchases_error for t in used if t.purchases_error is not None]
        (found,) = Refits.of(picked.fitted, histories).totals(DAYS, errors)
        came = float(read_snapshot(build, origin, DAYS).next_orders.sum())
        off = float(np.quantile(np.abs(np.log1p(errors)), 0.8)) if errors else 0.1
        plain = (found.expected * float(np.exp(-off)), found.expected * float(np.exp(off)))
        self.rows.append((*_held(came, found.low, found.high), *_held(came, *plain)))

    def tell(self, name: str) -> None:
        ours, score, plain, other = np.mean(np.array(self.rows, dtype=float), axis=0)
        row(name, f"{len(self.rows)} ranges", f"held {ours:.0%}", f"score {score:.3f}")
        row(
            "past errors alone",
            "",
            f"held {plain:.0%}",
            f"score {other:.3f}",
            f"{score / other:.2f}",
        )


def _held(came: float, low: float, high: float) -> tuple[bool, float]:
    """Whether a range of 80 % held, and its interval score as a share of what came."""
    missed = max(low - came, 0.0) + max(came - high, 0.0)
    return low <= came <= high, (high - low + 2.0 / 0.2 * missed) / came


def totals(shops: Sequence[int]) -> None:
    """Pooled: held >= 75 %, score at most 1.1 times the other's."""
    both = Held()
    with log_of(cdnow()) as build:
        for week in WEEKS:
            both.add(build, FIRST + timedelta(7 * week - 1))
    both.tell("CDNOW, 13 weeks")
    for seed in shops:
        with log_of(invented(seed)) as build:
            both.add(build, END_DAY - timedelta(DAYS))
    both.tell(f"with {len(shops)} invented shops")


def customers(name: str, build: Build, origin: date, days: int) -> None:
    """Each tenth within .85 to 1.15; drawn ranks even (each .10)."""
    seen = read_snapshot(build, origin, days)
    fitted = choose(build, as_of=origin).fitted
    model = order_model(fitted)
    row(name, fitted.model, f"{len(seen):,} customers")
    tenths(
        seen.next_orders,
        seen.spread(seen.triples, model.expected_orders(fitted, seen.triples, days)),
    )
    random, at = np.random.default_rng(1), model.at(fitted)
    stays = seen.spread(seen.triples, model.here(at, seen.triples))
    below, alike = np.zeros(len(seen)), np.zeros(len(seen))
    for _ in range(100):
        drawn = model.draw_if_here(at, seen["frequency"], seen["age_days"] / 1.0, days, random)
        drawn = np.where(random.random(len(seen)) < stays, drawn, 0)
        below += drawn < seen.next_orders
        alike += drawn == seen.next_orders
    place = (below + random.random(len(seen)) * (alike + 1)) / 101
    share = np.bincount(np.minimum((place * 10).astype(int), 9), minlength=10) / len(seen)
    row("ranks drawn, tenths", " ".join(f"{part:.3f}" for part in share))


def planted() -> None:
    """Spearman of what is said of the demo's customers and what was planted, over that of the
    process itself, told of its own parameters, the sources and the same histories: at least .9."""
    with tempfile.TemporaryDirectory() as var:
        command(["demo", "--store", f"duckdb:///{var}/demo"], CLIENTELE_VAR=var)
        con = duckdb.connect()
        con.execute(f"ATTACH '{var}/demo/facts-000001.duckdb' AS facts (READ_ONLY)")
        con.execute(f"ATTACH '{var}/demo/scores-000001.duckdb' AS scores (READ_ONLY)")
        found = con.execute(PLANTED).fetchnumpy()
    itself = np.zeros(len(found["x"]))
    for source, of in ACQUISITION.items():
        those = found["source"] == source
        itself[those] = told_all({name: column[those] for name, column in found.items()}, of)
    for of in ("expected_revenue_365", "next_revenue_365"):
        ours = measures.spearman(found[of], found["expected_revenue"]) or 0.0
        theirs = measures.spearman(found[of], itself) or 1.0
        row(of, f"ours {ours:.4f}", f"process {theirs:.4f}", f"{ours / theirs:.3f}", ">= .9")


def told_all(found: dict[str, np.ndarray], source: Source) -> np.ndarray:
    """Revenue of a year to expect by the process that made these customers."""
    x, recency, age = (found[name].astype(np.int64) for name in ("x", "recency", "age"))
    triples = Triples.of(x, recency, age)
    true = {"r": PROCESS.r, "alpha": PROCESS.alpha / source.rate, "s": PROCESS.s}
    true["beta"] = PROCESS.beta
    fitted = Fitted("pareto_nbd", END_DAY, "day", true, dict.fromkeys(true), 0.0, 1, 1, "", ())
    orders = order_model(fitted).expected_orders(fitted, triples, 365)
    spend = PROCESS.p * (PROCESS.v * source.spend + found["repeats"])
    return orders[triples.places(x, recency, age)] * spend / (PROCESS.p * x + PROCESS.q - 1)


PLANTED = """
SELECT t.acquisition_source AS source, t.expected_revenue_365, t.next_revenue_365, v.expected_revenue::DOUBLE expected_revenue,
       v.frequency x, v.recency_days recency, v.age_days age,
       coalesce(d.repeats, 0)::DOUBLE repeats
FROM 'data/truths/customers.parquet' t
JOIN facts.main.orders o ON o.order_id = t.first_order_id
JOIN scores.main.lifetime_value v USING (customer_key)
JOIN (SELECT customer_key, sum(revenue) - arg_min(revenue, day) repeats
      FROM facts.main.customer_days GROUP BY 1) d USING (customer_key)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=len(SHOPS), help="invented shops to try on")
    given = parser.parse_args()
    refits()
    planted()
    with log_of(cdnow()) as build:
        customers("CDNOW, 26 weeks", build, date(1997, 12, 30), 182)
    with log_of(invented(7, 5_000)) as build:
        customers("the demo, 13 weeks", build, END_DAY - timedelta(DAYS), DAYS)
    totals(SHOPS[: given.shops])


if __name__ == "__main__":
    main()
