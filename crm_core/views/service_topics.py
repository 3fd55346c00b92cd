"""How topics of contacts are told: by labels, by a model, by the rule list."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.errors import CrmError
from crm_core.metrics.care_rules import CareRules
from crm_core.metrics.contact_topics import LEARNED, topic_sources
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.model_state import fitted_document


@dataclass(frozen=True)
class TopicTelling:
    """How many contacts have a topic of their own (`labelled`), by the model (`learned`), by the rules
    (`ruled`), and none (`unknown`); with `labels` different messages to learn from, how often the model
    and the rules were right on messages they had not seen (None where that was not tried)."""

    labelled: int
    learned: int
    ruled: int
    unknown: int
    labels: int = 0
    model_accuracy: float | None = None
    rules_accuracy: float | None = None
    is_better: bool = False


def service_topics(
    selection: Selection, *, store: Store, access: Access, rules: CareRules
) -> TopicTelling:
    """Counts all contacts of customers by what told their topic."""
    del selection, access
    row = store.fetch(topic_sources(store, rules.topics)).iloc[0]
    counts = {str(name): int(value) for name, value in row.items()}
    try:
        told = fitted_document(store, LEARNED) if store.has("fitted") else {}
    except CrmError:
        told = {}
    return TopicTelling(
        **counts,
        labels=int(told.get("labels", 0)),
        model_accuracy=told.get("model_accuracy"),
        rules_accuracy=told.get("rules_accuracy"),
        is_better=bool(told.get("is_better", False)),
    )
