"""Where failures stop: expected ones in words, others as a number for the log."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from crm_core.errors import CrmError, disk_error
from crm_core.privacy.escape import md_escape
from crm_core.text import error_text, t

_log = logging.getLogger("clientele")


@contextmanager
def guarded(language: str) -> Iterator[None]:
    """Runs a piece of the page; whatever fails inside is shown in its place, never raised.

    A `CrmError` is worded, and so is what a disk refused. Anything else becomes an error number;
    the log gets the number, the kind of error and the places in the code, never its message, which
    may hold personal data.
    """
    try:
        yield
    except CrmError as error:
        show_error(error, language)
    except Exception as error:
        number = log_failure(error)
        known = disk_error(error)
        if known is not None:
            show_error(known, language)
            return
        _show(t("error.unexpected", language, code=number), language)


def log_failure(error: BaseException) -> str:
    """Logs an unexpected failure and returns the number it got."""
    number = secrets.token_hex(4)
    _log.error("%s", log_line(number, error))
    return number


def show_error(error: CrmError, language: str) -> None:
    """An expected failure, with what to do about it."""
    inert = {
        name: md_escape(fact) if isinstance(fact, str) else fact
        for name, fact in error.facts.items()
    }
    _show(error_text(CrmError(error.code, **inert), language), language)


def _show(words: str, language: str) -> None:
    st.error(words, title=t("error.title", language), icon=":material/error:")


def log_line(number: str, error: BaseException) -> str:
    """What the log says of a failure: no message, no values.

    >>> log_line("ab12", ValueError("secret@example.com"))
    'error ab12: ValueError at unknown'
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    files = f" ({frames[-1].filename})" if frames else ""
    return f"error {number}: {type(error).__name__} at {places or 'unknown'}{files}"
