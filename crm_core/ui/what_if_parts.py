"""What-if: levers whose effect the past shows can be moved, the others say why not."""

from __future__ import annotations

import pandas as pd

from crm_core.models.what_if import SHOWN
from crm_core.ui.fields import number_field
from crm_core.ui.layout import columns, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import caption, paragraph
from crm_core.views.what_if import levers, outcome


def draw_what_if() -> None:
    """One block a lever."""
    session = current()
    with panel("forecast.what_if", help_key="forecast.what_if_about"):
        rows = show(levers, session.selection)
        places = columns(*([1.0] * max(len(rows), 1)))
        for place, (_, lever) in zip(places, rows.iterrows(), strict=False):
            with place:
                paragraph(f"forecast.lever.{lever['lever']}")
                if lever["verdict"] == SHOWN:
                    _moved(lever)
                else:
                    caption(f"forecast.refused.{lever['verdict']}.{lever['lever']}")


def _moved(lever: pd.Series) -> None:
    """The field of a lever, and what net revenue of the next 30 days becomes."""
    session = current()
    name = str(lever["lever"])
    effect = {end: session.write(float(lever[end]), "per") for end in ("effect", "low", "high")}
    paragraph(f"forecast.effect.{name}", **effect)
    if name == "promotion":
        most = float(lever["most"])
        given = number_field("forecast.move.promotion", key="what_if_promotion", value=0.0, low=0.0, high=most, step=1.0)  # fmt: skip
        change = given or 0.0
    else:
        low, high = (round((float(lever[end]) - 1.0) * 100) for end in ("least", "most"))
        given = number_field(
            f"forecast.move.{name}", key=f"what_if_{name}", value=0.0,
            low=float(min(low, 0)), high=float(max(high, 0)), step=1.0,
        )  # fmt: skip
        change = 1.0 + (given or 0.0) / 100
    told = outcome(lever, change)
    words = {end: session.write(value, "money") for end, value in told.items()}
    paragraph("forecast.outcome", base=session.write(float(lever["base"]), "money"), **words)
    caption(f"forecast.as_far.{name}")
