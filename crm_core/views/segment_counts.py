"""How many customers each segment holds, biggest first."""

from __future__ import annotations

import pandas as pd

from crm_core.store import Store


def segment_counts(store: Store) -> pd.DataFrame:
    """Columns: code, value (customers). Empty before the first refresh."""
    if not store.has("rfm"):
        return pd.DataFrame({"code": pd.Series(dtype="str"), "value": pd.Series(dtype="int64")})
    rfm = store.table("rfm")
    counted = rfm.group_by(code="segment").agg(value=rfm.count())
    return store.fetch(counted).sort_values(
        ["value", "code"], ascending=[False, True], ignore_index=True
    )
