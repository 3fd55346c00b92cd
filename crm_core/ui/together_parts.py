"""Parts of the page of pairs: what was looked at, the pairs, and one of them with its reasons and orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.privacy.policy import allowed
from crm_core.text import formats
from crm_core.ui.audience_builder import edit
from crm_core.ui.explore_words import value_name
from crm_core.ui.fields import button
from crm_core.ui.kpi import figures
from crm_core.ui.layout import columns, details_box, go, panel
from crm_core.ui.order_table import order_table
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table, pager
from crm_core.ui.words import caption, empty_state, note, pairs, paragraph, warning
from crm_core.views.together import Together, pair_orders

_SIZE = 25
_PAIRS = (
    Column("baskets_both", "count", "together.column.both", help_key="together.both_about"),
    Column("expected_both", "number", "together.column.expected",
           help_key="together.expected_about"),
    Column("times", "per", "together.column.times", help_key="together.times_about"),
    Column("range", label_key="together.column.range", help_key="together.range_about"),
    Column("extra", "number", "together.column.extra", help_key="together.extra_about"),
    Column("extra_margin", "money", "together.column.extra_margin",
           help_key="together.extra_margin_about"),
    Column("ahead", "rate", "together.column.ahead", help_key="together.ahead_about"),
    Column("customers_both", "count", "together.column.customers"),
    Column("stable", "switch", "together.column.stable", help_key="together.stable_about"),
)  # fmt: skip
_WHY = Column("explained_by", "code", "together.column.explained", prefix="together.reason",
              help_key="together.explained_about")  # fmt: skip
_ORDERS = (
    Column("channel", label_key="dimension.sales_channel.label"),
    Column("revenue", "cents", "metric.revenue.label", help_key="metric.revenue.about"),
    Column("of_pair", "cents", "together.column.of_pair"),
)


def draw_missing(view: Together) -> None:
    """Why there are no pairs, and what to import."""
    known = {"baskets", "products", "baskets_of_several"} <= set(view.facts)
    if view.missing == "not_enough_data" and known:
        facts = {name: int(str(value)) for name, value in view.facts.items() if name != "model"}
        empty_state("together.few", page="imports", action_key="together.to_imports", **facts)
    else:
        empty_state("together.none", page="imports", action_key="together.to_imports")


def draw_numbers(view: Together) -> None:
    """How much was looked at, and what to beware of."""
    session = current()
    seen = view.seen
    figures(
        [
            ("together.figure.baskets", float(seen["baskets"]), "count"),
            (
                "together.figure.several",
                1 - seen["single_baskets"] / max(seen["baskets"], 1),
                "rate",
            ),
            ("together.figure.possible", float(seen["possible_pairs"]), "count"),
            ("together.figure.holding", float(len(view.held)), "count"),
        ]
    )
    days = {name: formats.day(pd.Timestamp(seen[f"{name}_day"]).date(), session.language)
            for name in ("from", "to")}  # fmt: skip
    caption(
        "together.seen",
        start=days["from"],
        end=days["to"],
        items=session.write(seen["items"], "count"),
    )
    if seen["capped_baskets"]:
        caption("together.capped", count=session.write(seen["capped_baskets"], "count"),
                largest=session.write(seen["largest"], "count"))  # fmt: skip
    for code in view.warnings if view.level == "product" else ():
        warning(f"baskets.warning.{code}")


def draw_pairs(view: Together) -> None:
    """The pairs, the surest first; selecting one opens it."""
    session = current()
    with panel("together.pairs", help_key="together.pairs_about"):
        if view.pairs.empty:
            note("together.no_pairs_explained" if view.explained else "together.no_pairs")
        else:
            _open(
                _table(
                    view.pairs,
                    "together_pairs",
                    "together.pairs",
                    why=not view.pairs.equals(view.held),
                ),
                view.level,
            )
        if view.explained and len(view.held) == len(view.pairs):
            caption("together.explained_hidden", count=session.write(view.explained, "count"))
        if view.few:
            caption("together.few_people", count=session.write(view.few, "count"))


def draw_instead(view: Together) -> None:
    """What is bought instead of each other."""
    with panel("together.instead", help_key="together.instead_about"):
        if view.instead.empty:
            caption("together.no_instead")
            return
        why = bool(view.instead["explained"].any())
        _open(_table(view.instead, "together_instead", "together.instead", why=why), view.level)
        caption("together.instead_caveat")


def draw_triples(view: Together) -> None:
    """Three things in one basket, beyond what their pairs explain."""
    session = current()
    with panel("together.triples", help_key="together.triples_about"):
        if view.triples.empty:
            caption("together.no_triples")
            return
        names = [
            " + ".join(str(each) for each in told)
            for told in view.triples[["name_a", "name_b", "name_c"]].itertuples(index=False)
        ]
        data_table(
            view.triples.assign(name=names),
            [
                Column("name", label_key="together.column.triple", width=330),
                Column("baskets", "count", "together.column.all_three"),
                Column("expected", "number", "together.column.by_pairs",
                       help_key="together.by_pairs_about"),
                Column("lift", "per", "together.column.times"),
                Column("customers", "count", "together.column.customers"),
            ],
            key=f"together_triples_{view.level}",
            alt_key="together.triples",
        )  # fmt: skip
        caption("together.triples_note", count=session.write(len(view.triples), "count"))


def _table(rows: pd.DataFrame, key: str, alt_key: str, *, why: bool) -> dict[str, Any] | None:
    session = current()
    numbers = session.numbers("per")
    told = rows.assign(
        name=[f"{a} + {b}" for a, b in zip(rows["name_a"], rows["name_b"], strict=True)],
        range=[
            "" if low != low or high != high else f"{numbers.write(low)} – {numbers.write(high)}"
            for low, high in zip(rows["times_low"], rows["times_high"], strict=True)
        ],
    )
    shown = [Column("name", label_key="together.column.pair", width=290), *_PAIRS]
    shown += [_WHY] if why else []
    return data_table(told, shown, key=key, alt_key=alt_key, on_click=True)


def _opened_key(level: str) -> str:
    return f"_together_{level}"


def _open(row_: Mapping[str, Any] | None, level: str) -> None:
    if row_:
        st.session_state[_opened_key(level)] = (str(row_["a"]), str(row_["b"]))


def open_pair(level: str, pair: tuple[str, str]) -> None:
    """Opens a pair, as a click in a chart does."""
    st.session_state[_opened_key(level)] = pair


def draw_pair(view: Together) -> None:
    """One pair: why it is named, in words; its orders; who bought the one and not the other."""
    rows = pd.concat([view.pairs, view.instead], ignore_index=True)
    if rows.empty:
        return
    opened = st.session_state.get(_opened_key(view.level))
    mine = rows[[pair == opened for pair in zip(rows["a"], rows["b"], strict=True)]]
    told: dict[str, Any] = {str(k): v for k, v in (mine if len(mine) else rows).iloc[0].items()}
    with panel("together.pair", a=str(told["name_a"]), b=str(told["name_b"])):
        _draw_reasons(told, view)
        _draw_orders(told, view.level)


def _draw_reasons(told: Mapping[str, Any], view: Together) -> None:
    session = current()
    a, b = str(told["name_a"]), str(told["name_b"])
    write = session.write
    paragraph(
        f"together.why.{told['kind']}",
        both=write(told["baskets_both"], "count"),
        people=write(told["customers_both"], "count"),
        expected=formats.number(told["expected_both"], session.language, 1),
        times=write(told["times"], "per"),
        low=write(told["times_low"], "per"),
        high=write(told["times_high"], "per"),
    )
    paragraph("together.why.shares", a=a, b=b, ab=write(told["confidence_ab"], "rate"),
              ba=write(told["confidence_ba"], "rate"))  # fmt: skip
    if told["kind"] == "together":
        extra = formats.number(told["extra"], session.language, 2)
        if told["extra_margin"] == told["extra_margin"]:
            paragraph(
                "together.why.extra_margin",
                extra=extra,
                margin=write(told["extra_margin"], "money"),
            )
        else:
            paragraph("together.why.extra", extra=extra)
    paragraph("together.why.stable" if told["stable"] else "together.why.unstable")
    if told["explained"]:
        third = {"third": str(told["name_via"])} if told["explained_by"] == "third" else {}
        note(f"together.why.explained_{told['explained_by']}", **third)
    else:
        paragraph("together.why.unexplained")
    with details_box("together.details"):
        pairs(
            [
                ("together.detail.baskets", write(view.seen["baskets"], "count")),
                ("together.detail.baskets_a", f"{a}: {write(told['baskets_a'], 'count')}"),
                ("together.detail.baskets_b", f"{b}: {write(told['baskets_b'], 'count')}"),
                ("together.detail.support", formats.percent(told["support"], session.language, 2)),
                ("together.detail.lift", _lift(told)),
                (
                    "together.detail.leverage",
                    formats.number(told["extra_per_1000"], session.language, 2),
                ),
                ("together.detail.q", _small(told["q_value"])),
                ("together.detail.q_given", _small(told["q_given"])),
            ]
        )
        caption("together.details_about")


def _lift(told: Mapping[str, Any]) -> str:
    write = current().numbers("per").write
    return f"{write(told['lift'])} ({write(told['lift_low'])} – {write(told['lift_high'])})"


def _small(value: float) -> str:
    """A chance, which may be too small to be written out."""
    return "< 0.0001" if value < 0.0001 else formats.number(value, current().language, 4)


def _draw_orders(told: Mapping[str, Any], level: str) -> None:
    session = current()
    pair = (str(told["a"]), str(told["b"]))
    first = show(pair_orders, session.selection, level=level, pair=pair, size=_SIZE)
    if first.is_hidden:
        note("explore.too_few")
        return
    caption("together.orders_about", total=session.write(first.total, "count"),
            people=session.write(first.customers, "count"))  # fmt: skip
    place = st.container()
    page, size = pager(first.total, key="together_orders", size=_SIZE)
    found = show(pair_orders, session.selection, level=level, pair=pair, page=page, size=size)
    with place:
        codes = found.rows["sales_channel"].fillna("").astype(str)
        named = [value_name("sales_channel", code, {}) for code in codes]
        order_table(
            found.rows.assign(channel=named),
            _ORDERS,
            key="together_orders",
            alt_key="together.orders_alt",
        )
    if first.people is None or not allowed(session.access, "export"):
        return
    names = (str(told["name_a"]), str(told["name_b"]))
    for place_, (side, rule) in enumerate(zip(columns(1, 1), first.rules, strict=True)):
        one, other = names[place_], names[1 - place_]
        with side:
            count = session.write(first.people[place_], "count")
            caption("together.bought_not", one=one, other=other, count=count)
            if button("together.to_audience", key=f"together_rule_{place_}", icon="campaign"):
                edit(rule)
                go("audiences")
