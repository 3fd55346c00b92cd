"""Pairs as a picture: a network of ties, or a matrix of how many times as often."""

from __future__ import annotations

from typing import TypeGuard

import pandas as pd
import streamlit as st

from crm_core.charts import heat, network
from crm_core.charts.network import MAX_NODES
from crm_core.ui.fields import switch_choice
from crm_core.ui.layout import columns, draw, panel
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.together_parts import open_pair
from crm_core.ui.words import caption
from crm_core.views.together import Together

_VIEWS = ("network", "matrix")
_IN_MATRIX, _NAME = 10, 16
_CLICKED = "_together_clicked"


def draw_map(view: Together) -> None:
    """The surest pairs as a network or a matrix, with the names of what is numbered in it."""
    session = current()
    pairs = view.held if len(view.held) else view.pairs
    if pairs.empty:
        return
    with panel("together.map", help_key="together.map_about"):
        kind = switch_choice(
            "together.map_label", _VIEWS, key="together_map", prefix="together.map_view"
        )
        most = MAX_NODES if kind == "network" else _IN_MATRIX
        numbers, edges = _numbered(pairs, most)
        left, right = columns(3, 2)
        with left:
            if kind == "network":
                title = session.t("together.map_view.network")
                clicked = draw(
                    network(_nodes(numbers), edges, session.numbers("per")),
                    key=f"together_network_{view.level}",
                    on_click=True,
                    title=title,
                )
                if _is_new(clicked) and clicked.isdecimal() and int(clicked) < len(edges):
                    opened = edges.iloc[int(clicked)]
                    open_pair(view.level, (str(opened["item_a"]), str(opened["item_b"])))
            else:
                title = session.t("together.map_view.matrix")
                chart = heat(_cells(numbers, edges), session.numbers("per"))
                draw(chart, key=f"together_matrix_{view.level}", title=title)
        with right:
            ties = pd.concat([edges["a"], edges["b"]]).value_counts()
            names = _nodes(numbers).assign(ties=lambda f: f["number"].map(ties))
            data_table(
                names,
                [
                    Column("number", "count", "together.column.number", width=60),
                    Column("label", label_key=f"together.level.{view.level}"),
                    Column("ties", "count", "together.column.ties", width=70),
                ],
                key=f"together_names_{view.level}",
                alt_key="together.map_names",
            )
        left_out = len(pairs) - len(edges)
        caption("together.map_note")
        if left_out:
            caption("together.map_left_out", count=session.write(left_out, "count"))


def _is_new(clicked: str | None) -> TypeGuard[str]:
    """Whether a mark was clicked just now: a chart keeps its mark while a table opens another pair."""
    before = st.session_state.get(_CLICKED)
    st.session_state[_CLICKED] = clicked
    return clicked is not None and clicked != before


def _numbered(pairs: pd.DataFrame, most: int) -> tuple[dict[str, int], pd.DataFrame]:
    """The names of the surest pairs with their numbers, and the pairs among those."""
    numbers: dict[str, int] = {}
    kept: list[int] = []
    called: dict[str, str] = {}
    for place, told in enumerate(pairs.to_dict("records")):
        new = [told[side] for side in ("a", "b") if told[side] not in called]
        if len(called) + len(new) > most:
            continue
        called |= {told["a"]: told["name_a"], told["b"]: told["name_b"]}
        kept.append(place)
    place_of = {item: number for number, item in enumerate(called, 1)}
    numbers = {f"{place_of[item]}\x1f{name}": place_of[item] for item, name in called.items()}
    rows = pairs.iloc[kept]
    write = current().numbers("per").write
    edges = pd.DataFrame(
        {
            "a": [place_of[item] for item in rows["a"]],
            "b": [place_of[item] for item in rows["b"]],
            "item_a": rows["a"].tolist(),
            "item_b": rows["b"].tolist(),
            "value": rows["times"].astype(float).tolist(),
            "note": [f"{write(times)} ×" for times in rows["times"]],
            "code": [str(place) for place in range(len(rows))],
        }
    )
    return numbers, edges


def _nodes(numbers: dict[str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "number": list(numbers.values()),
            "label": [key.partition("\x1f")[2] for key in numbers],
        }
    )


def _cells(numbers: dict[str, int], edges: pd.DataFrame) -> pd.DataFrame:
    """Both halves of the matrix; a cell without a pair stays empty."""
    rows = {
        number: f"{number} {_short(key.partition(chr(31))[2])}" for key, number in numbers.items()
    }
    both = pd.concat(
        [edges, edges.rename(columns={"a": "b", "b": "a"})], ignore_index=True
    ).set_index(["a", "b"])["value"]
    cells = [
        {"row": words, "column": str(other), "value": both.get((number, other))}
        for number, words in rows.items()
        for other in rows
    ]
    return pd.DataFrame(cells).astype({"value": "float64"})


def _short(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"
