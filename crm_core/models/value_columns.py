"""The columns of `lifetime_value`, and what they say of a horizon; light enough for any page."""

from __future__ import annotations

import ibis.expr.types as ir

from crm_core.store import Tables

YEAR_DAYS = 365
HORIZONS = (91, 182, YEAR_DAYS, 730)
OTHER_HORIZONS = tuple(days for days in HORIZONS if days != YEAR_DAYS)
DISCOUNT_RATE = 0.1
COLUMNS = (
    "customer_key",
    "frequency",
    "recency_days",
    "age_days",
    "expected_orders",
    "expected_revenue",
    "expected_margin",
    "expected_contribution",
    "p_alive",
    *(f"expected_{what}_{days}d" for days in OTHER_HORIZONS for what in ("orders", "revenue")),
    *(f"discount_{days}d" for days in HORIZONS),
    "margin_rate",
    "contribution_rate",
    "before_marketing_rate",
    "orders_low",
    "orders_high",
    "revenue_low",
    "revenue_high",
)
AHEAD = ("orders", "revenue", "margin", "contribution", "value")


def money_ahead(scores: ir.Table, days: int) -> dict[str, ir.Value]:
    """What each customer brings in a horizon of `HORIZONS`, as columns over `lifetime_value`:
    those of `AHEAD`, where value is the contribution as it is worth today."""
    suffix = "" if days == YEAR_DAYS else f"_{days}d"
    revenue = scores[f"expected_revenue{suffix}"]
    contribution = revenue * scores.contribution_rate
    return {
        "orders": scores[f"expected_orders{suffix}"],
        "revenue": revenue,
        "margin": revenue * scores.margin_rate,
        "contribution": contribution,
        "value": contribution * scores[f"discount_{days}d"],
    }


def totals_of(store: Tables, scores: ir.Table) -> dict[str, float | None]:
    """Scores of some customers added up, as `<name>_<days>` for each of `AHEAD` and each horizon;
    None where costs are not known."""
    sums: dict[str, ir.Value] = {}
    for days in HORIZONS:
        sums |= {f"{n}_{days}": value.sum() for n, value in money_ahead(scores, days).items()}
    row = store.fetch(scores.agg(**sums)).iloc[0]
    return {name: None if row[name] != row[name] else float(row[name]) for name in sums}
