"""What a refresh of scores does, step by step; a step fills tables of the scores snapshot.

scipy, scikit-learn and prophet are slow to load: only a refresh pays for them, never a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from crm_core.features import build_features
from crm_core.pipeline import segment_steps
from crm_core.pipeline.attention_steps import attention
from crm_core.pipeline.basket_steps import baskets
from crm_core.pipeline.care_steps import care, contact_topics
from crm_core.pipeline.churn_steps import churn, survival
from crm_core.pipeline.entry_steps import entry_products
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.pipeline.look_steps import needs_look
from crm_core.pipeline.movement_steps import segment_history
from crm_core.pipeline.offer_steps import next_offer
from crm_core.pipeline.replenish_steps import replenishment
from crm_core.pipeline.review_steps import reviews
from crm_core.pipeline.uplift_steps import uplift
from crm_core.pipeline.value_steps import value
from crm_core.schema import SCORES
from crm_core.store import StoreAt
from crm_core.store.accounts import companies

#: The tables of the step `forecast` (columns: `pipeline.forecast_rows`).
FORECASTS = tuple(name for name in SCORES if name.startswith("forecast"))


def features(job: Scoring) -> None:
    """`features`: what is known of each customer."""
    found = build_features(StoreAt(job.build, job.as_of))
    job.build.materialise("features", found.order_by("customer_key"))


def forecast(job: Scoring) -> None:
    """`forecast` and the tables beside it: what is expected day by day of the shop and its parts."""

    def learn() -> Documents:
        from crm_core.pipeline.forecasts import forecast_tables

        tables, documents = forecast_tables(job.store, job.as_of, job.planned, tell=job.tell)
        for name, rows in tables.items():
            job.build.upload(name, rows)
        return documents

    job.keep("forecast", FORECASTS, learn)


STEPS: dict[str, Callable[[Scoring], None]] = {
    "features": features,
    "rfm": segment_steps.rfm_segments,
    "lifecycle": segment_steps.stages,
    "loyalty": segment_steps.loyalty,
    "lifetime_value": value,
    "churn": churn,
    "churn_survival": survival,
    "value_tiers": segment_steps.values,
    "clusters": segment_steps.groups,
    "forecast": forecast,
    "segment_history": segment_history,
    "attention": attention,
    "uplift": uplift,
    "baskets": baskets,
    "next_offer": next_offer,
    "entry_products": entry_products,
    "replenishment": replenishment,
    "reviews": reviews,
    "contact_topics": contact_topics,
    "care_pays": care,
    "set_aside": needs_look,
}

#: Facts, the stage by one's own rhythm and the tier by one's own spend need no model of others.
_OF_EVERYBODY = frozenset(
    {
        "features",
        "lifecycle",
        "loyalty",
        "forecast",
        "segment_history",
        "attention",
        "uplift",
        "baskets",
        "reviews",
        "contact_topics",
        "set_aside",
    }
)


@contextmanager
def of_consumers(job: Scoring, step: str) -> Iterator[None]:
    """For as long as the block lasts the step reads no company's customers, if the shop says so."""
    apart = companies(job.build) if job.said.companies_apart else None
    with job.build.without(None if step in _OF_EVERYBODY else apart):
        yield
