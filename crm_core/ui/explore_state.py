"""The question of the Explore page: the address says it, and every click writes it anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn
from urllib.parse import parse_qs, urlencode

import streamlit as st

from crm_core.metrics.exploration import NAMES, Exploration, from_query, to_query
from crm_core.ui.address import NAMES as FILTERS
from crm_core.ui.address import kept
from crm_core.ui.address import to_query as filters_to_query

PAGE = "explore"
BEHIND = ("numbers", "orders", "customers")
_BEHIND = "behind"
PIN = "pin"


def asked() -> Exploration:
    """The question that the address asks."""
    return from_query({name: st.query_params.get_all(name) for name in NAMES})


def asked_behind() -> str:
    """What of the answer is looked at: its numbers, or the orders or customers behind them."""
    said = st.query_params.get(_BEHIND, "")
    return said if said in BEHIND else BEHIND[0]


def ask(question: Exploration, *, behind: str = "numbers") -> NoReturn:
    """Makes the address ask this question, and draws the page anew."""
    said = {**to_query(question), **({} if behind == BEHIND[0] else {_BEHIND: [behind]})}
    others = {
        name: st.query_params.get_all(name)
        for name in st.query_params
        if name not in (*NAMES, _BEHIND)
    }
    st.query_params.from_dict({**others, **said})
    st.rerun()


def drilled(question: Exploration, keys: tuple[str, ...], by: str) -> Exploration:
    """The question within one row: its values become filters, and `by` its rows."""
    added = tuple(zip(question.by, keys, strict=False))
    where = (*question.where, *(pair for pair in added if pair not in question.where))
    across = "" if question.across == by else question.across
    return replace(question, where=where, by=(by,) if by else (), across=across)


def risen(question: Exploration, place: int) -> Exploration:
    """The question before the filter at that place was set: its dimension is the rows again."""
    name = question.where[place][0]
    across = "" if question.across == name else question.across
    return replace(question, where=question.where[:place], by=(name,), across=across)


def address_of(question: Exploration, *, pinned: bool) -> str:
    """The question with the filters of the bar, as it is kept under a name."""
    filters = {name: codes for name, codes in filters_to_query(kept()).items() if name != "lang"}
    said = {**filters, **to_query(question), **({PIN: ["1"]} if pinned else {})}
    return f"{PAGE}?{urlencode(said, doseq=True)}"


def kept_query(address: str) -> Mapping[str, list[str]] | None:
    """The parts of a kept address of this page, or None for another page's."""
    page, mark, query = address.partition("?")
    if page != PAGE or not mark:
        return None
    parts = parse_qs(query, keep_blank_values=True)
    return {name: codes for name, codes in parts.items() if name in (*NAMES, *FILTERS, PIN)}
