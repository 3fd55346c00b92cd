"""Parts of the funnel page: its steps, its sources, its days, and what was left behind."""

from __future__ import annotations

from crm_core.charts import bars, line_compare
from crm_core.features import LEFT_DAYS
from crm_core.metrics import SESSION_SECONDS
from crm_core.text import formats
from crm_core.ui.audience_builder import edit
from crm_core.ui.fields import button
from crm_core.ui.kpi import kpis
from crm_core.ui.layout import columns, draw, go, panel, row
from crm_core.ui.navigation import spec_of
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note
from crm_core.views.funnel import LEFT, UNKNOWN, Funnel, left, left_rule

_STEPS = (
    Column("visitors", "count", "funnel.column.visitors", help_key="funnel.visitors_about"),
    Column("of_before", "rate", "funnel.column.of_before", help_key="funnel.of_before_about"),
    Column("of_visits", "rate", "funnel.column.of_visits", help_key="funnel.of_visits_about"),
)
_BEFORE = (
    Column("previous", "count", "funnel.column.previous"),
    Column("previous_of_visits", "rate", "funnel.column.previous_of_visits"),
)
_PARTS = (
    Column("visit", "count", "funnel.step.visit", help_key="funnel.visitors_about"),
    Column("view", "count", "funnel.step.view"),
    Column("cart", "count", "funnel.step.cart"),
    Column("order", "count", "funnel.step.order"),
    Column("rate", "rate", "funnel.column.of_visits", help_key="funnel.of_visits_about"),
)


def draw_numbers(view: Funnel) -> None:
    """The figures, and for which visits they speak."""
    session = current()
    kpis(view.cards)
    visitors = view.cards[0].value or 0.0
    caption(
        "funnel.known",
        known=formats.number(view.known, session.language),
        share=formats.percent(view.known / visitors if visitors else 0.0, session.language),
        minutes=SESSION_SECONDS // 60,
    )
    if view.nameless:
        caption("funnel.nameless", count=formats.number(view.nameless, session.language))
    if view.is_cut and view.period is not None:
        start, end = (
            formats.day(d, session.language) for d in (view.period.start, view.period.end)
        )
        note("funnel.cut", start=start, end=end)


def draw_steps(view: Funnel) -> None:
    """How many come how far, beside the compared period."""
    session = current()
    compared = view.compared is not None
    labels = [session.t(f"funnel.step.{step}") for step in view.steps["step"]]
    frame = view.steps.assign(label=labels, value=view.steps["visitors"])
    with panel("funnel.steps", help_key="funnel.steps_about"):
        draw(
            bars(frame, session.numbers("count"), previous=compared),
            key="funnel_steps",
            title=session.t("funnel.steps"),
        )
        data_table(
            frame,
            [
                Column("label", label_key="funnel.column.step"),
                *_STEPS,
                *(_BEFORE if compared else ()),
            ],
            key="funnel_steps",
            alt_key="funnel.steps",
        )
        if frame["visitors"].iloc[0] == frame["visitors"].iloc[1]:
            caption("funnel.all_view")


def draw_days(view: Funnel) -> None:
    """Visitors of each day, and the share of them who ordered."""
    session = current()
    days = view.days
    kinds = (("visitors", "previous", "count"), ("rate", "previous_rate", "rate"))
    for place, (name, previous, unit) in zip(columns(1, 1), kinds, strict=True):
        frame = days[["day", "previous_day"]].assign(value=days[name], previous=days[previous])
        with place, panel(f"funnel.days.{name}", help_key=f"funnel.days_about.{name}"):
            draw(
                line_compare(frame, session.numbers(unit)),
                key=f"funnel_{name}",
                title=session.t(f"funnel.days.{name}"),
            )


def draw_parts(view: Funnel, split: str) -> None:
    """The steps of each part of the split."""
    rows = view.parts.assign(label=[part_words(part, split) for part in view.parts["part"]])
    before = Column("previous_rate", "rate", "funnel.column.previous_of_visits")
    shown = [*_PARTS, before] if view.compared is not None else list(_PARTS)
    with panel(f"funnel.by.{split}"):
        name = Column("label", label_key=f"funnel.split.{split}")
        data_table(rows, [name, *shown], key=f"funnel_{split}", alt_key=f"funnel.by.{split}")
        caption(f"funnel.by_about.{split}")
        caption("funnel.no_device")


def draw_orders(view: Funnel) -> None:
    """The orders of the same days, and how many of them had a visit."""
    total, visited = int(view.orders["orders"].sum()), int(view.orders["visited"].sum())
    session = current()
    with panel("funnel.orders", help_key="funnel.orders_about"):
        caption(
            "funnel.orders_sum",
            total=formats.number(total, session.language),
            visited=formats.number(visited, session.language),
            rest=formats.number(total - visited, session.language),
        )
        data_table(
            view.orders,
            [
                Column("sales_channel", label_key="funnel.column.channel"),
                Column("orders", "count", "metric.orders.label", help_key="metric.orders.about"),
                Column("keyed", "count", "metric.keyed_orders.label",
                       help_key="metric.keyed_orders.about"),
                Column("visited", "count", "funnel.column.visited", help_key="funnel.visited_about"),
                Column("share", "rate", "funnel.column.visited_share"),
            ],
            key="funnel_orders",
            alt_key="funnel.orders",
        )  # fmt: skip


def draw_left() -> None:
    """What people left in baskets or only looked at, and the way to write to them."""
    session = current()
    view = show(left, session.selection)
    with panel("funnel.left", help_key="funnel.left_about"):
        caption(
            "funnel.left_sum",
            basket=formats.number(view.people["basket"], session.language),
            viewed=formats.number(view.people["viewed"], session.language),
            days=LEFT_DAYS,
            day=formats.day(view.as_of, session.language),
        )
        data_table(
            view.products,
            [
                Column("name", label_key="profit.angle.product"),
                Column("basket", "count", "funnel.column.basket",
                       help_key="feature.abandoned_basket.about"),
                Column("viewed", "count", "funnel.column.viewed",
                       help_key="feature.viewed_not_bought.about"),
            ],
            key="funnel_left",
            alt_key="funnel.left",
        )  # fmt: skip
        spec = spec_of("audiences")
        if spec is None or session.access.role not in spec.roles:
            return
        with row():
            for kind in LEFT:
                if view.people[kind] and button(
                    f"funnel.to_audience.{kind}", key=f"funnel_{kind}", icon="campaign"
                ):
                    edit(left_rule(kind))
                    go("audiences")


def part_words(code: object, split: str) -> str:
    """A part of a split in words: a source by its own name."""
    session = current()
    if code == UNKNOWN:
        return session.t("funnel.unknown")
    return session.word("funnel.person", code) if split == "person" else str(code)
