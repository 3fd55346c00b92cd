"""The cell or tenth of a chart that opened the list of customers, and the way back to all."""

from __future__ import annotations

import streamlit as st

from crm_core.text import formats
from crm_core.ui.fields import button
from crm_core.ui.layout import row
from crm_core.ui.session import current
from crm_core.views.within import AHEAD, Within, read_within

WITHIN = "within"


def asked_within() -> tuple[Within, ...]:
    """Draws within what bounds the address asks for customers, and takes them away on demand."""
    found = [read_within(code) for code in dict.fromkeys(st.query_params.get_all(WITHIN))]
    bounds = tuple(each for each in found if each is not None)
    if bounds:
        with row(align="center"):
            st.caption(" · ".join(_told(each) for each in bounds), width="content")
            if button("customers.within.remove", key="customers_within", icon="close"):
                del st.query_params[WITHIN]
                st.rerun()
    return bounds


def _told(asked: Within) -> str:
    session = current()
    if asked.measure not in AHEAD:
        score = formats.number(asked.low, session.language)
        return session.md(f"customers.within.{asked.measure}", score=score)
    worth, days = AHEAD[asked.measure]
    low, high = (session.write(each, "money") for each in (asked.low, asked.high))
    return session.md(f"customers.within.{worth}", days=days, low=low, high=high)
