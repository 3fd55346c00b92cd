"""Rules of the offer book as sentences, and what is odd about one in words."""

from __future__ import annotations

from crm_core.audiences.offer_conflicts import Conflict
from crm_core.records import EVERY_CHANNEL, OfferRule
from crm_core.text import t
from crm_core.text.formats import number


def offer_sentence(offer: OfferRule, who: str, language: str, *, named: str = "") -> str:
    """What a rule says in a person's language; `who` is the sentence of its conditions, `named`
    what is offered by the name people know, where that is not how the rule has it.

    What people typed is in it: show it as plain text, never as Markdown.

    >>> peace = OfferRule("Peace", {"all": []}, "nothing", "all")
    >>> offer_sentence(peace, "All customers", "en")
    'All customers: leave them in peace (every channel).'
    """
    facts = {
        "who": who,
        "deed": t(f"offer_rules.deed.{offer.action}", language, what=named or offer.what),
        "channel": channel_words(offer.contact_channel, language),
    }
    if offer.action == "nothing":
        return t("offer_rules.said_quiet", language, **facts)
    facts["days"] = number(offer.again_days, language)
    if offer.most_people is None:
        return t("offer_rules.said", language, **facts)
    people = number(offer.most_people, language)
    return t("offer_rules.said_capped", language, **facts, people=people)


def channel_words(contact_channel: str, language: str) -> str:
    """A contact channel by name, every one of them included."""
    if contact_channel == EVERY_CHANNEL:
        return t("offer_rules.every_channel", language)
    return t(f"privacy.contact_channel.{contact_channel}", language)


def conflict_words(conflict: Conflict, language: str) -> str:
    """A finding in words, with what to do where it is not plain.

    >>> conflict_words(Conflict("nobody"), "en")
    'It fits nobody now.'
    """
    customers = number(conflict.customers, language)
    key = f"offer_rules.conflict.{conflict.code}"
    return t(key, language, other=conflict.other, customers=customers)
