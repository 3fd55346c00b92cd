"""Models: learned from the shop's own past, checked on a later part of it."""

from __future__ import annotations

from crm_core.models.base import Fitted, ModelSpec

__all__ = ["MODELS", "Fitted", "ModelSpec"]

_SPECS: tuple[ModelSpec, ...] = (
    ModelSpec("bg_nbd", "crm_core.models.bg_nbd", measure="mae", baseline="naive_last_period"),
    ModelSpec("mbg_nbd", "crm_core.models.mbg_nbd", measure="mae", baseline="naive_last_period"),
    ModelSpec(
        "pareto_nbd", "crm_core.models.pareto_nbd", measure="mae", baseline="naive_last_period"
    ),
    ModelSpec(
        "gamma_gamma", "crm_core.models.gamma_gamma", measure="mae", baseline="naive_own_mean"
    ),
    ModelSpec(
        "lifetime_value",
        "crm_core.models.lifetime_value",
        measure="mae",
        baseline="naive_last_period",
    ),
    ModelSpec("churn", "crm_core.models.churn", measure="brier", baseline="naive_share"),
    ModelSpec("rfm", "crm_core.models.rfm"),  # names groups; its order is shown, not promised
    ModelSpec("lifecycle", "crm_core.models.lifecycle"),  # names stages by rule
    ModelSpec(
        "clusters",
        "crm_core.models.clusters",
        measure="separation",
        baseline="naive_recency",
        better="higher",
    ),
    ModelSpec(
        "next_offer",
        "crm_core.models.next_offer",
        measure="ndcg_10",  # a page shows the first five
        baseline="naive_own_counts",
        better="higher",
    ),
    ModelSpec("forecast", "crm_core.models.forecast", measure="mase", baseline="naive_seasonal"),
    ModelSpec(
        "baskets",
        "crm_core.models.baskets",
        measure="holds",
        baseline="naive_lift",
        better="higher",
        table="pairs",
    ),
    ModelSpec(
        "replenishment",
        "crm_core.models.replenishment",
        measure="brier",
        baseline="naive_category",
    ),
    ModelSpec(
        "reviews",
        "crm_core.models.reviews",
        measure="balanced_accuracy",
        baseline="naive_lexicon",
        better="higher",
        table="review_tones",
    ),
    ModelSpec(
        "set_aside",
        "crm_core.models.set_aside",
        measure="average_precision",
        baseline="naive_isolation_forest",
        better="higher",
        table="look_orders",
    ),
)

MODELS: dict[str, ModelSpec] = {spec.name: spec for spec in _SPECS}
