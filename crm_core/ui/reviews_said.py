"""Parts of the reviews page about words: what is spoken of, what goes with stars, words of blame."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.charts import whiskers
from crm_core.errors import CrmError
from crm_core.models.review_lexicon import ASPECTS, own_words
from crm_core.privacy.policy import allowed
from crm_core.selection import Period
from crm_core.text import error_text, formats
from crm_core.ui.fields import submit
from crm_core.ui.layout import columns, details_box, draw, go, panel
from crm_core.ui.ranges import range_cells, range_words
from crm_core.ui.reviews_found import ask_for
from crm_core.ui.runner import run_job
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.trust_parts import model_badge
from crm_core.ui.words import caption, flash, note, plain, warning
from crm_core.views.review_rows import Asked
from crm_core.views.reviews import Drivers, Reviews, review_drivers

_FEW = 100
_ASPECTS = (
    Column("named", "count", "reviews.column.named", help_key="reviews.named_about"),
    Column("blamed", "count", "reviews.column.blamed", help_key="reviews.blamed_about"),
    Column("blame_share", "rate", "reviews.column.blame_share"),
    Column("range", label_key="reviews.column.range", help_key="reviews.range_about"),
    Column("blame_words", label_key="reviews.column.blame", help_key="reviews.effect_about"),
    Column("praise_words", label_key="reviews.column.praise", help_key="reviews.effect_about"),
)
_TERMS = (
    Column("bad", "count", "reviews.column.bad", help_key="reviews.bad_about"),
    Column("bad_share", "rate", "reviews.column.bad_share"),
    Column("good_share", "rate", "reviews.column.good_share"),
    Column("log_odds", "per", "reviews.column.log_odds", help_key="reviews.log_odds_about"),
    Column("range", label_key="reviews.column.range", help_key="reviews.range_about"),
)


def draw_said(view: Reviews) -> None:
    """What texts are about and what goes with it; how they were read."""
    session = current()
    try:
        told = show(review_drivers, session.selection)
    except CrmError as error:
        warning("reviews.unread")
        plain(error_text(error, session.language))
        _words()
        return
    with panel("reviews.drivers", help_key="reviews.drivers_about"):
        model_badge("reviews")
        texts = formats.number(told.texts, session.language)
        caption("reviews.read_by_stars" if view.by_stars else "reviews.read_by_words", texts=texts)
        if not told.aspects:
            note("reviews.nothing_named")
        else:
            if told.texts < _FEW:
                note("reviews.few_texts", texts=texts)
            _aspects(told)
        caption("reviews.associated")
    _terms(told)
    _words()


def _aspects(told: Drivers) -> None:
    session = current()
    rows = pd.DataFrame(
        {
            "aspect": each.aspect,
            "name": session.t(f"reviews.aspect.{each.aspect}"),
            "named": each.named,
            "blamed": each.blamed,
            "blame_share": each.blame_share,
            "range": range_words(each.blame_low, each.blame_high, "rate"),
            **{
                f"{side}_words": ""
                if effect is None
                else session.t(
                    "reviews.effect",
                    value=_signed(effect.value),
                    low=_signed(effect.low),
                    high=_signed(effect.high),
                )
                for side, effect in (("blame", each.blame), ("praise", each.praise))
            },
        }
        for each in told.aspects
    )
    drawn = pd.DataFrame(
        {
            "label": session.t(
                f"reviews.sides.{side}", aspect=session.t(f"reviews.aspect.{each.aspect}")
            ),
            "value": effect.value,
            "low": effect.low,
            "high": effect.high,
        }
        for each in told.aspects
        for side, effect in (("blame", each.blame), ("praise", each.praise))
        if effect is not None
    )
    if len(drawn):
        chart = whiskers(drawn, session.numbers("per"))
        draw(chart, key="reviews_effects", title=session.t("reviews.drivers"))
        caption("reviews.effects_about")
    opened = data_table(
        rows,
        [Column("name", label_key="reviews.column.aspect", width=130), *_ASPECTS],
        key="reviews_aspects",
        alt_key="reviews.drivers",
        on_click=True,
    )
    if opened:
        ask_for(Asked(aspect=str(opened["aspect"]), side="blame"))


def _signed(value: float) -> str:
    words = formats.number(value, current().language, 2)
    return f"+{words}" if round(value, 2) > 0 else words


def _terms(told: Drivers) -> None:
    """Words of blame, a table a language."""
    with panel("reviews.terms", help_key="reviews.terms_about"):
        found = [
            (code, rows) for code, rows in told.terms.groupby("language", sort=True) if len(rows)
        ]
        if not found:
            caption("reviews.no_terms")
            return
        for place, (code, rows) in zip(columns(*[1.0] * len(found)), found, strict=True):
            with place:
                _terms_of(str(code), rows.reset_index(drop=True))
        caption("reviews.terms_words")


def _terms_of(code: str, rows: pd.DataFrame) -> None:
    caption(f"reviews.language.{code}")
    opened = data_table(
        rows.assign(range=range_cells(rows, "per")),
        [Column("term", label_key="reviews.column.term", width=170), *_TERMS],
        key=f"reviews_terms_{code}",
        alt_key="reviews.terms",
        on_click=True,
        height=36 * 11,
    )
    if opened:
        meta = current().store.meta
        word = str(opened["term"]).split(" · ")[0]
        ask_for(Asked(word=word, days=Period(meta.first_day, meta.as_of)))


def _words() -> None:
    """The words that name each aspect, for whoever may change settings."""
    session = current()
    place = session.workspace
    may = allowed(session.access, "settings") and not (place.private and place.is_demo)
    saved = session.records.shop_settings()
    with details_box("reviews.words"):
        caption("reviews.words_about")
        with st.form("reviews_words_form", border=False):
            told: dict[str, tuple[str, ...]] = {}
            for name in ASPECTS:
                known = saved.aspect_words.get(name) or own_words(name)
                typed = st.text_area(
                    session.md(f"reviews.aspect.{name}"),
                    ", ".join(known),
                    key=f"reviews_words_{name}",
                    height=92,
                    disabled=not may,
                )
                words = tuple(word.strip() for word in typed.replace("，", ",").split(","))
                words = tuple(word for word in words if word)
                if words and words != own_words(name):
                    told[name] = words
            reason = None if may else "reviews.words_denied"
            pressed = submit("reviews.words_save", disabled_reason_key=reason)
    if pressed and may:
        changed = replace(saved, aspect_words=told)
        now = datetime.now(UTC)
        if session.records.save_shop_settings(changed, session.access.user, now):
            run_job(["refresh"], store=place.store_url, title_key="reviews.words_applying")
        flash("reviews.words_saved")
        go("reviews")
