"""How many rows of a product fall around a day, beside how many are usual of it."""

from __future__ import annotations

from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.models.triples import Floats

#: Spans of days, the day itself in the middle: a rush of three days and one of five weeks.
WIDTHS: Final = (3, 7, 21, 41)

_AROUND_DAYS = 150  # what is usual of a product is told from these days before and after
_EVEN = 5.0  # rows' worth of belief that sales are spread evenly
_LEAST_IN_SPAN, _TIMES_USUAL = 4, 3.0


def around(daily: ir.Table, kinds: tuple[str, ...]) -> ir.Table:
    """`daily` has product_id, n (the day as a number) and a count by kind; adds `<kind>_<width>` and
    `usual_<kind>_<width>`: what the product's rows of the days around would give in this span if they
    were spread like the rows of all other products, so that a rush of the whole shop is nobody's."""
    shop = daily.group_by("n").agg(**{f"shop_{kind}": daily[kind].sum() for kind in kinds})
    shop = _summed(shop, tuple(f"shop_{kind}" for kind in kinds), None)
    joined = _summed(daily, kinds, "product_id").join(shop, "n")
    told: dict[str, Any] = {}
    for kind in kinds:
        wide = (joined[f"shop_{kind}_around"] - joined[f"{kind}_around"]).cast("float64")
        for width in WIDTHS:
            seen = joined[f"{kind}_{width}"]
            others = (joined[f"shop_{kind}_{width}"] - seen).cast("float64")
            # Where others are few, time itself spreads the rows.
            part = width / (2.0 * _AROUND_DAYS + 1)
            elsewhere = (wide - others + _EVEN * (1 - part)).nullif(0)
            spread = (others + _EVEN * part) / elsewhere
            rest = (joined[f"{kind}_around"] - seen).cast("float64") + 0.5
            told[f"usual_{kind}_{width}"] = rest * spread
    return joined.mutate(**told).drop(
        *[
            column
            for column in joined.columns
            if column.endswith("_around") or column.startswith("shop_")
        ]
    )


def _summed(table: ir.Table, kinds: tuple[str, ...], group: str | None) -> ir.Table:
    spans = {str(width): width // 2 for width in WIDTHS} | {"around": _AROUND_DAYS}
    return table.mutate(
        **{
            f"{kind}_{name}": table[kind]
            .sum()
            .over(range=(-reach, reach), group_by=group, order_by="n")
            .cast("int64")
            for kind in kinds
            for name, reach in spans.items()
        }
    )


def is_crowded(rows: ir.Table, kinds: tuple[str, ...]) -> ir.BooleanValue:
    """Whether any span around a row holds several times what is usual."""
    return ibis.or_(
        *[
            (rows[f"{kind}_{width}"] >= _LEAST_IN_SPAN)
            & (rows[f"{kind}_{width}"] >= rows[f"usual_{kind}_{width}"] * _TIMES_USUAL)
            for kind in kinds
            for width in WIDTHS
        ]
    )


def surprise(seen: Floats, usual: Floats) -> Floats:
    """How hard chance finds it to give so many where `usual` are expected, in nats (Poisson).

    >>> surprise(np.array([10.0, 1.0]), np.array([1.0, 2.0])).round(1).tolist()
    [14.0, 0.0]
    """
    expected = np.maximum(usual, 1e-9)
    found = seen * np.log(np.maximum(seen, 1e-9) / expected) - (seen - expected)
    return np.where(seen > expected, found, 0.0)


def hardest(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Of each row the span that surprises most: nats, width, seen, usual."""
    sides = [
        surprise(
            rows[f"{kind}_{width}"].to_numpy(np.float64),
            rows[f"usual_{kind}_{width}"].to_numpy(np.float64),
        )
        for width in WIDTHS
    ]
    best = np.argmax(sides, axis=0)
    place = np.arange(len(rows))
    seen, usual = (
        np.asarray([rows[f"{name}{kind}_{width}"] for width in WIDTHS], dtype=np.float64)
        for name in ("", "usual_")
    )
    return pd.DataFrame(
        {
            "nats": np.asarray(sides)[best, place],
            "width": np.asarray(WIDTHS)[best],
            "seen": seen[best, place],
            "usual": usual[best, place],
        },
        index=rows.index,
    )
