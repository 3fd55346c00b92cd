"""The bundled shop behind plain SQL, and what is said to be planted in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

DATA = Path(__file__).parents[2] / "data"
Ask = Callable[..., list[tuple[Any, ...]]]

_COUNTED = """
create table counted as
select *, (ordered_at at time zone 'Europe/Berlin')::date as day,
       coalesce(customer_id, lower(email)) as buyer
from orders where status not in ('pending', 'cancelled', 'test')
"""
_SOLD = """
create table sold as
select l.*, c.day, c.buyer, c.sales_channel, p.category, p.product_name,
       l.quantity * l.unit_price as gross, l.quantity * l.unit_price - l.discount as revenue,
       l.quantity * l.unit_cost as goods
from order_lines l join counted c using (order_id) join products p using (product_id)
"""


@pytest.fixture(scope="session")
def ask() -> Iterator[Ask]:
    """Runs SQL over the files; `counted` are orders that count, `sold` their lines."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("set timezone = 'UTC'")
        for path in sorted(DATA.glob("*.parquet")):
            con.execute(f"create view {path.stem} as select * from '{path}'")
        for path in sorted((DATA / "truths").glob("*.parquet")):
            con.execute(f"create view true_{path.stem} as select * from '{path}'")
        con.execute(_COUNTED)
        con.execute(_SOLD)

        def run(sql: str, *values: object) -> list[tuple[Any, ...]]:
            return con.execute(sql, values).fetchall()

        yield run


@pytest.fixture(scope="session")
def truths() -> dict[str, Any]:
    return json.loads((DATA / "truths.json").read_text(encoding="utf-8"))
