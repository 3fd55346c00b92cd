"""Parts of the profit page: the whole, its parts, one of them opened, and what loses money."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crm_core.charts import bars
from crm_core.metrics import MESSAGE_DAYS
from crm_core.selection import segment_code
from crm_core.text import formats
from crm_core.ui.audience_builder import edit
from crm_core.ui.fields import button
from crm_core.ui.kpi import figures
from crm_core.ui.layout import draw, go, link, panel, row
from crm_core.ui.navigation import spec_of
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table
from crm_core.ui.waterfall_parts import draw_bars
from crm_core.ui.words import caption, note
from crm_core.views.code_words import segment_name
from crm_core.views.losing_customers import losing_customers
from crm_core.views.profit import Profit, losing_products, part_bars

_IN_CHART = 10
_FILTERED = ("category", "sales_channel", "region")
_MONEY = (
    Column("revenue", "money", "metric.revenue.label", help_key="metric.revenue.about"),
    Column("contribution", "money", "metric.contribution.label",
           help_key="metric.contribution.about"),
    Column("contribution_rate", "rate", "metric.contribution_rate.label",
           help_key="metric.contribution_rate.about"),
    Column("refunds", "money", "waterfall.bar.refunds", help_key="metric.refunds.about"),
    Column("goods_cost", "money", "waterfall.bar.goods_cost", help_key="metric.goods_cost.about"),
    Column("shipping", "money", "waterfall.bar.shipping", help_key="profit.shipping_about"),
    Column("fees", "money", "waterfall.bar.fees", help_key="metric.fees.about"),
    Column("service_cost", "money", "waterfall.bar.service_cost", help_key="metric.service_cost.about"),
    Column("marketing_cost", "money", "waterfall.bar.marketing_cost",
           help_key="metric.marketing_cost.about"),
    Column("refund_rate", "rate", "metric.refund_rate.label", help_key="metric.refund_rate.about"),
)  # fmt: skip
_WHY = (
    Column("revenue", "money", "metric.revenue.label", help_key="metric.revenue.about"),
    Column("contribution", "cents", "metric.contribution.label",
           help_key="metric.contribution.about"),
    Column("reason", "code", "profit.column.reason", prefix="waterfall.bar",
           help_key="profit.reason_about"),
    Column("share", "rate", "profit.column.share", help_key="profit.share_about"),
    Column("usual", "rate", "profit.column.usual", help_key="profit.usual_about"),
)  # fmt: skip


def draw_whole(view: Profit) -> None:
    """The whole in four figures, and what cannot be said of it."""
    session = current()
    names = ("revenue", "contribution", "contribution_rate", "refund_rate")
    units = ("money", "money", "rate", "rate")
    figures(
        [
            (f"metric.{name}.label", view.totals[name], unit)
            for name, unit in zip(names, units, strict=True)
        ]
    )
    if view.totals["contribution"] is None:
        share = formats.percent(view.totals["known_cost_share"] or 0.0, session.language)
        note("profit.no_costs", share=share)
    chosen = session.selection
    if chosen.shop or chosen.category or chosen.sales_channel or chosen.region or chosen.segment:
        caption("profit.filtered")


def draw_waterfall(view: Profit) -> None:
    """From the revenue of everything to what is left."""
    with panel("profit.whole", help_key="profit.whole_about"):
        draw_bars(view.bars, place="profit_whole")
        caption("profit.basis_about")
        if view.bars[-1].amount is None:
            caption("waterfall.unknown")


def draw_parts_chart(view: Profit) -> str | None:
    """What each part leaves, and what belongs to none; the part just clicked."""
    session = current()
    parts = view.of_kind("part").head(_IN_CHART)
    rest = view.rows[view.rows["kind"].isin(("unknown", "not_split"))]
    shown = pd.concat([parts, rest])
    shown = shown[shown["contribution"].notna()]
    with panel(f"profit.by.{view.angle}", help_key="profit.by_about"):
        if shown.empty:
            caption("profit.nothing_known")
            return None
        frame = pd.DataFrame(
            {
                "label": row_words(shown, view.angle),
                "value": shown["contribution"].tolist(),
                "code": shown["part"].tolist(),
            }
        )
        clicked = draw(
            bars(frame, session.numbers("money")),
            key=f"profit_{view.angle}",
            on_click=True,
            title=session.t(f"profit.by.{view.angle}"),
        )
        caption("profit.click")
    return clicked


def draw_table(view: Profit) -> str | None:
    """Every part with its money, then the rest and the total; the part just opened."""
    session = current()
    totals: dict[str, Any] = {**view.totals, **{bar.part: bar.amount for bar in view.bars}}
    whole = pd.DataFrame([{**totals, "kind": "total", "part": None, "parts": 1}])
    rows = pd.concat([view.rows, whole.dropna(axis="columns", how="all")], ignore_index=True)
    rows["label"] = row_words(rows, view.angle)
    with panel("profit.table", help_key="profit.table_about"):
        name = Column("label", label_key=f"profit.angle.{view.angle}")
        opened = data_table(
            rows, [name, *_MONEY], key=f"profit_{view.angle}", alt_key="profit.table", on_click=True
        )
        if view.angle == "campaign":
            caption("profit.campaign_about", days=MESSAGE_DAYS)
        if len(view.of_kind("not_split")):
            caption(f"profit.not_split_about.{view.angle}")
        start, end = (
            formats.day(d, session.language) for d in (view.period.start, view.period.end)
        )
        caption("profit.days", start=start, end=end)
    part = opened["part"] if opened else None
    return part if isinstance(part, str) else None


def draw_part(view: Profit, part: str) -> None:
    """One part from its revenue to what is left, and the ways on from it."""
    session = current()
    rows = view.rows[view.rows["part"] == part]
    if rows.empty:
        return
    name = row_words(rows, view.angle)[0]
    with panel("profit.part", help_key="profit.part_about", part=name):
        found = show(part_bars, session.selection, angle=view.angle, part=part)
        draw_bars(found, place=f"profit_part_{view.angle}")
        with row():
            _ways(view.angle, part)


def draw_losing_products() -> None:
    """Products that cost more than they brought, with what makes them so."""
    session = current()
    view = show(losing_products, session.selection)
    with panel("profit.products", help_key="profit.products_about"):
        if not view.count:
            caption("profit.no_products")
            return
        caption(
            "profit.products_sum", count=view.count, amount=session.write(-view.amount, "money")
        )
        name = Column("name", label_key="profit.angle.product")
        data_table(view.rows, [name, *_WHY], key="profit_products", alt_key="profit.products")


def draw_losing_customers() -> None:
    """Customers who cost more than they brought so far, and the way to Audiences."""
    session = current()
    view = show(losing_customers, session.selection)
    with panel("profit.customers", help_key="profit.customers_about"):
        if not view.known:
            caption("profit.customers_unknown")
            return
        caption(
            "profit.customers_sum",
            count=formats.number(view.count, session.language),
            known=formats.number(view.known, session.language),
            amount=session.write(-view.amount, "money"),
            day=formats.day(view.as_of, session.language),
        )
        customer_table(view.rows, list(_WHY), key="profit_customers", alt_key="profit.customers")
        spec = spec_of("audiences")
        if view.count and spec is not None and session.access.role in spec.roles:
            caption("profit.to_audience_about")
            if button("profit.to_audience", key="profit_audience", icon="campaign"):
                edit(view.rule)
                go("audiences")


def row_words(rows: pd.DataFrame, angle: str) -> list[str]:
    """What each row is called: a part by its own name, the others by what they are."""
    return [
        _part_words(angle, part, name) if kind == "part" else _kind_words(angle, kind, int(parts))
        for kind, part, name, parts in zip(
            rows["kind"], rows["part"], rows["name"], rows["parts"], strict=True
        )
    ]


def _part_words(angle: str, part: str, name: object) -> str:
    session = current()
    if angle == "segment":
        stage, _, tier = part.partition("/")
        known = (("stage", stage), ("value", tier))
        names = [segment_name(segment_code(n, v), session.language) or v for n, v in known if v]
        return session.t("segments.joined", stage=names[0], tier=names[1]) if tier else names[0]
    if angle == "product":
        return name if isinstance(name, str) else part
    return part


def _kind_words(angle: str, kind: str, parts: int) -> str:
    session = current()
    if kind == "others":
        return session.t("profit.kind.others", count=formats.number(parts, session.language))
    if kind == "unknown":
        return session.t(f"profit.unknown.{angle}")
    return session.t(f"profit.kind.{kind}")


def _ways(angle: str, part: str) -> None:
    if angle in _FILTERED and button("profit.narrow", key=f"profit_{angle}", icon="filter_alt"):
        go("profit", **{angle: part})
    if angle == "segment":
        stage, _, tier = part.partition("/")
        codes = [segment_code(n, v) for n, v in (("stage", stage), ("value", tier)) if v]
        if button("profit.to_customers", key="profit_segment", icon="group"):
            go("customers", segment=tuple(codes))
    else:
        link("explore", "profit.to_explore", m="contribution", by="month", f=f"{angle}:{part}")
