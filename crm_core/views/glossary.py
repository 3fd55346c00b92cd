"""Every number and score the product shows, from the catalogues themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crm_core.audiences import FIELDS
from crm_core.metrics import METRICS
from crm_core.models import MODELS
from crm_core.models.rfm import SEGMENTS
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store


@dataclass(frozen=True)
class Glossary:
    """Frames with `code` and the text keys `label`, `about`; metrics also `unit`, `adds_up`."""

    metrics: pd.DataFrame
    fields: pd.DataFrame
    segments: pd.DataFrame
    models: pd.DataFrame


def glossary(selection: Selection, *, store: Store | None, access: Access) -> Glossary:
    """Lists the catalogues; needs no data."""
    del selection, store, access
    return Glossary(
        metrics=pd.DataFrame(
            [
                {**_keys("metric", name), "unit": metric.unit, "adds_up": metric.additivity}
                for name, metric in METRICS.items()
            ]
        ),
        fields=pd.DataFrame(
            [{**_keys("feature", name), "unit": field.unit} for name, field in FIELDS.items()]
        ),
        segments=pd.DataFrame(
            [
                {
                    "code": segment.code,
                    "label": f"rfm.{segment.code}.name",
                    "about": f"rfm.{segment.code}.definition",
                }
                for segment in SEGMENTS
            ]
        ),
        models=pd.DataFrame([_keys("model", name) for name in MODELS]),
    )


def _keys(prefix: str, name: str) -> dict[str, str]:
    return {"code": name, "label": f"{prefix}.{name}.label", "about": f"{prefix}.{name}.about"}
