"""Who moved between segments between two days, and the shop as of any past day."""

from crm_core.charts import flow_bands
from crm_core.text.formats import day
from crm_core.ui.movement_parts import (
    ask_days,
    code_words,
    computing,
    draw_became,
    flow_frame,
    flow_matrix,
    money_table,
)
from crm_core.ui.page import (
    Column,
    caption,
    card,
    choice_field,
    current,
    customer_table,
    header,
    kpis,
    pager,
    panel,
    show,
)
from crm_core.ui.past_day import draw_past_day
from crm_core.views.card import Card
from crm_core.views.movement import LISTS, moved_people, movement

session = current()
header("movement")
asked = ask_days()
if asked.mode == "day":
    with computing(asked):
        draw_past_day(asked.now, asked.name)
else:
    flow = {"then": asked.then, "now": asked.now, "name": asked.name}
    with computing(asked):
        view = show(movement, session.selection, **flow)
    first, last = (day(each, session.language) for each in (view.then, view.now))
    caption("movement.between", first=first, last=last)
    figures = [(name, getattr(view, name)) for name in ("up", "down", "back", "silent")]
    kpis(
        [
            Card(
                "movement.customers_now",
                view.customers_now,
                "count",
                previous=view.customers_then,
                definition_key="movement.customers_about",
            ),
            *[
                Card(
                    f"movement.{name}",
                    count,
                    "count",
                    definition_key=f"movement.{name}_about.{asked.name}",
                )
                for name, count in figures
            ],
            Card(
                "movement.net",
                view.net_now,
                "money",
                previous=view.net_then,
                definition_key="movement.net_about",
            ),
        ]
    )
    with panel("movement.matrix", help_key="movement.matrix_about"):
        cell = flow_matrix(view, asked.name)
        caption("movement.matrix_note")
    card(
        "movement.flows",
        flow_bands(
            flow_frame(view, asked.name),
            session.numbers("count"),
            sources=code_words(asked.name, view.rows),
            targets=code_words(asked.name, view.columns),
        ),
        key="movement_flows",
        note_key="movement.flows_note",
    )
    with panel("movement.money", help_key="movement.money_about"):
        money_table(view, asked.name)
    with panel("movement.movers"):
        group = "moved"
        if cell is None:
            group = choice_field(
                "movement.list", LISTS, key="movement_list", prefix="movement.lists"
            )
        else:
            before, after = code_words(asked.name, cell)
            caption("movement.of_cell", before=before, after=after)
        shown = {**flow, "group": group, "cell": cell}
        with computing(asked):
            total = show(moved_people, session.selection, **shown, size=1).total
            page, size = pager(total, key="movers") if total else (1, 50)
            people = show(moved_people, session.selection, **shown, page=page, size=size).rows
        customer_table(
            people.assign(
                before=code_words(asked.name, people["code_then"].tolist()),
                after=code_words(asked.name, people["code_now"].tolist()),
            ),
            [
                Column("before", label_key="movement.column.then"),
                Column("after", label_key="movement.column.now"),
                Column("last_now", "date", "feature.last_order_day.label"),
                Column("net_then", "money", "movement.column.net_then"),
                Column("net_now", "money", "movement.column.net_now"),
                Column("difference", "money", "movement.column.difference"),
            ],
            key="movers",
            alt_key="movement.movers",
        )
        caption("movement.today_note")
    with panel("movement.became", help_key="movement.became_about"):
        draw_became(asked.name)
