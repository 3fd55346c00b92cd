"""What customers say: stars, words, what to make better, and asking for more of them."""

from crm_core.ui.improvement_parts import draw_improvements
from crm_core.ui.page import current, empty_state, header, part, show, switch_choice
from crm_core.ui.review_asking import draw_asking
from crm_core.ui.reviews_found import draw_found
from crm_core.ui.reviews_parts import draw_movers, draw_numbers, draw_products, draw_stars
from crm_core.ui.reviews_said import draw_said
from crm_core.views.reviews import reviews

SCREENS = ("stars", "said", "improve", "asking")

session = current()
header("reviews", as_of=session.store.meta.as_of)
view = show(reviews, session.selection)
if not view.ever:
    empty_state("reviews", page="imports", action_key="reviews.to_imports")
else:
    screen = switch_choice(
        "reviews.screen", SCREENS, key="reviews_screen", prefix="reviews.screens"
    )
    with part():
        match screen:
            case "said":
                draw_said(view)
            case "improve":
                draw_improvements()
            case "asking":
                draw_asking()
            case _:
                draw_numbers(view)
                draw_stars(view)
                draw_products()
                draw_movers()
    with part():
        draw_found(view)
