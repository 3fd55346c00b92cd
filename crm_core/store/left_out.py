"""Orders and reviews taken out of the tables of a snapshot in the making, with all that hangs on them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from crm_core.store.write import Build

_OF_ORDERS = ("orders", "order_lines", "refunds")


def leave_out(build: Build, *, orders: Sequence[str], reviews: Sequence[str]) -> None:
    """Deletes these orders, their lines and refunds, and these reviews from the tables that were
    copied; what was said about an order by telephone stays said."""
    for column, ids, tables in (
        ("order_id", orders, _OF_ORDERS),
        ("review_id", reviews, ("reviews",)),
    ):
        build.connection.register("left_out", pa.table({"id": pa.array(ids, pa.string())}))
        try:
            for table in tables:
                build.connection.execute(
                    f"DELETE FROM facts.main.{table} WHERE {column} IN (SELECT id FROM left_out)"
                )
        finally:
            build.connection.unregister("left_out")
