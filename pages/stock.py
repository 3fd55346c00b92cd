"""How long stock lasts, what to order again, and what empty shelves cost."""

from crm_core.ui.page import columns, current, empty_state, header, part, show
from crm_core.ui.stock_parts import (
    cover_choice,
    draw_dead,
    draw_lost,
    draw_numbers,
    draw_product,
    draw_short,
)
from crm_core.views.stock import stock

session = current()
header("stock", as_of=session.store.meta.as_of)
weeks = cover_choice()
view = show(stock, session.selection, weeks=weeks)
if view.told_on is None:
    empty_state("stock", page="imports", action_key="stock.to_imports")
else:
    draw_numbers(view)
    draw_short(weeks)
    (opened,) = columns(1)  # below the list that most products are opened from
    with part():
        draw_lost()
    with part():
        draw_dead(weeks)
    with opened, part():
        draw_product()
