from __future__ import annotations

from decimal import Decimal

import pandas as pd

from crm_core.ui.costs_form import _spend


def test_two_amounts_of_one_source_in_a_month_add_up() -> None:
    typed = pd.DataFrame(
        {
            "month": ["2026-05", "2026-05", "2026-06", None],
            "source": ["ads", "ads ", "ads", "ads"],
            "amount": [10.0, 2.5, 1.0, 9.0],
        }
    )
    assert _spend(typed) == {
        "2026-05": {"ads": Decimal("12.50")},
        "2026-06": {"ads": Decimal("1.00")},
    }
