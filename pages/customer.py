"""One customer: who, why this segment, what to expect, what they brought, what happened."""

from crm_core.text.formats import day
from crm_core.ui.account_parts import draw_account, level_switch
from crm_core.ui.care_card import draw_care
from crm_core.ui.care_parts import draw_record
from crm_core.ui.churn_parts import draw_risk
from crm_core.ui.contact_line_parts import draw_contact_line
from crm_core.ui.customer_history import draw_history
from crm_core.ui.customer_parts import (
    called,
    draw_all_facts,
    draw_consent,
    draw_identity,
    draw_value,
    draw_why,
    opened_customer,
)
from crm_core.ui.customer_traces import draw_changes
from crm_core.ui.offer_cards import draw_offers
from crm_core.ui.page import (
    caption,
    columns,
    current,
    customer_notes,
    details_box,
    empty_state,
    figures,
    header,
    panel,
    show,
)
from crm_core.ui.replenish_parts import draw_own
from crm_core.ui.review_card import draw_reviews
from crm_core.ui.rules_card import draw_offer_rules
from crm_core.ui.segment_words import segment_words
from crm_core.ui.waterfall_parts import draw_customer_money
from crm_core.views.customer import customer

BACK = [("customers", "nav.page.customers"), ("segments", "nav.page.segments")]

session = current()
key = opened_customer()
view = None if key is None else show(customer, session.selection, "view", key=key)
if view is None:
    header("customer.nobody", breadcrumbs=BACK)
    empty_state("customer", page="customers", action_key="customer.to_list")
elif not session.may("analyse"):
    draw_record(view)
elif level_switch("customer") == "account":
    header("account", breadcrumbs=BACK, name=called(view.key))
    draw_account(view.key)
else:
    header("customer", breadcrumbs=BACK, name=called(view.key))
    if view.segment:
        caption(
            "customer.segment_is",
            segment=session.t("rules.comma").join(segment_words(view.segment)),
        )
    caption("customer.scores_of", day=day(view.as_of, session.language))
    customer_notes(view.key)
    figures(
        [
            ("feature.revenue.label", view.number("revenue"), "money"),
            ("feature.contribution.label", view.contribution, "money"),
            ("feature.orders.label", view.number("orders"), "count"),
            ("feature.expected_contribution.label", view.number("expected_contribution"), "money"),
        ]
    )
    left, right = columns(1, 1)
    with left, panel("customer.who"):
        draw_identity(view)
    with right, panel("customer.why"):
        draw_why(view)
    left, right = columns(1, 1)
    with left, panel("customer.money", help_key="metric.contribution.about"):
        draw_customer_money(view.key, view.bars, place="customer_money")
    with right:
        with panel("customer.value"):
            draw_value(view)
        with panel("customer.risk"):
            draw_risk(view.risk)
        with panel("customer.running_out", help_key="replenish.lists_about"):
            draw_own(view.key)
        with panel("service.card.title"):
            draw_care(view.key)
        with panel("customer.consent"):
            draw_consent(view.key)
    draw_offers(view.key)
    draw_offer_rules(view.key)
    with panel("call.line", help_key="call.line_about"):
        draw_contact_line(view.key, place="contact_line")
    draw_reviews(view.key)
    with panel("customer.history"):
        draw_history(view.key)
    with details_box("customer.changes"):
        draw_changes(view.key)
    with details_box("customer.facts"):
        draw_all_facts(view)
