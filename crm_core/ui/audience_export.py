"""Taking an audience along: for which channel, in which form, with which facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from crm_core.audiences import FIELDS, SEGMENT_FIELDS, members, members_at, with_extras
from crm_core.privacy.policy import allowed
from crm_core.records import CONTACT_CHANNELS
from crm_core.rules import Rule, to_document, to_json
from crm_core.selection import segment_of_code
from crm_core.text import formats
from crm_core.ui.audience_builder import in_words
from crm_core.ui.export_button import ListOrder, export_button
from crm_core.ui.export_choice import choose_format, list_headings, warn_of_name
from crm_core.ui.export_extras import choose_extras, extra_headings
from crm_core.ui.export_ready import draw_readiness
from crm_core.ui.fields import choice_field, choices_field, switch_field
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.words import caption, warning
from crm_core.views.audiences import GROUPS, Audience, choices, past_facts
from crm_core.views.code_words import segment_name

NO_CONTACT = "none"
FACTS = ("stage", "value_tier", "last_order_day", "orders", "revenue")
_LABEL = ".label"  # a fact's text key is feature.<fact>.label


def draw_export(view: Audience, rule: Rule, name: str, day: date | None = None) -> None:
    """What the list is for and holds, then the one button that writes it. `day` is the past day
    that the rule is asked of.

    Everyone must be meant: the button comes after a yes. A channel that reaches nobody says so.
    """
    session = current()
    if not allowed(session.access, "export"):
        caption("audiences.denied_present" if session.access.present else "audiences.denied")
        return
    channel = choice_field(
        "audiences.contact_channel",
        (*CONTACT_CHANNELS, NO_CONTACT),
        key="audience_channel",
        prefix="privacy.contact_channel",
    )
    contact = None if channel in (None, NO_CONTACT) else channel
    chosen = choose_format(contact, key="audience")
    facts = _facts(day) if chosen.takes_facts else []
    extras = choose_extras(chosen, key="audience") if day is None else ()
    caption("audiences.export_about" if contact else "audiences.codes_only")
    if contact and not view.size.reachable.get(contact):
        warning("audiences.nobody_reachable")
        return
    if view.is_everyone and not _everyone_meant(view):
        return
    codes = show(choices, session.selection)  # the list is written when no page is being drawn
    order = ListOrder(
        name=name,
        members=lambda: with_extras(
            session.store, _members(rule, session, codes, day), extras, session.language
        ),
        columns={**list_headings(contact, chosen, facts), **extra_headings(extras)},
        contact_channel=contact,
        file_format=chosen.file_format,
        confirmed_everyone=view.is_everyone,
        rule=to_document(rule),
        rule_in_words=in_words(rule),
        ads_consent_covers_use=chosen.ads_consent_covers_use,
    )
    key = _key(rule, contact, chosen.code, day)
    warn_of_name(name)
    if contact:
        draw_readiness(order, key=key, customers=view.size.customers)
    export_button("audiences.export_button", order, key=key)


def _facts(day: date | None) -> list[str]:
    """Facts of the audience that follow who the people are; of a past day, those known then."""
    known = FIELDS if day is None else past_facts()
    labels = choices_field(
        "audiences.facts",
        [f"{field}{_LABEL}" for group in GROUPS.values() for field in group if field in known],
        key="audience_facts" if day is None else "audience_past_facts",
        prefix="feature",
        value=[f"{field}{_LABEL}" for field in FACTS if field in known],
    )
    return [label.removesuffix(_LABEL) for label in labels]


def _members(rule: Rule, session: Session, codes: Sequence[str], day: date | None) -> Any:
    """Who the rule picks; segments by the names people know them by."""
    store = session.store
    picked = members(store, rule) if day is None else members_at(store, rule, day)
    named: dict[str, Any] = {}
    for code in codes:
        name, value = segment_of_code(code)
        field = SEGMENT_FIELDS[name]
        if field in picked.columns:
            named.setdefault(field, []).append((value, segment_name(code, session.language)))
    told = {
        field: picked[field].cases(*pairs, else_=picked[field]) for field, pairs in named.items()
    }
    return picked.mutate(**told)


def _everyone_meant(view: Audience) -> bool:
    session = current()
    warning("audiences.everyone", customers=formats.number(view.size.customers, session.language))
    return switch_field("audiences.confirm_everyone", key="audience_everyone")


def _key(rule: Rule, contact: str | None, form: str, day: date | None) -> str:
    """Another list, another button: what was said of one is never shown beside the next."""
    return sha256(f"{to_json(rule)}|{contact}|{form}|{day}".encode()).hexdigest()[:12]
