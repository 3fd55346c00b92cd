"""What discounts cost, who buys only with them, and codes used by people held out."""

from crm_core.ui.coupon_parts import draw_codes, draw_numbers, draw_orders, draw_trend
from crm_core.ui.coupon_people_parts import draw_habits, draw_held_out
from crm_core.ui.page import current, empty_state, header, part, show, switch_choice
from crm_core.views.coupons import TOPS, coupons

session = current()
header("coupons", as_of=session.store.meta.as_of)
top = switch_choice("coupons.top_label", TOPS, key="coupons_top", prefix="coupons.top")
view = show(coupons, session.selection, top=int(top))
if not view.has_any:
    empty_state("coupons", page="imports", action_key="coupons.to_imports")
else:
    draw_numbers(view)
    draw_trend(view)
    draw_codes(view)
    with part():
        draw_orders()
    with part():
        draw_habits()
    with part():
        draw_held_out()
