"""Money in tables: where a sum is below zero, no cell may read "€-6"."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd

from crm_core.ui.tables import Column, cell_sign, column_config

EUROS = cast("Any", SimpleNamespace(currency="EUR", language="en", t=str, maybe=lambda key: key))
COLUMNS = [Column("revenue", "money"), Column("net", "cents"), Column("orders", "count")]


def drawn(net: float) -> list[tuple[str, str]]:
    frame = pd.DataFrame({"revenue": [120.0], "net": [net], "orders": [-1.0]})
    sign = cell_sign(frame, COLUMNS, EUROS)
    configs = [column_config(column, EUROS, sign) for column in COLUMNS]
    return [(config["label"], config["type_config"]["format"]) for config in configs]


def test_the_currency_stands_in_the_cells_while_nothing_is_below_zero() -> None:
    assert drawn(6.0) == [("revenue", "€%,.0f"), ("net", "€%,.2f"), ("orders", "%,.0f")]


def test_one_sum_below_zero_moves_the_currency_of_all_money_to_the_headings() -> None:
    assert drawn(-6.0) == [("revenue (€)", "%,.0f"), ("net (€)", "%,.2f"), ("orders", "%,.0f")]
