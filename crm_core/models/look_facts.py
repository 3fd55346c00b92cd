"""The evidence of a row in numbers, sign by sign: what a page words, nothing that names anybody."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import pandas as pd

Row = Mapping[str, Any]
Facts = dict[str, Any]


def _whole(row: Row, name: str) -> int:
    value = row.get(name)
    return 0 if value is None or value != value else int(value)


def _rush(row: Row) -> Facts:
    return {
        "seen": _whole(row, "rush_seen"),
        "usual": round(float(row["rush_usual"]), 2),
        "days": _whole(row, "rush_width"),
    }


def _in_step(row: Row) -> Facts:
    return {"partners": _whole(row, "partners"), "rushes": _whole(row, "rushes")}


_OF_ORDERS: Final[Mapping[str, Callable[[Row], Facts]]] = {
    "for_note": lambda row: {"word": str(row["marker"])},
    "for_at_once": lambda row: {"hours": round(float(row["at_once_hours"]), 1)},
    "for_rush": _rush,
    "for_hour": lambda row: {},
    "for_minute": lambda row: {"others": _whole(row, "same_minute")},
    "for_address": lambda row: {
        "orders": _whole(row, "neighbours"),
        "people": _whole(row, "place_people"),
    },
    "for_in_step": _in_step,
    "for_only_rushes": lambda row: {"orders": _whole(row, "own_orders")},
    "for_its_review": lambda row: {},
    "against_history": lambda row: {
        "orders": _whole(row, "own_orders"),
        "products": _whole(row, "own_products"),
    },
    "against_talks": lambda row: {"talks": _whole(row, "talks")},
    "against_promotion": lambda row: {},
    "against_basket": lambda row: {"products": _whole(row, "products")},
}
_OF_REVIEWS: Final[Mapping[str, Callable[[Row], Facts]]] = {
    "for_twins": lambda row: {
        "twins": _whole(row, "twins"),
        "usual": round(float(row["usual_twins"]), 2),
        "ever": _whole(row, "twins_ever"),
    },
    "for_rush": _rush,
    "for_early": lambda row: {"hours": round(-float(row["waited_hours"]), 1)},
    "for_quick": lambda row: {"hours": round(float(row["waited_hours"]), 1)},
    "for_its_order": lambda row: {},
    "for_not_bought": lambda row: {},
    "for_refund": lambda row: {"share": round(float(row["refund_share"]), 2)},
    "for_in_step": _in_step,
    "against_history": lambda row: {"orders": _whole(row, "own_orders")},
    "against_bought": lambda row: {},
    "against_grievance": lambda row: {},
}


def order_facts_of(rows: pd.DataFrame) -> list[str]:
    """A JSON document a row: points and numbers by sign, those that speak for a look first."""
    return _documents(rows, _OF_ORDERS)


def review_facts_of(rows: pd.DataFrame) -> list[str]:
    """The same of reviews."""
    return _documents(rows, _OF_REVIEWS)


def _documents(rows: pd.DataFrame, known: Mapping[str, Callable[[Row], Facts]]) -> list[str]:
    documents: list[str] = []
    for row in rows.to_dict(orient="records"):
        told: dict[str, dict[str, Facts]] = {"for": {}, "against": {}}
        for sign, numbers in known.items():
            points = float(row.get(sign) or 0.0)
            if points > 0:
                side, _, name = sign.partition("_")
                told[side][name] = {"points": round(points, 2), **numbers(cast(Row, row))}
        documents.append(json.dumps(told, ensure_ascii=False))
    return documents
