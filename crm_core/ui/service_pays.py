"""Whether care pays, on screen: what goes with bad service, how sure that is, and what speaks against."""

from __future__ import annotations

import pandas as pd

from crm_core.charts import whiskers
from crm_core.errors import CrmError
from crm_core.models.care_gaps import LEAST_CASES, Association, Gap
from crm_core.models.care_pairs import CHECK_DAYS, HORIZONS, LIKE_DAYS
from crm_core.text import error_text, formats
from crm_core.ui.fields import switch_choice
from crm_core.ui.layout import columns, draw, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, paragraph, plain
from crm_core.views.service_pays import CarePays, service_pays

_COLUMNS = (
    Column("matched", "count", "service.pays.matched", help_key="service.pays.matched_about"),
    Column("case_rate", "rate", "service.pays.case_rate", help_key="service.pays.case_about"),
    Column("other_rate", "rate", "service.pays.other_rate", help_key="service.pays.other_about"),
    Column("bought_words", label_key="service.pays.difference",
           help_key="service.pays.difference_about"),
    Column("value_words", label_key="service.pays.value", help_key="service.pays.value_about"),
    Column("before_words", label_key="service.pays.before", help_key="service.pays.before_about"),
)  # fmt: skip


def draw_pays() -> None:
    """What goes with slow replies, late parcels, contacts and complaints."""
    session = current()
    with panel("service.pays.title", help_key="service.pays.about"):
        try:
            view = show(service_pays, session.selection)
        except CrmError as error:
            plain(error_text(error, session.language))
            return
        days = int(
            switch_choice(
                "service.pays.horizon",
                tuple(str(days) for days in HORIZONS),
                key="service_pays_days",
                prefix="service.pays.days",
            )
        )
        _draw_found(view, days)
        caption(
            "service.pays.how",
            like=LIKE_DAYS,
            check=CHECK_DAYS,
            day=formats.day(view.as_of, session.language),
        )


def _draw_found(view: CarePays, days: int) -> None:
    session = current()
    found = view.over(days)
    shown = [each for each in found if each.state == "shown"]
    for each in shown:
        paragraph(_sentence(each), **_facts(each, view))
    for each in found:
        if each.state != "shown":
            caption(
                f"service.pays.state.{each.state}",
                exposure=_exposure(each, view),
                least=LEAST_CASES,
                cases=session.write(each.matched, "count"),
                checked=session.write(each.checked, "count"),
                before=_gap_words(each.before, "per"),
            )
    if not shown:
        return
    left, right = columns(1, 1)
    for place, name, unit in ((left, "bought", "points"), (right, "value", "money")):
        gaps: list[Gap] = [getattr(each, name) for each in shown]
        frame = pd.DataFrame(
            {
                "label": [_exposure(each, view) for each in shown],
                "value": [gap.difference for gap in gaps],
                "low": [gap.low for gap in gaps],
                "high": [gap.high for gap in gaps],
            }
        )
        with place:
            caption(f"service.pays.chart.{name}", days=days)
            title = session.t(f"service.pays.chart.{name}", days=days)
            draw(whiskers(frame, session.numbers(unit)), key=f"service_pays_{name}", title=title)
    rows = pd.DataFrame([_row(each, view) for each in shown])
    data_table(
        rows,
        [Column("exposure_words", label_key="service.pays.exposure_label", width=220), *_COLUMNS],
        key="service_pays",
        alt_key="service.pays.title",
    )


def _sentence(each: Association) -> str:
    gap = each.bought
    kind = "unsure" if gap is None or not gap.is_sure else "less" if gap.difference < 0 else "more"
    return f"service.pays.said.{kind}"


def _facts(each: Association, view: CarePays) -> dict[str, str]:
    session = current()
    gap = each.bought or Gap(0.0, 0.0, 0.0, 0.0)
    low, high = sorted((abs(gap.low), abs(gap.high)))
    points = formats.number(abs(gap.difference) * 100, session.language)
    return {
        "exposure": _exposure(each, view),
        "cases": session.write(each.matched, "count"),
        "case": formats.percent(gap.case, session.language, 0),
        "other": formats.percent(gap.other, session.language, 0),
        "points": points,
        "low": formats.number(low * 100, session.language),
        "high": formats.number(high * 100, session.language),
        "range": _gap_words(gap, "points"),
        "days": str(each.horizon_days),
    }


def _exposure(each: Association, view: CarePays) -> str:
    hours = formats.number(view.slow_hours, current().language)
    return current().t(f"service.pays.exposure.{each.exposure}", hours=hours)


def _row(each: Association, view: CarePays) -> dict[str, object]:
    return {
        "exposure_words": _exposure(each, view),
        "matched": each.matched,
        "case_rate": each.bought.case if each.bought else None,
        "other_rate": each.bought.other if each.bought else None,
        "bought_words": _gap_words(each.bought, "points"),
        "value_words": _gap_words(each.value, "money"),
        "before_words": _gap_words(each.before, "per"),
    }


def _gap_words(gap: Gap | None, unit: str) -> str:
    """A difference with its interval."""
    if gap is None:
        return ""
    session = current()
    told = {
        name: _plain(value, unit)
        for name, value in (("value", gap.difference), ("low", gap.low), ("high", gap.high))
    }
    return session.t("service.pays.range", **told)


def _plain(value: float, unit: str) -> str:
    session = current()
    if unit == "money":
        return formats.money(value, session.currency, session.language, 0)
    if unit == "points":
        return formats.number(value * 100, session.language, 1)
    return formats.number(value, session.language, 1)
