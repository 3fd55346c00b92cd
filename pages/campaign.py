"""One campaign: who is in it, what it can show and costs, the list that leaves, what came of it."""

from crm_core.ui.campaign_draft import draw_draft
from crm_core.ui.campaign_sealed import draw_sealed
from crm_core.ui.campaign_words import chosen_campaign, draw_window
from crm_core.ui.page import current, empty_state, header, notes_button, show
from crm_core.views.campaign import can_plan

session = current()
header("campaign")
kept = session.records.campaigns()
if not show(can_plan, session.selection):
    empty_state("campaigns", page="imports", action_key="campaigns.to_imports")
elif not kept:
    empty_state("campaign", page="playbooks", action_key="campaign.to_playbooks")
else:
    campaign = chosen_campaign(kept)
    draw_window(campaign)
    notes_button("campaign", str(campaign.id))
    if campaign.sealed_at is None:
        draw_draft(campaign)
    else:
        draw_sealed(campaign)
