"""Parts of a page that are drawn anew by themselves: the script before them does not run then, so
who looks is asked again here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from crm_core.errors import CrmError
from crm_core.ui.door import still_admitted
from crm_core.ui.session import begin, current

Given = ParamSpec("Given")


def piece(draw: Callable[Given, None], *, every: float | None = None) -> Callable[Given, None]:
    """A part of a page that is drawn anew alone, after a click inside or `every` so many seconds.

    Whoever was signed out or removed since is led to the whole page, which refuses them.
    """

    @wraps(draw)
    def admitted(*args: Given.args, **named: Given.kwargs) -> None:
        try:
            begin(still_admitted(current()))
        except CrmError:
            st.rerun()
        draw(*args, **named)

    return st.fragment(run_every=every)(admitted)
