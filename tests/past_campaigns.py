"""Campaigns whose window is over already: the page refuses to seal these, tests need them."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa

from crm_core.pipeline.campaigns import draw, terms_of
from crm_core.records import ARMS, Campaign, CampaignPlan, Records, Sealing
from crm_core.store import Store


def sealed_in_the_past(
    store: Store, records: Records, plan: CampaignPlan, *, now: datetime
) -> Campaign:
    """Arms as the program draws them, written down as if that had been before the window."""
    draft = records.add_campaign(plan, owner="ann", now=now)
    drawn = draw(store, plan, terms_of(records, plan, draft.id))
    members = pa.record_batch(
        {
            "customer_key": pa.array(drawn.keys, pa.int64()),
            "arm": np.array(ARMS, object)[drawn.arms].tolist(),
            "stratum": np.array(drawn.names, object)[drawn.strata].tolist(),
        }
    )
    assert store.scores_snapshot is not None
    sealing = Sealing(store.scores_snapshot, store.meta.as_of, drawn.left_out)
    return records.seal_campaign(draft.id, [members], sealing, version=draft.version, now=now)
