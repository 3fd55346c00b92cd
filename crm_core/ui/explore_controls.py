"""What is asked on the Explore page: the fields that say it, and the way back up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import streamlit as st

from crm_core.errors import CrmError
from crm_core.metrics import METRICS
from crm_core.metrics.exploration import (
    MOST_BY,
    MOST_METRICS,
    OF_GOALS,
    SHOWS,
    Exploration,
    to_query,
)
from crm_core.privacy.escape import md_escape
from crm_core.ui.explore_state import BEHIND, ask, asked_behind, risen
from crm_core.ui.explore_words import dimension_name, value_name
from crm_core.ui.goals_words import targets_kept
from crm_core.ui.guard import show_error
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.views.explore import Explore, explore, known_dimensions

_TOPS = (5, 10, 20, 50, 100, 500)
_VALUES = 100
_NONE = "none"


def answered(asked: Exploration) -> Explore | None:
    """The answer to a question, or None once it was said why there is none."""
    session = current()
    try:
        if asked.show in OF_GOALS:
            return show(explore, session.selection, asked=asked, targets=targets_kept())
        return show(explore, session.selection, asked=asked)
    except CrmError as error:
        show_error(_worded(error), session.language)
        _offer_nearest(asked, error)
        return None


def _worded(error: CrmError) -> CrmError:
    """The failure with the names of its facts for their codes."""
    session = current()
    prefixes = {
        "metric": "metric.{}.label",
        "nearest": "metric.{}.label",
        "show": "explore.show.{}",
    }
    facts = {
        name: session.t(prefixes[name].format(fact)) if name in prefixes else fact
        for name, fact in error.facts.items()
    }
    if "dimension" in facts:
        facts["dimension"] = dimension_name(str(facts["dimension"]))
    return CrmError(error.code, **facts)


def _offer_nearest(asked: Exploration, error: CrmError) -> None:
    nearest, metric = (str(error.facts.get(name, "")) for name in ("nearest", "metric"))
    if nearest not in METRICS or metric not in asked.metrics:
        return
    session = current()
    label = session.md("explore.nearest", metric=session.t(f"metric.{nearest}.label"))
    if st.button(label, key="explore_nearest", type="primary"):
        metrics = tuple(nearest if name == metric else name for name in asked.metrics)
        ask(replace(asked, metrics=tuple(dict.fromkeys(metrics))))


def draw_crumbs(asked: Exploration, products: Mapping[str, str]) -> None:
    """The way down as a row of buttons: each leads back to its level."""
    if not asked.where:
        return
    session = current()
    names = [session.t("explore.crumbs"), *(_said(pair, products) for pair in asked.where)]
    last = len(names) - 1
    with st.container(horizontal=True, gap="small", key="explore_crumbs"):
        for place, name in enumerate(names):
            if st.button(
                md_escape(name),
                key=f"crumb_{place}",
                type="tertiary",
                icon=":material/chevron_right:" if place else ":material/home:",
                disabled=place == last,
            ):
                ask(risen(asked, place))


def _said(pair: tuple[str, str], products: Mapping[str, str]) -> str:
    name, code = pair
    return f"{dimension_name(name)}: {value_name(name, code, products)}"


def draw_look(asked: Exploration, behind: str) -> str:
    """What is looked at: the numbers, or the orders or customers behind them."""
    session = current()
    chosen = st.segmented_control(
        session.md("explore.look_at"),
        BEHIND,
        default=behind,
        required=True,
        format_func=lambda code: session.t(f"explore.behind.{code}"),
        key=f"explore_behind_{behind}",
        label_visibility="collapsed",
    )
    if chosen in BEHIND and chosen != behind:
        ask(asked, behind=chosen)
    return behind


def draw_controls(asked: Exploration, products: Mapping[str, str]) -> None:
    """The fields; a change asks the new question at once."""
    session = current()
    known = known_dimensions(session.store)
    key = str(to_query(asked))  # another question, other fields: they always say what is asked

    def name_of(metric: str) -> str:
        return session.t(f"metric.{metric}.label")

    with st.container(border=True, key="explore_controls"):
        first, second = st.columns([3, 2], gap="small")
        with first:
            metrics = _several("metrics", list(METRICS), asked.metrics, name_of, key, MOST_METRICS)
        with second:
            by = _several("by", known, asked.by, dimension_name, key, MOST_BY)
        cells = st.columns([2, 2, 1, 3], gap="small")
        with cells[0]:
            across = _one("across", [_NONE, *known], asked.across or _NONE, _across_name, key)
        with cells[1]:
            told = _one("show_label", SHOWS, asked.show, _show_name, key)
        with cells[2]:
            tops = sorted({*_TOPS, asked.top})
            top = int(_one("top", [str(each) for each in tops], str(asked.top), str, key))
        with cells[3]:
            where = _kept_filters(asked, products, key)
        across = "" if across == _NONE or across in by else across
        new = replace(
            asked, metrics=metrics or asked.metrics, by=by, across=across,
            show=told, top=top, where=where,
        )  # fmt: skip
        _keep_only(new, known, key)
    if new != asked:
        ask(new, behind=asked_behind())


def _across_name(code: str) -> str:
    return current().t("explore.none") if code == _NONE else dimension_name(code)


def _show_name(code: str) -> str:
    return current().t(f"explore.show.{code}")


def _several(
    name: str,
    codes: Sequence[str],
    chosen: Sequence[str],
    words: Callable[[str], str],
    key: str,
    most: int,
) -> tuple[str, ...]:
    session, named = current(), {code: words(code) for code in codes}
    found = st.multiselect(
        session.md(f"explore.{name}"),
        codes,
        default=[code for code in chosen if code in codes],
        format_func=named.__getitem__,
        key=f"explore_{name}_{key}",
        max_selections=most,
        placeholder=session.t("explore.none"),
    )
    return tuple(found)


def _one(
    name: str, codes: Sequence[str], chosen: str, words: Callable[[str], str], key: str
) -> str:
    session, named = current(), {code: words(code) for code in codes}
    place = list(codes).index(chosen) if chosen in codes else 0
    found = st.selectbox(
        session.md(f"explore.{name}"),
        list(codes),
        index=place,
        format_func=named.__getitem__,
        key=f"explore_{name}_{key}",
    )
    return found if found in codes else codes[place]


def _kept_filters(
    asked: Exploration, products: Mapping[str, str], key: str
) -> tuple[tuple[str, str], ...]:
    """The filters as chips that can be taken off."""
    session = current()
    places = list(range(len(asked.where)))
    said = [_said(pair, products) for pair in asked.where]
    kept = st.multiselect(
        session.md("explore.filters"),
        places,
        default=places,
        format_func=said.__getitem__,
        key=f"explore_where_{key}",
        placeholder=session.t("filters.all"),
    )
    return tuple(asked.where[place] for place in sorted(kept))


def _keep_only(asked: Exploration, known: Sequence[str], key: str) -> None:
    """Adds a filter: a dimension, then one of its values, the largest first."""
    session = current()
    with st.popover(session.md("explore.keep"), icon=":material/filter_alt:"):
        st.caption(session.md("explore.keep_help"))
        name = _one("by", [_NONE, *known], _NONE, _across_name, f"keep_{key}")
        if name == _NONE:
            return
        question = Exploration(asked.metrics[:1], (name,), where=asked.where, top=_VALUES)
        view = answered(question)
        if view is None:
            return
        codes = [line.keys[0] for line in view.answer.lines if line.kind == "row"]
        named = {code: value_name(name, code, view.products) for code in codes}
        chosen = st.selectbox(
            session.md("explore.keep_value"),
            codes,
            index=None,
            format_func=named.__getitem__,
            key=f"explore_value_{name}_{key}",
        )
        if chosen is not None:
            ask(replace(asked, where=(*asked.where, (name, chosen))))
