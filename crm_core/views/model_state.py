"""Whether a model's scores are there, and if not, why."""

from __future__ import annotations

import json
from typing import Any

from crm_core.errors import CrmError
from crm_core.store import Store


def need_model(store: Store, model: str) -> None:
    """Returns when the last refresh made this model's scores.

    Raises: CrmError("no_scores") before the first refresh, else the reason the refresh noted.
    """
    if not store.has("model_status"):
        raise CrmError("no_scores")
    status = store.table("model_status")
    rows = store.fetch(status.filter(status.model == model))
    if rows.empty:
        raise CrmError("no_scores")
    if rows["status"][0] != "ready":
        raise CrmError(str(rows["status"][0]), **json.loads(rows["facts"][0]))


def need_forecast(store: Store) -> None:
    """Returns when the last refresh made the forecasts of the shop and its parts.

    Raises: what `need_model` does; CrmError("no_scores") too where an earlier version of the program
    made a forecast of the shop alone.
    """
    need_model(store, "forecast")
    if not store.has("forecast_series"):
        raise CrmError("no_scores")


def fitted_document(store: Store, model: str) -> dict[str, Any]:
    """What the last refresh kept of a fit."""
    table = store.table("fitted")
    rows = store.fetch(table.filter(table.model == model))
    if rows.empty:
        raise CrmError("no_scores")
    document: dict[str, Any] = json.loads(rows["document"][0])
    return document
