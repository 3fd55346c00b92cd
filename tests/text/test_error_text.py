"""What a user reads when something expected goes wrong."""

from __future__ import annotations

import pytest

from crm_core.errors import CrmError
from crm_core.text import error_text


@pytest.mark.parametrize(
    ("match", "language", "words"),
    [
        ("bg_nbd", "en", "There is no model bgnbd. Did you mean “bg_nbd”?"),
        ("", "en", "There is no model bgnbd."),
        ("bg_nbd", "zh", "没有名为 bgnbd 的模型。 是否要用“bg_nbd”？"),
        ("", "zh", "没有名为 bgnbd 的模型。"),
    ],
)
def test_a_slip_is_asked_about_only_where_a_name_is_close(
    match: str, language: str, words: str
) -> None:
    assert error_text(CrmError("unknown_model", name="bgnbd", match=match), language) == words
