"""What one customer said in reviews, on their own page."""

from __future__ import annotations

from crm_core.privacy.free_text import free_text
from crm_core.text import formats
from crm_core.ui.layout import panel
from crm_core.ui.reviews_found import signs
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption
from crm_core.views.review_rows import OF_CUSTOMER, customer_reviews

_CELL = 300


def draw_reviews(key: int, others: tuple[int, ...] = ()) -> None:
    """A customer's reviews, the newest first; of all members of an account with `others`."""
    session = current()
    view = show(customer_reviews, session.selection, key=key, others=others)
    if not view.total:
        return
    with panel("reviews.own", help_key="reviews.own_about"):
        count = formats.number(view.total, session.language)
        if view.mean is None:
            caption("reviews.own_starless", count=count)
        else:
            caption("reviews.own_words", count=count, mean=session.write(view.mean, "per"))
        rows = view.rows.assign(
            words=[free_text(session.access, body, _CELL) for body in view.rows["body"].fillna("")],
            sign=signs(view.rows, session),
        )
        data_table(
            rows,
            [
                Column("product", label_key="reviews.column.product", width=190),
                Column("day", "date", "reviews.column.day", width=110),
                Column("stars", "count", "reviews.column.stars", width=70),
                Column("words", label_key="reviews.column.words", width="large"),
                Column("sign", label_key="reviews.column.sign", width=130),
            ],
            key="customer_reviews",
            alt_key="reviews.own",
        )
        if view.total > OF_CUSTOMER:
            caption("reviews.own_newest", shown=OF_CUSTOMER)
