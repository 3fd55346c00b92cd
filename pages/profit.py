"""What is left of the money, by product, category, channel, region, segment or campaign."""

from crm_core.ui.page import (
    choice_field,
    columns,
    current,
    empty_state,
    header,
    part,
    show,
    switch_choice,
)
from crm_core.ui.profit_parts import (
    draw_losing_customers,
    draw_losing_products,
    draw_part,
    draw_parts_chart,
    draw_table,
    draw_waterfall,
    draw_whole,
)
from crm_core.views.profit import ANGLES, ORDERS, TOPS, profit

session = current()
header("profit", as_of=session.store.meta.as_of)
left, middle, right = columns(2, 3, 2, align="bottom")
with left:
    angle = choice_field("profit.by_label", ANGLES, key="profit_angle", prefix="profit.angle")
with middle:
    order = switch_choice("profit.order_label", ORDERS, key="profit_order", prefix="profit.order")
with right:
    top = switch_choice("profit.top_label", TOPS, key="profit_top", prefix="profit.top")
view = show(profit, session.selection, angle=angle or ANGLES[0], order=order, top=int(top))
if view.rows.empty:
    empty_state("profit")
else:
    draw_whole(view)
    left, right = columns(1, 1)
    with left:
        draw_waterfall(view)
    with right:
        clicked = draw_parts_chart(view)
    (place,) = columns(1)
    opened = draw_table(view) or clicked
    if opened:
        with place:
            draw_part(view, opened)
    draw_losing_products()
with part():
    draw_losing_customers()
