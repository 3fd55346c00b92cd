"""Computes a view once and keeps it: for this selection, this data, these decisions, this role."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Protocol, TypeVar

import streamlit as st

from crm_core.selection import Selection
from crm_core.ui.session import Session, current

View = TypeVar("View", covariant=True)
MAX_VIEWS = 300


class ViewFunction(Protocol[View]):
    """A headless page: `view(selection, store=…, access=…, **codes)`."""

    __module__: str
    __qualname__: str

    def __call__(self, selection: Selection, /, **given: Any) -> View:
        """Measures what the page shows."""
        ...


def show(view_fn: ViewFunction[View], selection: Selection, **codes: Hashable) -> View:
    """The view's answer, from the cache when nothing it depends on has changed.

    `codes` are further arguments of the view (a query, a page number): small and hashable.
    Never pass a frame: big frames are told apart only by a sample of their rows.
    """
    session = current()
    name = f"{view_fn.__module__}.{view_fn.__qualname__}"
    with st.skeleton(height=240):
        return _computed(
            name, selection, stamp_of(session), tuple(sorted(codes.items())), view_fn, session
        )


def stamp_of(session: Session) -> tuple[Hashable, ...]:
    """What a number depends on besides its question: data, scores, decisions, role."""
    store = session.store
    return (
        session.workspace.store_url,
        store.snapshot,
        store.scores_snapshot,
        session.decisions,
        session.access.role,
    )


@st.cache_data(max_entries=MAX_VIEWS, show_spinner=False)
def _computed(
    name: str,
    selection: Selection,
    stamp: tuple[Hashable, ...],
    codes: tuple[tuple[str, Hashable], ...],
    _view_fn: ViewFunction[View],
    _session: Session,
) -> View:
    return _view_fn(selection, store=_session.store, access=_session.access, **dict(codes))
