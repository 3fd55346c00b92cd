"""Computes a view once and keeps it: for this selection, this data, these decisions, this role."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from crm_core.privacy.policy import Purpose, require
from crm_core.selection import Selection
from crm_core.ui.session import Session, current

View = TypeVar("View")
MAX_VIEWS = 300


def show(
    view_fn: Callable[..., View],
    selection: Selection,
    needs: Purpose = "analyse",
    /,
    **codes: Hashable,
) -> View:
    """The answer of `view(selection, store=…, access=…, **codes)`, kept while nothing changes.

    `codes` are further arguments of the view (a query, a page number): small and hashable.
    Never pass a frame: big frames are told apart only by a sample of their rows. `needs` is what
    one must be allowed to do to see this view; it is asked at every run, kept answer or not.
    Raises: CrmError("privacy_denied", action).
    """
    return show_of(current(), view_fn, selection, needs, **codes)


def show_of(
    session: Session,
    view_fn: Callable[..., View],
    selection: Selection,
    needs: Purpose = "analyse",
    /,
    **codes: Hashable,
) -> View:
    """The same of another store than the page's: that of `session`."""
    require(session.access, needs)
    name = f"{view_fn.__module__}.{view_fn.__qualname__}"
    with st.skeleton(height=240):
        return _computed(
            name, selection, stamp_of(session), tuple(sorted(codes.items())), view_fn, session
        )


def stamp_of(session: Session) -> tuple[Hashable, ...]:
    """What a number depends on besides its question: data, scores, decisions, role, who watches."""
    store = session.store
    return (
        session.workspace.store_url,
        store.snapshot,
        store.scores_snapshot,
        store.meta.without,
        session.decisions,
        session.access.role,
        session.access.present,
    )


@st.cache_data(max_entries=MAX_VIEWS, show_spinner=False)
def _computed(
    name: str,
    selection: Selection,
    stamp: tuple[Hashable, ...],
    codes: tuple[tuple[str, Hashable], ...],
    _view_fn: Callable[..., View],
    _session: Session,
) -> View:
    return _view_fn(selection, store=_session.store, access=_session.access, **dict(codes))
