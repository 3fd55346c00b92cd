"""All campaigns: what is planned, what runs, what is over, and what holds for all of them."""

from crm_core.ui.campaign_board import board_of, draw_board, draw_calendar, draw_new, offer_undo
from crm_core.ui.campaign_rules import draw_offers, draw_policy
from crm_core.ui.page import (
    columns,
    current,
    empty_state,
    header,
    link,
    panel,
    part,
    show,
    switch_choice,
)
from crm_core.views.campaign import can_plan

session = current()
header("campaigns")
offer_undo()
if not show(can_plan, session.selection):
    empty_state("campaigns", page="imports", action_key="campaigns.to_imports")
else:
    kept = session.records.campaigns()
    view = board_of(kept)
    if kept:
        way = switch_choice(
            "campaigns.view.label", ("board", "calendar"), key="campaigns_view",
            prefix="campaigns.view",
        )  # fmt: skip
        if way == "board":
            draw_board(kept, view)
        else:
            draw_calendar(kept, view)
    left, right = columns(1, 1)
    with left, panel("campaigns.new.title"), part():
        draw_new(view.first_day)
        link("playbooks", "campaigns.new.playbooks")
    with right, panel("campaigns.policy.title"), part():
        draw_policy()
    with panel("campaigns.offers.title", help_key="campaigns.offers.about"), part():
        draw_offers()
