"""The frame of a page: its title, cards, columns, tabs, links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, NoReturn

import streamlit as st

from crm_core.charts import Chart
from crm_core.errors import CrmError
from crm_core.metrics.exploration import NAMES as QUESTION
from crm_core.text import formats
from crm_core.ui import navigation
from crm_core.ui.address import kept, to_query
from crm_core.ui.filters import choose_later
from crm_core.ui.guard import guarded
from crm_core.ui.session import current

_CHART_CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def header(
    prefix: str,
    *,
    as_of: date | None = None,
    breadcrumbs: Sequence[tuple[str, str]] = (),
    **facts: object,
) -> None:
    """The page's title (`<prefix>.title`), what it is about, and the day its data ends.

    `breadcrumbs` are (page, label key) pairs that lead back. Words in `facts` are made inert.
    """
    session = current()
    head = session.head or st.container()
    with head:
        st.title(session.md(f"{prefix}.title", **facts), anchor=False)
    about = session.maybe(f"{prefix}.about", **facts)
    dated = session.t("app.as_of", day=formats.day(as_of, session.language)) if as_of else None
    words = " · ".join(word for word in (about, dated) if word)
    if words:
        st.caption(words)
    if breadcrumbs:
        with st.container(horizontal=True, gap="small"):
            for page, label_key in breadcrumbs:
                link(page, label_key, icon="arrow_back")


@contextmanager
def panel(
    title_key: str, *, help_key: str | None = None, key: str | None = None, **facts: object
) -> Iterator[None]:
    """A bordered card with a heading; what is drawn inside belongs to it."""
    session = current()
    with st.container(border=True, height="stretch", key=key):
        st.header(session.md(title_key, **facts), anchor=False, help=session.maybe(help_key))
        yield


def card(
    title_key: str,
    chart: Chart,
    *,
    key: str,
    on_click: bool = False,
    help_key: str | None = None,
    note_key: str | None = None,
) -> str | None:
    """A card with a chart. With `on_click`, the code of the mark just clicked, or None."""
    with panel(title_key, help_key=help_key):
        clicked = draw(chart, key=key, on_click=on_click, title=current().t(title_key))
        if note_key:
            st.caption(current().md(note_key))
    return clicked


def draw(chart: Chart, *, key: str, on_click: bool = False, title: str = "") -> str | None:
    """A chart by itself, for a place that has its heading already."""
    given: dict[str, Any] = {
        "key": f"chart_{key}",
        "config": _CHART_CONFIG,
        "alt": f"{title}: {chart.alt}" if title else chart.alt,
        "height": "stretch",  # as tall as the card beside it, at least the figure's own height
    }
    if not on_click:
        chart.figure.update_layout(clickmode="none")
        st.plotly_chart(chart.figure, **given)
        return None
    event: Any = st.plotly_chart(chart.figure, on_select="rerun", selection_mode="points", **given)
    return clicked_code(event.selection.points)


def clicked_code(points: Sequence[Any]) -> str | None:
    """The code a clicked mark carries.

    >>> clicked_code([{"customdata": ["champions"]}]), clicked_code([])
    ('champions', None)
    """
    for point in points:
        data = point.get("customdata")
        code = data[0] if isinstance(data, list | tuple) and data else data
        if code:
            return str(code)
    return None


def columns(*weights: float, align: str = "top") -> list[Any]:
    """Containers side by side by weight; they stack on a narrow screen."""
    spec: Any = list(weights) or [1.0, 1.0]
    vertical: Any = align
    return list(st.columns(spec, vertical_alignment=vertical, gap="small"))


def tabs(*label_keys: str, key: str | None = None) -> list[Any]:
    """Containers one behind another, under translated names."""
    session = current()
    return list(st.tabs([session.md(label) for label in label_keys], key=key))


@contextmanager
def grid(wanted: int, *, min_width: int = 260) -> Iterator[None]:
    """Equal cells that reflow; each block drawn inside takes one."""
    with st.grid(wanted, min_column_width=min_width, gap="small"):
        yield


@contextmanager
def row(*, align: str = "bottom") -> Iterator[None]:
    """Blocks in one line that wraps: a toolbar."""
    vertical: Any = align
    with st.container(horizontal=True, vertical_alignment=vertical, gap="small"):
        yield


@contextmanager
def details_box(label_key: str, *, is_open: bool = False, **facts: object) -> Iterator[None]:
    """A section that opens on demand."""
    with st.expander(current().md(label_key, **facts), expanded=is_open):
        yield


@contextmanager
def part() -> Iterator[None]:
    """A part that may fail by itself: its failure is worded in place, the page goes on."""
    with guarded(current().language):
        yield


@contextmanager
def busy(key: str, **facts: object) -> Iterator[None]:
    """Says what is being done while it is."""
    with st.spinner(current().md(key, **facts), show_time=True):
        yield


def link(
    page: str, label_key: str, *, icon: str | None = None, **codes: str | Sequence[str]
) -> None:
    """A link to another page; `codes` go into its address, so never anything personal."""
    spec = navigation.spec_of(page)
    session = current()
    if spec is None or not spec.path.is_file() or session.access.role not in spec.roles:
        return
    st.page_link(
        spec.path,
        label=session.md(label_key),
        icon=f":material/{icon or spec.icon}:",
        query_params={**to_query(kept()), **_parts(codes)},
    )


_OPENED = ("campaign", "event", "product", "within")


def go(page: str, **filters: Any) -> NoReturn:
    """Opens a page, with filters set: go("customers", segment="champions"); a question of the
    Explore page goes by the parts of its address: go("explore", m="orders", by=["region"]), and so
    does what a page is to open: go("stock", product="105")."""
    question = {name: filters.pop(name) for name in (*QUESTION, *_OPENED) if name in filters}
    choose_later(filters)
    spec = navigation.spec_of(page)
    if spec is None or not spec.path.is_file():
        raise CrmError("no_such_page")
    st.switch_page(spec.path, query_params={**to_query(kept()), **_parts(question)})


def _parts(codes: Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
    return {name: [code] if isinstance(code, str) else list(code) for name, code in codes.items()}
