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
from crm_core.metrics.change_split import APART, FACTORS, split_change
from crm_core.metrics.change_split import BARS as CHANGE_BARS
from crm_core.metrics.change_sums import (
    CHANGED,
    GROUPINGS,
    ChangeSums,
    change_sums,
    price_moves,
)
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
from crm_core.metrics.freshness import (
    SOURCES,
    SourceDays,
    ripe_after,
    source_days,
    spells_without_orders,
)
from crm_core.metrics.parts import every_day
from crm_core.metrics.waterfall import BARS, bar_amount

__all__ = [
    "AGE_DAYS",
    "APART",
    "BARS",
    "CHANGED",
    "CHANGE_BARS",
    "DIMENSIONS",
    "FACTORS",
    "GROUPINGS",
    "LAST_AGE",
    "LEFT",
    "METRICS",
    "REST",
    "SOURCES",
    "SPLITS",
    "ChangeSums",
    "Compared",
    "CountDistinct",
    "Dimension",
    "Measured",
    "Metric",
    "Ratio",
    "SourceDays",
    "Sum",
    "bar_amount",
    "begin_of",
    "between",
    "change",
    "change_sums",
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
    "price_moves",
    "ripe_after",
    "scope",
    "source_days",
    "spells_without_orders",
    "split_change",
]
