"""What a shop says of its service: kept as it was typed, and nothing that makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.records import Records, ShopSettings
from tests.records.conftest import NOW

OFFICE = {"service_days": ("1", "5"), "service_opens": "09:00", "service_closes": "18:30"}


def test_what_was_said_comes_back(records: Records) -> None:
    told = ShopSettings(reply_hours=8, contact_topics=("versand：包裹、快递", "a: b, c"), **OFFICE)
    assert records.save_shop_settings(told, "mia", NOW)
    assert records.shop_settings() == told
    assert not records.save_shop_settings(told, "mia", NOW)


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"reply_hours": 0}, "reply_hours", "not_hours"),
        ({"reply_hours": True}, "reply_hours", "not_hours"),
        ({"settle_hours": 100_000}, "settle_hours", "not_hours"),
        (OFFICE | {"service_days": ("8",)}, "service_days", "not_a_choice"),
        (OFFICE | {"service_opens": "9 am"}, "service_opens", "not_a_time"),
        (OFFICE | {"service_opens": ""}, "service_opens", "hours_missing"),
        (OFFICE | {"service_closes": "08:00"}, "service_closes", "hours_missing"),
        ({"contact_topics": ("no words",)}, "contact_topics", "not_a_rule"),
        ({"contact_topics": ("a: b",) * 2 + tuple(f"t{n}: x" for n in range(40))},
         "contact_topics", "not_a_list"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(said: dict[str, Any], field: str, code: str) -> None:
    issues = ShopSettings(**said).issues()
    assert [(issue.field, issue.code) for issue in issues] == [(field, code)]
