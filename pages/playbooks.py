"""Campaigns to begin with, filled in: whom each would reach now, and what it may bring."""

from crm_core.ui.campaign_board import draw_assumption, draw_plays
from crm_core.ui.page import current, empty_state, header, part, show
from crm_core.views.playbooks import playbooks

session = current()
header("playbooks")
with part():
    plays = show(playbooks, session.selection)
    if plays:
        draw_plays(plays)
        draw_assumption(plays)
    else:
        empty_state("playbooks", page="imports", action_key="campaigns.to_imports")
