"""Every number and score the product shows, from the catalogues themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from crm_core.audiences import FIELDS
from crm_core.metrics import METRICS
from crm_core.models import MODELS
from crm_core.models.lifecycle import STAGES
from crm_core.models.rfm import SEGMENTS
from crm_core.models.tiers import LOYALTY_TIERS, VALUE_TIERS
from crm_core.privacy.policy import Access
from crm_core.selection import Selection, segment_code
from crm_core.store import Store

_SEGMENTS: tuple[tuple[str, str, Iterable[str]], ...] = (
    ("stage", "lifecycle", STAGES),
    ("value", "value_tier", VALUE_TIERS),
    ("rfm", "rfm", [segment.code for segment in SEGMENTS]),
    ("loyalty", "loyalty", LOYALTY_TIERS),
)


_MEASURING = (
    "lift",
    "holdout",
    "window",
    "interval",
    "extra_margin",
    "variance_reduction",
    "sample_ratio",
    "shrunk",
    "false_discovery",
    "observed_difference",
    "uplift",
    "qini",
)


@dataclass(frozen=True)
class Glossary:
    """Frames with `code` and the text keys `label`, `about`; metrics also `unit`, `adds_up`."""

    metrics: pd.DataFrame
    fields: pd.DataFrame
    segments: pd.DataFrame
    models: pd.DataFrame
    measuring: pd.DataFrame


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
                    "code": segment_code(name, value),
                    "label": f"{texts}.{value}.name",
                    "about": f"{texts}.{value}.definition",
                }
                for name, texts, values in _SEGMENTS
                for value in values
            ]
        ),
        models=pd.DataFrame([_keys("model", name) for name in MODELS]),
        measuring=pd.DataFrame([_keys("glossary.measured", name) for name in _MEASURING]),
    )


def _keys(prefix: str, name: str) -> dict[str, str]:
    return {"code": name, "label": f"{prefix}.{name}.label", "about": f"{prefix}.{name}.about"}
