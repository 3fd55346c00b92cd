"""Parts of the board of rates: what it rests on, the months, the parts, the definitions."""

from __future__ import annotations

from crm_core.charts import lines
from crm_core.metrics import RATES
from crm_core.selection import SEGMENTATIONS, Period, segment_code
from crm_core.text import formats
from crm_core.ui.layout import card, panel
from crm_core.ui.segment_words import segment_words
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note, paragraph
from crm_core.views.rates import UNKNOWN, Rates


def draw_sum(view: Rates) -> None:
    """The days compared, and how the buyers add up."""
    session = current()
    if view.buyers is None:
        note("rates.no_before", before=_days(view.before))
    else:
        numbers = {
            name: formats.number(getattr(view.buyers, name), session.language)
            for name in ("now", "before", "kept", "new", "back")
        }
        caption("rates.sum", days=_days(view.period), earlier=_days(view.before), **numbers)
    if view.guessed:
        note("rates.guessed")


def draw_trend(view: Rates) -> None:
    """The rates of whole calendar months."""
    session = current()
    if view.trend.empty:
        caption("rates.no_trend")
        return
    frame = view.trend.assign(
        day=view.trend["month"],
        series=[session.t(f"rates.rate.{name}") for name in view.trend["rate"]],
    )
    card(
        "rates.trend",
        lines(frame, session.numbers("rate")),
        key="rates_trend",
        note_key="rates.trend_note",
    )


def draw_parts(view: Rates) -> None:
    """The rates of each channel, region or segment."""
    with panel("rates.parts", help_key="rates.parts_about"):
        if view.parts.empty:
            caption("rates.no_parts")
            return
        shown = view.parts.assign(label=_words(view))
        rates = [
            Column(name, "rate", f"rates.rate.{name}", help_key=f"rates.definition.{name}")
            for name in RATES
        ]
        counts = [
            Column(name, "count", f"rates.column.{name}")
            for name in ("buyers", "before", "kept", "new", "back")
        ]
        name = Column("label", label_key=f"rates.by_part.{view.by}", pinned=True)
        data_table(shown, [name, *rates, *counts], key="rates_parts", alt_key="rates.parts")
        caption("rates.segments_note" if view.by in SEGMENTATIONS else "rates.parts_note")


def draw_definitions() -> None:
    """What each rate is, where its definition is from, and what it is not."""
    with panel("rates.definitions"):
        for name in RATES:
            paragraph(f"rates.full.{name}")
        caption("rates.sources")


def _words(view: Rates) -> list[str]:
    session = current()
    codes = [str(code) for code in view.parts["part"]]
    if view.by in SEGMENTATIONS:
        return segment_words([segment_code(view.by, code) for code in codes])
    return [session.t("acquisition.part._unknown") if c == UNKNOWN else c for c in codes]


def _days(period: Period) -> str:
    language = current().language
    return f"{formats.day(period.start, language)} – {formats.day(period.end, language)}"
