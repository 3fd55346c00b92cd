"""The form in which a shop says what its files do not: costs, tax and what counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import streamlit as st

from crm_core.privacy.policy import allowed
from crm_core.records import REFUND_DATES, ShopSettings
from crm_core.ui.layout import go, panel
from crm_core.ui.offers_form import recommending
from crm_core.ui.recognition_form import recognition
from crm_core.ui.runner import run_job
from crm_core.ui.session import current
from crm_core.ui.words import flash, note
from crm_core.views.costs import Costs

_STARTS = ("as_found", "yes", "no")


def costs_form(view: Costs) -> None:
    """Draws the form; saving rebuilds the marts and scores under the new settings."""
    session = current()
    may_change = allowed(session.access, "settings") and not is_shared_demo()
    if not may_change:
        note("costs.read_only")
    saved = session.records.shop_settings()
    with st.form("costs", border=False):
        told = _goods(saved, view)
        told = _orders(told, view)
        told = _marketing(told, view)
        told = _ahead(told)
        told = _counting(told, view)
        told = recommending(told, view)
        told = recognition(told)
        pressed = st.form_submit_button(
            session.t("costs.save"), type="primary", disabled=not may_change
        )
    if pressed and may_change:
        session.records.save_shop_settings(told, session.access.user, datetime.now(UTC))
        run_job(["refresh"], store=session.workspace.store_url, title_key="costs.applying")
        flash("costs.saved")
        go("costs")


def is_shared_demo() -> bool:
    """Whether what is looked at is the demo that several visitors share."""
    place = current().workspace
    return place.private and place.is_demo


def _percent(value: Decimal | None) -> float | None:
    return None if value is None else float(value * 100)


def _share(value: float | None) -> Decimal | None:
    return None if value is None else (Decimal(str(value)) / 100).quantize(Decimal("0.000001"))


def _amount(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


def _rates(
    key: str, names: Sequence[str], known: dict[str, Decimal], label: str
) -> dict[str, Decimal]:
    """A small table of names and percentages to fill in."""
    session = current()
    rows = list(dict.fromkeys([*names, *known]))
    frame = pd.DataFrame({"name": rows, "rate": [_percent(known.get(name)) for name in rows]})
    edited = st.data_editor(
        frame.astype({"rate": "float64"}),
        hide_index=True,
        disabled=["name"],
        placeholder="–",
        key=key,
        column_config={
            "name": st.column_config.TextColumn(session.t(label)),
            "rate": st.column_config.NumberColumn(
                session.t("costs.rate"), min_value=0.0, max_value=100.0, format="%.1f%%"
            ),
        },
    )
    return {
        name: share
        for name, value in zip(edited["name"], edited["rate"], strict=True)
        if value == value and (share := _share(value)) is not None
    }


def _goods(saved: ShopSettings, view: Costs) -> ShopSettings:
    session = current()
    with panel("costs.goods", help_key="costs.goods_about"):
        default = st.number_input(
            session.t("costs.default_margin"),
            value=_percent(saved.default_margin),
            min_value=0.0,
            max_value=100.0,
            help=session.t("costs.default_margin_about"),
        )
        names = [name for name in view.categories["category"] if isinstance(name, str)][:50]
        margins = _rates("costs_margins", names, dict(saved.margin_by_category), "costs.category")
    return replace(saved, default_margin=_share(default), margin_by_category=margins)


def _orders(saved: ShopSettings, view: Costs) -> ShopSettings:
    session = current()
    with panel("costs.orders", help_key="costs.orders_about"):
        one, two, three = st.columns(3)
        shipping = one.number_input(
            session.t("costs.shipping"),
            value=None
            if saved.shipping_cost_per_order is None
            else float(saved.shipping_cost_per_order),
            min_value=0.0,
        )
        rate = two.number_input(
            session.t("costs.payment_rate"),
            value=_percent(saved.payment_fee_rate),
            min_value=0.0,
            max_value=100.0,
        )
        fixed = three.number_input(
            session.t("costs.payment_fixed"), value=float(saved.payment_fee_fixed), min_value=0.0
        )
        fees = _rates(
            "costs_channels",
            view.sales_channels,
            dict(saved.marketplace_fee_rate),
            "costs.sales_channel",
        )
    return replace(
        saved,
        shipping_cost_per_order=_amount(shipping),
        payment_fee_rate=_share(rate) or Decimal(0),
        payment_fee_fixed=_amount(fixed) or Decimal(0),
        marketplace_fee_rate=fees,
    )


def _marketing(saved: ShopSettings, view: Costs) -> ShopSettings:
    session = current()
    with panel("costs.marketing", help_key="costs.marketing_about"):
        rows = [
            {"month": month, "source": source, "amount": float(amount)}
            for month, sources in saved.marketing_spend.items()
            for source, amount in sources.items()
        ]
        edited = st.data_editor(
            pd.DataFrame(rows, columns=["month", "source", "amount"]).astype(
                {"month": "str", "source": "str", "amount": "float64"}
            ),
            num_rows="dynamic",
            hide_index=True,
            key="costs_marketing",
            column_config={
                "month": st.column_config.SelectboxColumn(
                    session.t("costs.month"), options=list(reversed(view.months)), required=True
                ),
                "source": st.column_config.TextColumn(
                    session.t("costs.source"), required=True, max_chars=60
                ),
                "amount": st.column_config.NumberColumn(
                    session.t("costs.amount"), min_value=0.0, required=True, format="%.2f"
                ),
            },
        )
    return replace(saved, marketing_spend=_spend(edited))


def _ahead(saved: ShopSettings) -> ShopSettings:
    session = current()
    with panel("costs.ahead", help_key="costs.ahead_about"):
        rate = st.number_input(
            session.t("costs.discount_rate"),
            value=_percent(saved.discount_rate),
            min_value=0.0,
            max_value=100.0,
        )
    return replace(saved, discount_rate=_share(rate) or Decimal(0))


def _spend(edited: pd.DataFrame) -> dict[str, dict[str, Decimal]]:
    """Month -> source -> amount; two rows of one source in a month add up."""
    spend: dict[str, dict[str, Decimal]] = {}
    for row in edited.dropna().to_dict(orient="records"):
        month, source = spend.setdefault(str(row["month"]), {}), str(row["source"]).strip()
        amount = Decimal(str(row["amount"])).quantize(Decimal("0.01"))
        month[source] = month.get(source, Decimal(0)) + amount
    return spend


def _counting(saved: ShopSettings, view: Costs) -> ShopSettings:
    session = current()
    with panel("costs.counting", help_key="costs.counting_about"):
        found = [status for status in view.statuses["status"] if isinstance(status, str)]
        statuses = list(dict.fromkeys([*found, *saved.uncounted_statuses]))
        uncounted = st.multiselect(
            session.t("costs.uncounted"),
            statuses,
            default=list(saved.uncounted_statuses),
            format_func=lambda code: session.word("costs.status", code),
        )
        internal = st.text_area(
            session.t("costs.internal"),
            value="\n".join(saved.internal_buyers),
            help=session.t("costs.internal_about"),
            max_chars=5_000,
        )
        included = st.toggle(session.t("costs.tax_included"), value=saved.tax_included)
        tax = st.number_input(
            session.t("costs.tax_rate"),
            value=_percent(saved.tax_rate),
            min_value=0.0,
            max_value=100.0,
        )
        refunds = st.segmented_control(
            session.t("costs.refund_date"),
            REFUND_DATES,
            default=saved.refund_date,
            required=True,
            format_func=lambda code: session.t(f"costs.refund_day.{code}"),
            help=session.t("costs.refund_date_about"),
        )
        said = {None: "as_found", True: "yes", False: "no"}[saved.starts_with_shop]
        starts = st.segmented_control(
            session.t("costs.starts_with_shop"),
            _STARTS,
            default=said,
            required=True,
            format_func=lambda code: session.t(f"costs.starts.{code}"),
            help=session.t("costs.starts_about"),
        )
    return replace(
        saved,
        uncounted_statuses=tuple(uncounted),
        internal_buyers=tuple(line.strip() for line in internal.splitlines() if line.strip()),
        tax_included=included,
        tax_rate=_share(tax) or Decimal(0),
        refund_date=refunds or saved.refund_date,
        starts_with_shop={"as_found": None, "yes": True, "no": False}[starts or "as_found"],
    )
