"""Everyone who has bought: filter, search, sort, and open one."""

from crm_core.text.formats import day
from crm_core.ui.account_parts import draw_accounts, level_switch
from crm_core.ui.care_parts import draw_search
from crm_core.ui.customer_parts import found_customers
from crm_core.ui.page import (
    Column,
    caption,
    choice_field,
    columns,
    current,
    customer_table,
    empty_state,
    header,
    note,
    number_field,
    pager,
    panel,
    row,
    show,
    switch_choice,
)
from crm_core.ui.segment_words import default_words
from crm_core.ui.within_parts import asked_within
from crm_core.views.customers import BOUGHT, ORDERS, SORTS, customers, customers_total

session = current()
if not session.may("analyse"):
    draw_search()
elif level_switch("customers") == "account":
    header("customers")
    draw_accounts()
else:
    header("customers")
    found = found_customers()
    with row():
        sort = choice_field(
            "customers.sort_by", SORTS, key="customers_sort", prefix="customers.sort"
        )
        order = switch_choice(
            "customers.direction", ("down", "up"), key="customers_order", prefix="customers.order"
        )
        bought = choice_field(
            "customers.bought_label", BOUGHT, key="customers_bought", prefix="customers.bought"
        )
        orders = choice_field(
            "customers.orders_label", ORDERS, key="customers_orders", prefix="customers.orders"
        )
        least = number_field("customers.least", key="customers_least", low=0.0, step=50.0)
    within = asked_within()
    asked = {"bought": bought, "orders": orders, "least": least, "within": within, "found": found}
    total = show(customers_total, session.selection, **asked)
    with panel("customers.list"):
        (table,) = columns(1)
        page, size = pager(total, key="customers") if total else (1, 50)
        view = show(
            customers,
            session.selection,
            **asked,
            sort=sort,
            ascending=order == "up",
            page=page,
            size=size,
        )
        with table:
            if view.as_of is None:
                empty_state("customers")
            elif total == 0:
                note("customers.nobody_left" if found is None else "customers.nobody_found")
            else:
                customer_table(
                    view.rows.assign(segment=default_words(view.rows)),
                    [
                        Column("segment", label_key="feature.default_segment.label"),
                        Column("last_order_day", "date", "feature.last_order_day.label"),
                        Column("orders", "count", "feature.orders.label"),
                        Column("revenue", "money", "feature.revenue.label"),
                        Column("months", "spark", "customers.months"),
                        Column(
                            "expected_contribution",
                            "money",
                            "customers.column.expected_contribution",
                        ),
                        Column("p_no_order", "bar", "feature.p_no_order.label"),
                    ],
                    key="customers",
                    alt_key="customers.list",
                    with_restricted=found is not None,
                )
    if view.as_of is not None:
        caption("customers.scores_of", day=day(view.as_of, session.language))
        if view.quiet_days is None:
            caption("customers.no_value")
        else:
            caption("customers.quiet_note", days=view.quiet_days)
