"""The list of people who moved between two days."""

from __future__ import annotations

from crm_core.ui.fields import choice_field
from crm_core.ui.movement_parts import Asked, code_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, pager
from crm_core.ui.words import caption
from crm_core.views.movement import LISTS, Movement, moved_people

_CELL = "cell"


def draw_movers(view: Movement, asked: Asked, cell: tuple[str, str] | None) -> None:
    """The people of a list to choose, the flow that was clicked to begin with; who moved most
    money first."""
    session = current()
    lists = LISTS if cell is None else (_CELL, *LISTS)
    group = choice_field(
        "movement.list",
        lists,
        key="_".join(("movement_list", *(cell or ()))),
        prefix="movement.lists",
    )
    if group == _CELL and cell is not None:
        before, after = code_words(asked.name, cell)
        caption("movement.of_cell", before=before, after=after)
    else:
        cell = None
    shown = {**asked.flow, "group": group if group in LISTS else LISTS[0], "cell": cell}
    total = view.people(str(shown["group"]), cell)
    key = "_".join(("movers", *(cell or (str(group),))))
    page, size = pager(total, key=key) if total else (1, 50)
    people = show(moved_people, session.selection, **shown, page=page, size=size)
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
