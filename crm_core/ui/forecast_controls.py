"""Which series the Forecast page shows: the address says it, and every choice writes it anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from crm_core.metrics.part_codes import UNKNOWN, is_rest, name_of
from crm_core.models.demand import SEGMENTS
from crm_core.pipeline.series_days import SEGMENT, SPLITS, TOTAL
from crm_core.selection import segment_code
from crm_core.ui.explore_words import value_name
from crm_core.ui.said import said, say
from crm_core.ui.session import current
from crm_core.views.code_words import segment_name
from crm_core.views.forecast import GRAINS, MEASURES, Forecast
from crm_core.views.forecast_distinct import series_of


@dataclass(frozen=True)
class Asked:
    """The series asked for, in codes of the address, and the place of the field for its part."""

    of: str
    by: str
    member: str
    grain: str
    place: Any


def asked_series() -> Asked:
    """The series of the address, what it does not say or says wrongly is the default; then as the
    fields say it."""
    session = current()
    first, second, place, third = st.columns(4, gap="small")
    with first:
        of = _choice("measure", MEASURES, lambda code: session.t(f"metric.{code}.label"))
    splits = (TOTAL, *SPLITS[of])
    with second:
        by = _choice("by", splits, lambda code: session.t(f"forecast.split.{code}"), of)
    grain = GRAINS[0]
    if series_of(of, by, GRAINS[-1]):
        with third:
            grain = _switch("grain", GRAINS, of)
    member = st.query_params.get("member", "")[:200] if by != TOTAL else ""
    return Asked(of, by, member, grain, place)


def choose_member(view: Forecast, asked: Asked) -> None:
    """The field for the part to look at; the address keeps it."""
    if view.dimension == TOTAL or not view.members:
        st.query_params.pop("member", None)
        return
    names = {code: member_name(view.dimension, code) for code in view.members}
    found = asked.place.selectbox(
        current().md("forecast.member"),
        list(view.members),
        index=view.members.index(view.member),
        format_func=names.__getitem__,
        key=f"forecast_member_{view.measure}_{view.dimension}_{view.member}",
    )
    if found != view.member:
        st.query_params["member"] = str(found)
        st.rerun()


def member_name(dimension: str, code: str) -> str:
    """What a part is called: the shop's own word, or ours for a segment and for the rest."""
    session = current()
    if is_rest(code):
        return session.t(f"forecast.rest.{code}.{dimension if code == UNKNOWN else 'any'}")
    if dimension == SEGMENT:
        if code == "prospect":
            return session.t("forecast.newcomers")
        return segment_name(segment_code("stage", code), session.language) or code
    return value_name(dimension, name_of(code), {})


def segment_order(codes: Sequence[str]) -> list[str]:
    """Segments in the order of the life-cycle."""
    return [code for code in SEGMENTS if code in set(codes)]


def _choice(name: str, codes: Sequence[str], words: object, key: str = "") -> str:
    session = current()
    asked = said(name, codes)
    named = {code: words(code) for code in codes}  # pyright: ignore[reportCallIssue]
    found = st.selectbox(
        session.md(f"forecast.{name}"),
        list(codes),
        index=list(codes).index(asked),
        format_func=named.__getitem__,
        key=f"forecast_{name}_{key}",
    )
    return say(name, str(found), codes[0])


def _switch(name: str, codes: Sequence[str], key: str) -> str:
    session = current()
    asked = said(name, codes)
    found = st.segmented_control(
        session.md(f"forecast.{name}"),
        list(codes),
        default=asked,
        required=True,
        format_func=lambda code: session.t(f"forecast.grains.{code}"),
        key=f"forecast_{name}_{key}",
    )
    return say(name, str(found), codes[0])
