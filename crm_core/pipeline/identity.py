"""What an import's report says of people: how many were recognised by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.privacy.policy import mask
from crm_core.store.people_found import Found


def identity_report(found: Mapping[str, Found]) -> dict[str, Any]:
    """By rule its count and up to five examples, masked: a report is kept and shown to anybody.

    >>> identity_report({"phone": Found(2, (("phone", "+493023125001"),))})
    {'phone': {'count': 2, 'examples': ['•••01']}}
    """
    return {
        name: {
            "count": each.count,
            "examples": [mask(kind, value) for kind, value in each.examples],
        }
        for name, each in found.items()
    }
