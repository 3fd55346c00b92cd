"""How many customers are in each life-cycle stage, in the order of a life."""

from __future__ import annotations

import pandas as pd

from crm_core.models.lifecycle import STAGES
from crm_core.selection import segment_code
from crm_core.store import Store


def segment_counts(store: Store) -> pd.DataFrame:
    """Columns: code (of the filter), value (customers). Prospects are left out: they have not
    bought. Empty before the first refresh."""
    if not store.has("lifecycle"):
        return pd.DataFrame({"code": pd.Series(dtype="str"), "value": pd.Series(dtype="int64")})
    known = store.table("lifecycle")
    bought = known.filter(known.stage != "prospect")
    counted = store.fetch(bought.group_by("stage").agg(value=bought.count())).set_index("stage")
    stages = [stage for stage in STAGES if stage in counted.index]
    codes = [segment_code("stage", stage) for stage in stages]
    return pd.DataFrame({"code": codes, "value": counted.loc[stages, "value"].tolist()})
