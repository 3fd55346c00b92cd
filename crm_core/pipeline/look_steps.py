"""Orders and reviews that need a look, as tables of the scores snapshot.

`look_orders`: order_key, order_id, product_id (of its rush), day, points, kinds, needs_a_look, case,
facts (JSON, see `models.look_facts`). `look_reviews`: review_id, order_id, product_id, day, stars and the
same. Rows of less than a hint are not kept. Nothing here names a customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from crm_core.pipeline.learned import Scoring

TABLES: Final = ("look_orders", "look_reviews")
MOST_KEPT: Final = 20_000

_SHARED: Final = {
    "product_id": pa.string(),
    "day": pa.date32(),
    "points": pa.float64(),
    "kinds": pa.int32(),
    "needs_a_look": pa.bool_(),
    "case": pa.int32(),
    "facts": pa.string(),
}
_TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "look_orders": {"order_key": pa.int64(), "order_id": pa.string(), **_SHARED},
    "look_reviews": {
        "review_id": pa.string(),
        "order_id": pa.string(),
        "stars": pa.int32(),
        **_SHARED,
    },
}


def needs_look(job: Scoring) -> None:
    """Both tables, and the document of how much was looked at.

    Raises: CrmError("not_enough_data") in a shop of few orders.
    """
    from crm_core.models.look_facts import order_facts_of, review_facts_of
    from crm_core.models.looking import A_HINT, look

    seen = look(job.store, as_of=job.as_of)
    for name, rows, told in (
        ("look_orders", seen.orders, order_facts_of),
        ("look_reviews", seen.reviews, review_facts_of),
    ):
        kept = rows[rows["points"] >= A_HINT].head(MOST_KEPT)
        facts = told(kept)
        columns = {
            column: pa.array(facts if column == "facts" else kept[column].tolist(), kind)
            for column, kind in _TYPES[name].items()
        }
        job.build.upload(name, pa.table(columns))
    job.documents.append(("set_aside", seen.fitted.to_json()))
