"""Asking for reviews: everybody who bought in some days, whatever they may think of it.

Asking only those who are content makes stars that deceive whoever reads them; platforms forbid it, and law
against unfair practices may. So a request for reviews is told apart by its playbook, and its rule may
speak of when people bought and of nothing else.
"""

from __future__ import annotations

from typing import Final

from crm_core.errors import CrmError
from crm_core.rules import Condition, Rule
from crm_core.rules.definition import leaves

PLAYBOOK: Final = "review_request"
#: All that the rule of a request may ask: when somebody bought.
NEUTRAL: Final = ("recency_days", "last_order_day")
DAYS: Final = (7, 21)


def buyers_between(first: int, last: int) -> Condition:
    """Everybody whose last purchase lies from `first` to `last` days back.

    >>> is_neutral(buyers_between(7, 21))
    True
    """
    return Condition("recency_days", "between", (min(first, last), max(first, last)))


def is_neutral(rule: Rule) -> bool:
    """Whether a rule tells people apart by when they bought alone.

    >>> is_neutral(Condition("contact_rating", ">=", 4))
    False
    """
    return all(isinstance(leaf, Condition) and leaf.field in NEUTRAL for leaf in leaves(rule))


def check_neutral(playbook: str, rule: Rule) -> None:
    """Stops a request for reviews that leaves somebody out by anything but the days.

    Raises: CrmError("campaign_review_gated").
    """
    if playbook == PLAYBOOK and not is_neutral(rule):
        raise CrmError("campaign_review_gated")
