from __future__ import annotations

from datetime import date

import pytest

from crm_core.errors import CrmError
from crm_core.models.base import Fitted, need

FITTED = Fitted(
    model="bg_nbd",
    as_of=date(2026, 6, 30),
    time_unit="week",
    parameters={"r": 0.1, "alpha": 1 / 3},
    standard_errors={"r": None, "alpha": 2.5},
    log_likelihood=-12.25,
    customers=12,
    distinct=7,
    fingerprint="00ff",
    warnings=("few_buyers",),
)


def test_a_fit_is_kept_as_text_and_read_back_the_same() -> None:
    assert Fitted.from_json(FITTED.to_json()) == FITTED
    assert FITTED.days_in_unit == 7


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 2}', '{"format": 1, "model": "x"}', "null", '{"format": 1}'],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(CrmError, match="fitted_unreadable"):
        Fitted.from_json(text)


def test_what_is_missing_is_named_and_nothing_else() -> None:
    with pytest.raises(CrmError) as caught:
        need("bg_nbd", buyers=(3, 10), history_days=(40, 30))
    assert caught.value.facts == {"model": "bg_nbd", "buyers": 3, "buyers_needed": 10}
