"""Numbers about groups: a catalogue, and how to measure what is in it."""

from crm_core.metrics.catalog import DIMENSIONS, METRICS, dimension, metric
from crm_core.metrics.definition import CountDistinct, Dimension, Metric, Ratio, Sum
from crm_core.metrics.evaluate import (
    Compared,
    Measured,
    begin_of,
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
    "BARS",
    "DIMENSIONS",
    "METRICS",
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
    "daily",
    "dimension",
    "every_day",
    "measure",
    "metric",
    "scope",
]
