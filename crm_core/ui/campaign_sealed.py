"""A sealed campaign on screen: the list that may leave, the keys that must not be written to,
what came of it, the next round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_core.audiences import LIST_FACTS, with_extras
from crm_core.pipeline.campaigns import (
    first_day_of,
    held_back,
    kept_out,
    leavers,
    listed,
    next_round,
    rule_in,
)
from crm_core.privacy.plan import CODE_COLUMN
from crm_core.privacy.policy import allowed
from crm_core.records import Campaign
from crm_core.text import formats
from crm_core.ui.audience_builder import in_words
from crm_core.ui.campaign_draft import draw_left_out, draw_people, draw_strata
from crm_core.ui.campaign_results import draw_result
from crm_core.ui.campaign_words import draw_sight, go_campaign
from crm_core.ui.export_button import ListOrder, export_button
from crm_core.ui.export_choice import choose_format, list_headings, warn_of_name
from crm_core.ui.export_extras import choose_extras, extra_headings
from crm_core.ui.export_ready import draw_readiness
from crm_core.ui.fields import button
from crm_core.ui.layout import columns, panel, part
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import caption, flash, paragraph, plain
from crm_core.views.campaign import left_out_frame, sealed, sealed_outlook, sight


def draw_sealed(kept: Campaign) -> None:
    """What came of it and what was frozen; of a campaign that is over, what came of it first."""
    is_over = kept.status(current().store.meta.as_of) == "over"
    parts = (_draw_outcome, _draw_frozen) if is_over else (_draw_frozen, _draw_outcome)
    for draw in parts:
        draw(kept)


def _draw_outcome(kept: Campaign) -> None:
    with part():
        draw_result(kept.plan.name)


def _draw_frozen(kept: Campaign) -> None:
    """What was frozen, what may leave, and what comes after."""
    session, plan = current(), kept.plan
    with panel("campaign.who"), part():
        plain(in_words(rule_in(plan)))
        caption(
            "campaign.sealed.when",
            owner=kept.owner,
            sealed=formats.day(kept.sealed_at.date() if kept.sealed_at else None, session.language),
            day=formats.day(kept.as_of, session.language),
        )
    with part():
        arms, strata = show(sealed, session.selection, number=kept.id)
        draw_people(arms)
        left, right = columns(3, 2)
        with left, panel("campaign.list.title"):
            _lists(kept, sum(arms.values()))
        with right, panel("campaign.sight.title"):
            expected = show(sealed_outlook, session.selection, number=kept.id, plan=plan)
            draw_sight(sight(expected, arms), arms["treatment"] + arms["holdout"])
        left, right = columns(1, 1)
        with left, panel("campaign.strata.title", help_key="campaign.strata.about"):
            draw_strata(strata, plan)
        with right, panel("campaign.left_out.title", help_key="campaign.left_out.about"):
            draw_left_out(left_out_frame(kept.left_out))
        with panel("campaign.next.title"):
            _next(kept)


def _lists(kept: Campaign, people: int) -> None:
    """The list of who is written to, and the keys of who is held out."""
    session, plan = current(), kept.plan
    if not allowed(session.access, "export"):
        caption("audiences.denied_present" if session.access.present else "audiences.denied")
        return
    caption("campaign.list.about")
    store, contact = session.store, plan.contact_channel
    chosen = choose_format(contact, key="campaign")
    extras = choose_extras(chosen, key="campaign")
    facts = list_headings(contact, chosen, LIST_FACTS if chosen.takes_facts else ())
    order = ListOrder(
        name=plan.name,
        members=lambda: with_extras(store, listed(store, kept), extras, session.language),
        columns={**facts, **extra_headings(extras)},
        contact_channel=contact,
        file_format=chosen.file_format,
        confirmed_everyone=True,
        leave_out=lambda: kept_out(store, kept),
        rule=plan.rule,
        rule_in_words=in_words(rule_in(plan)),
        ads_consent_covers_use=chosen.ads_consent_covers_use,
    )
    key = f"campaign_{kept.id}_{chosen.code}"
    warn_of_name(plan.name)
    draw_readiness(order, key=key, customers=people)
    export_button("campaign.list.button", order, key=key)
    caption("campaign.list.exclusion_about")
    _codes("campaign.list.exclusion", "holdout", kept, lambda: held_back(store, kept))


def _codes(label_key: str, kind: str, kept: Campaign, members: Callable[[], Any]) -> None:
    """A list of customer codes: for a tool that leaves people out, without naming them."""
    order = ListOrder(
        name=f"{kept.plan.name} {kind}",
        members=members,
        columns=[CODE_COLUMN],
        confirmed_everyone=True,
    )
    export_button(label_key, order, key=f"campaign_{kind}_{kept.id}")


def _next(kept: Campaign) -> None:
    """A list made again: who is new since, and who is to be taken off."""
    session = current()
    paragraph("campaign.next.about")
    if button("campaign.next.button", key="campaign_next", icon="event_repeat"):
        starts_on = max(first_day_of(session.store), kept.plan.starts_on + timedelta(days=1))
        name = _named_after(kept.plan.name, [c.plan.name for c in session.records.campaigns()])
        plan = next_round(kept, name, starts_on)
        made = session.records.add_campaign(plan, owner=session.access.user, now=datetime.now(UTC))
        flash("campaign.made", name=name)
        go_campaign(made.id)
    if allowed(session.access, "export"):
        caption("campaign.next.leavers_about")
        store, records = session.store, session.records
        _codes("campaign.next.leavers", "leavers", kept, lambda: leavers(store, records, kept))


def _named_after(name: str, taken: list[str]) -> str:
    """The name of the next round: a number behind, one that no campaign has.

    >>> _named_after("Win back", ["Win back", "Win back 2"]), _named_after("Tea 2", ["Tea 2"])
    ('Win back 3', 'Tea 3')
    """
    stem, _, last = name.rpartition(" ")
    number = int(last) if stem and last.isdecimal() else 1
    stem = stem if stem and last.isdecimal() else name
    used = {each.casefold() for each in taken}
    while f"{stem} {number}".casefold() in used or number < 2:
        number += 1
    return f"{stem} {number}"
