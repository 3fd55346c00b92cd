"""Choices that a page's address carries beside the filters: codes, and nothing for the usual one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st


def said(name: str, codes: Sequence[str], usual: str = "") -> str:
    """The code that the address says; the usual one (the first, if none is named) where it says
    none of these."""
    usual = usual or codes[0]
    found = st.query_params.get(name, usual)
    return found if found in codes else usual


def say(name: str, code: str, usual: str) -> str:
    """Makes the address say a code; gives it back."""
    if code == usual:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != code:
        st.query_params[name] = code
    return code
