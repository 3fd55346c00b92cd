"""Form fields with translated labels. What they return is checked again by whoever uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Literal

import streamlit as st

from crm_core.ui.session import current


def number_field(
    label_key: str,
    *,
    key: str,
    value: float | None = None,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    help_key: str | None = None,
    **facts: object,
) -> float | None:
    """A number, or None while empty; `facts` fill its label."""
    session = current()
    given: Any = st.number_input(
        session.md(label_key, **facts),
        value=value,
        min_value=low,
        max_value=high,
        step=step,
        key=key,
        help=session.maybe(help_key),
    )
    return given


def choice_field(
    label_key: str,
    codes: Sequence[str],
    *,
    key: str,
    prefix: str | None = None,
    value: str | None = None,
    help_key: str | None = None,
) -> str | None:
    """One of some codes, worded by `<prefix>.<code>` (or as they stand)."""
    session = current()
    return st.selectbox(
        session.md(label_key),
        list(codes),
        index=list(codes).index(value) if value is not None and value in codes else 0,
        format_func=lambda code: session.word(prefix, code) if prefix else str(code),
        key=key,
        help=session.maybe(help_key),
        persist_state="session",
    )


def switch_choice(
    label_key: str,
    codes: Sequence[str],
    *,
    key: str,
    prefix: str,
    value: str | None = None,
) -> str:
    """One of two to five codes, all of them visible; `value` or the first is chosen at first."""
    session = current()
    chosen = st.segmented_control(
        session.md(label_key),
        list(codes),
        default=value if value is not None and value in codes else codes[0],
        required=True,
        format_func=lambda code: session.word(prefix, code),
        key=key,
        persist_state="session",
    )
    return chosen if chosen in codes else codes[0]


def choices_field(
    label_key: str,
    codes: Sequence[str],
    *,
    key: str,
    prefix: str | None = None,
    value: Sequence[str] = (),
    help_key: str | None = None,
) -> tuple[str, ...]:
    """Any of some codes."""
    session = current()
    chosen = st.multiselect(
        session.md(label_key),
        list(codes),
        default=[code for code in value if code in codes],
        format_func=lambda code: session.word(prefix, code) if prefix else str(code),
        placeholder=session.t("filters.all"),
        key=key,
        help=session.maybe(help_key),
        persist_state="session",
    )
    return tuple(code for code in chosen if code in codes)


def text_field(
    label_key: str,
    *,
    key: str,
    value: str = "",
    hint_key: str | None = None,
    help_key: str | None = None,
    kind: Literal["default", "search", "email"] = "default",
    max_chars: int = 200,
) -> str:
    """Words, trimmed."""
    session = current()
    given = st.text_input(
        session.md(label_key),
        value=value,
        key=key,
        type=kind,
        max_chars=max_chars,
        placeholder=session.t(hint_key) if hint_key else None,
        help=session.maybe(help_key),
        icon=":material/search:" if kind == "search" else None,
    )
    return (given or "").strip()


def long_text_field(label_key: str, *, key: str, value: str = "", lines: int = 4) -> str:
    """Several lines of words."""
    given = st.text_area(
        current().md(label_key), value=value, key=key, height=28 + 24 * lines, max_chars=5_000
    )
    return given or ""


def switch_field(
    label_key: str, *, key: str, value: bool = False, help_key: str | None = None
) -> bool:
    """On or off."""
    session = current()
    return st.toggle(session.md(label_key), value=value, key=key, help=session.maybe(help_key))


def day_field(
    label_key: str,
    *,
    key: str,
    value: date | None = None,
    low: date | None = None,
    high: date | None = None,
) -> date | None:
    """A day, or None while empty."""
    given = st.date_input(
        current().md(label_key),
        value=value,
        min_value=low,
        max_value=high,
        key=key,
        format="YYYY-MM-DD",
    )
    return given if isinstance(given, date) else None


def file_field(
    label_key: str, *, key: str, kinds: Sequence[str], help_key: str | None = None
) -> Any:
    """A file from the viewer's machine: `.name` (never a path), `.getbuffer()`; or None."""
    session = current()
    return st.file_uploader(
        session.md(label_key),
        type=list(kinds),
        key=key,
        max_upload_size=session.settings.max_upload_mb,
        help=session.maybe(help_key),
    )


def button(
    label_key: str,
    *,
    key: str,
    main: bool = False,
    icon: str | None = None,
    disabled_reason_key: str | None = None,
) -> bool:
    """Whether it was just pressed. With a reason it cannot be, and says why."""
    session = current()
    return st.button(
        session.md(label_key),
        key=key,
        type="primary" if main else "secondary",
        icon=f":material/{icon}:" if icon else None,
        disabled=disabled_reason_key is not None,
        help=session.maybe(disabled_reason_key),
    )


@contextmanager
def form(key: str) -> Iterator[None]:
    """Fields that take effect together, when `submit` is pressed."""
    with st.form(key, border=False):
        yield


def submit(label_key: str, *, disabled_reason_key: str | None = None) -> bool:
    """The button of a form."""
    session = current()
    return st.form_submit_button(
        session.md(label_key),
        type="primary",
        disabled=disabled_reason_key is not None,
        help=session.maybe(disabled_reason_key),
    )
