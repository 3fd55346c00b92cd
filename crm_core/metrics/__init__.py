"""Numbers about groups: a catalogue, and how to measure what is in it."""

from crm_core.metrics.acquisition import (
    AGE_DAYS,
    LAST_AGE,
    LEFT,
    REST,
    SPLITS,
    count_parts,
    earned,
    left_by_customer,
    marketing_spend,
    newcomers,
)
from crm_core.metrics.catalog import DIMENSIONS, METRICS, dimension, metric
from crm_core.metrics.definition import CountDistinct, Dimension, Metric, Ratio, Sum
from crm_core.metrics.dimensions import begin_of
from crm_core.metrics.evaluate import (
    Compared,
    Measured,
    between,
    change,
    combine,
    compare,
    daily,
    measure,
    scope,
)
from crm_core.metrics.parts import every_day
from crm_core.metrics.waterfall import BARS, bar_amount

__all__ = [
    "AGE_DAYS",
    "BARS",
    "DIMENSIONS",
    "LAST_AGE",
    "LEFT",
    "METRICS",
    "REST",
    "SPLITS",
    "Compared",
    "CountDistinct",
    "Dimension",
    "Measured",
    "Metric",
    "Ratio",
    "Sum",
    "bar_amount",
    "begin_of",
    "between",
    "change",
    "combine",
    "compare",
    "count_parts",
    "daily",
    "dimension",
    "earned",
    "every_day",
    "left_by_customer",
    "marketing_spend",
    "measure",
    "metric",
    "newcomers",
    "scope",
]
