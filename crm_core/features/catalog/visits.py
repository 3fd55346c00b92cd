"""What a customer looked at or put into a basket in the last 30 days and did not buy."""

from __future__ import annotations

from crm_core.features.definition import Feature


def _products(name: str, kind: str) -> Feature:
    return Feature(
        name,
        "number",
        "count",
        "left_behind",
        lambda rows, _: rows.count(where=rows.kind == kind),
        0,
    )


def _last_day(name: str, kind: str) -> Feature:
    return Feature(
        name, "date", "date", "left_behind", lambda rows, _: rows.day.max(where=rows.kind == kind)
    )


FEATURES = (
    _products("viewed_not_bought", "viewed"),
    _last_day("viewed_not_bought_day", "viewed"),
    _products("abandoned_basket", "basket"),
    _last_day("abandoned_basket_day", "basket"),
)
