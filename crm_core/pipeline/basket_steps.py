"""What is bought together, as tables of the scores snapshot.

`pairs` and `triples` name products by id and categories and brands by name; `baskets_seen` says
how much was looked at, a row a level. Columns: docs/adr/0047.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from crm_core.pipeline.learned import Documents, Scoring

NAME: Final = "baskets"
TABLES: Final = ("pairs", "triples", "baskets_seen")

_PAIRS = pa.schema(
    [
        ("level", pa.string()),
        ("kind", pa.string()),
        ("a", pa.string()),
        ("b", pa.string()),
        ("baskets_a", pa.int32()),
        ("baskets_b", pa.int32()),
        ("baskets_both", pa.int32()),
        ("customers_both", pa.int32()),
        ("support", pa.float32()),
        ("confidence_ab", pa.float32()),
        ("confidence_ba", pa.float32()),
        ("lift", pa.float32()),
        ("lift_low", pa.float32()),
        ("lift_high", pa.float32()),
        ("expected_both", pa.float32()),
        ("extra_per_1000", pa.float32()),
        ("p_value", pa.float64()),
        ("q_value", pa.float64()),
        ("q_given", pa.float64()),
        ("stable", pa.bool_()),
        ("explained", pa.bool_()),
        ("explained_by", pa.string()),
        ("via", pa.string()),
        ("extra_margin", pa.float64()),
    ]
)
_TRIPLES = pa.schema(
    [
        ("level", pa.string()),
        ("a", pa.string()),
        ("b", pa.string()),
        ("c", pa.string()),
        ("baskets", pa.int32()),
        ("expected", pa.float32()),
        ("lift", pa.float32()),
        ("q_value", pa.float64()),
        ("customers", pa.int32()),
    ]
)
_SEEN = pa.schema(
    [
        ("level", pa.string()),
        ("baskets", pa.int64()),
        ("single_baskets", pa.int64()),
        ("items", pa.int64()),
        ("lines", pa.int64()),
        ("capped_baskets", pa.int64()),
        ("largest", pa.int64()),
        ("possible_pairs", pa.int64()),
        ("tested_pairs", pa.int64()),
        ("from_day", pa.date32()),
        ("to_day", pa.date32()),
        ("promotion_days", pa.int64()),
    ]
)
_SCHEMAS: Final = dict(zip(TABLES, (_PAIRS, _TRIPLES, _SEEN), strict=True))


def baskets(job: Scoring) -> None:
    """`pairs`, `triples` and `baskets_seen`: what is bought together beyond chance."""

    def learn_all() -> Documents:
        from crm_core.models.baskets import learn
        from crm_core.models.pair_columns import pair_columns, seen_columns, triple_columns
        from crm_core.models.pair_findings import KINDS

        market = learn(job.store, as_of=job.as_of)
        levels = market.levels.values()
        told = {
            "pairs": [pair_columns(level, kind) for level in levels for kind in KINDS],
            "triples": [triple_columns(level) for level in levels],
            "baskets_seen": [seen_columns(level) for level in levels],
        }
        for name, schema in _SCHEMAS.items():
            parts = [pa.table(columns, schema=schema) for columns in told[name]]
            job.build.upload(name, pa.concat_tables(parts))
        return [(NAME, market.fitted.to_json())]

    job.keep(NAME, TABLES, learn_all)
