"""Parts of the coupons page about people: who buys only with a discount, and codes used by people held out."""

from __future__ import annotations

from crm_core.privacy.policy import allowed
from crm_core.ui.audience_builder import edit
from crm_core.ui.fields import button
from crm_core.ui.layout import go, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note, success, warning
from crm_core.views.coupon_people import MOST_CODES, ONLY_DISCOUNTS, habits, held_out

_HABITS = (
    Column("people", "count", "coupons.column.people"),
    Column("share", "rate", "coupons.column.share", help_key="coupons.share_about"),
    Column("orders", "per", "coupons.column.orders_each"),
    Column("revenue", "money", "coupons.column.revenue_each", help_key="coupons.each_about"),
    Column("margin", "money", "coupons.column.margin_each", help_key="coupons.margin_each_about"),
    Column("discount_rate", "rate", "metric.discount_rate.label",
           help_key="metric.discount_rate.about"),
    Column("expected", "money", "coupons.column.expected", help_key="coupons.expected_about"),
)  # fmt: skip
_HELD = (
    Column("code", label_key="coupons.column.name"),
    Column("state", "code", "coupons.column.state", prefix="coupons.state",
           help_key="coupons.state_about"),
    Column("held_orders", "count", "coupons.column.held_orders"),
    Column("held_people", "count", "coupons.column.held_people"),
    Column("held_rate", "rate", "coupons.column.held_rate", help_key="coupons.held_rate_about"),
    Column("written_orders", "count", "coupons.column.written_orders"),
    Column("written_rate", "rate", "coupons.column.written_rate",
           help_key="coupons.written_rate_about"),
)  # fmt: skip


def draw_habits() -> None:
    """People whose every order had a discount, beside the others, and the rule that finds them."""
    session = current()
    view = show(habits, session.selection)
    with panel("coupons.habits", help_key="coupons.habits_about"):
        if not view.people:
            caption("coupons.no_people")
            return
        if view.only is not None and view.only_more is not None:
            caption(
                "coupons.habits_sum",
                only=session.write(view.only, "count"),
                share=session.write(view.only / view.people, "rate"),
                more=session.write(view.only_more, "count"),
            )
        rows = view.rows.assign(
            name=[
                session.t(f"coupons.habit.{habit}.{'once' if once else 'more'}")
                for habit, once in zip(view.rows["habit"], view.rows["once"], strict=True)
            ]
        )
        name = Column("name", label_key="coupons.column.habit", pinned=True, width=250)
        data_table(rows, [name, *_HABITS], key="coupons_habits", alt_key="coupons.habits")
        caption("coupons.habits_caveat")
        if view.only and allowed(session.access, "export"):
            caption("coupons.habits_rule")
            if button("coupons.to_audience", key="coupons_habits", icon="campaign"):
                edit(ONLY_DISCOUNTS)
                go("audiences")


def draw_held_out() -> None:
    """Whether codes of campaigns reached people who were left out by lot; counts alone."""
    session = current()
    view = show(held_out, session.selection, own=_offer_codes())
    with panel("coupons.held_out", help_key="coupons.held_out_about"):
        if not view.campaigns:
            caption("coupons.no_held_out")
            return
        if view.says == "leak":
            leaks = view.rows.loc[view.rows["state"] == "leak", "code"].astype(str)
            warning("coupons.leaks", codes=", ".join(sorted(set(leaks))))
        elif view.says == "clean":
            success("coupons.no_leaks")
        else:
            note("coupons.leaks_hidden" if view.says == "hidden" else "coupons.no_codes_told")
        if view.rows.empty:
            return
        name = Column("campaign", label_key="coupons.column.campaign", width=170)
        data_table(view.rows, [name, *_HELD], key="coupons_held", alt_key="coupons.held_out")
        if view.is_cut:
            caption("coupons.held_out_cut", count=session.write(MOST_CODES, "count"))
        caption("coupons.held_out_note")


def _offer_codes() -> tuple[tuple[str, str], ...]:
    """The codes that campaigns of this shop offered: (campaign, code)."""
    records = current().records
    codes = {offer.id: offer.terms.code for offer in records.offers()}
    told = (
        (each.plan.name, codes.get(each.plan.offer_id or 0, "")) for each in records.campaigns()
    )
    return tuple((name, code) for name, code in told if code)
