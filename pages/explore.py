"""Any number by any dimension, down to the orders and customers behind it."""

from crm_core.ui.explore_answer import draw_answer
from crm_core.ui.explore_behind import draw_customers, draw_orders
from crm_core.ui.explore_controls import answered, draw_controls, draw_crumbs, draw_look
from crm_core.ui.explore_export import draw_export
from crm_core.ui.explore_saved import draw_saved
from crm_core.ui.explore_state import asked, asked_behind
from crm_core.ui.page import ask_box, empty_state, header, part

header("explore")
ask_box()
question = asked()
view = answered(question)
products = view.products if view else {}
draw_crumbs(question, products)
draw_controls(question, products)
if view is not None and view.is_empty:
    empty_state("explore")
elif view is not None:
    behind = draw_look(question, asked_behind())
    if behind == "orders":
        draw_orders(question)
    elif behind == "customers":
        draw_customers(question)
    else:
        draw_answer(view)
        with part():
            draw_export(view)
with part():
    draw_saved(question)
