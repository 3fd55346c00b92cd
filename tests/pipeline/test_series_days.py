from __future__ import annotations

import duckdb
import ibis

from crm_core.metrics.part_codes import OTHERS, UNKNOWN, is_rest, name_of
from crm_core.pipeline.series_days import member_of


def test_a_region_called_as_our_own_rest_stays_a_region_of_its_own() -> None:
    names = ["_others", "_unknown", "__others", "North"]
    shop = duckdb.connect()
    shop.execute("CREATE TABLE sales (place BIGINT, region VARCHAR)")
    shop.executemany(
        "INSERT INTO sales VALUES (?, ?)", list(enumerate([*names, "Elsewhere", None]))
    )
    sales = ibis.table({"place": "int64", "region": "string"}, name="sales")
    told = sales.select("place", code=member_of(sales.region, names)).order_by("place")
    rows = shop.execute(ibis.to_sql(told, dialect="duckdb")).fetchall()
    *own, rest, unknown = [code for _, code in rows]
    assert (rest, unknown) == (OTHERS, UNKNOWN)
    assert [name_of(code) for code in own] == names
    assert not any(map(is_rest, own))
    assert len(set(own)) == len(names)
