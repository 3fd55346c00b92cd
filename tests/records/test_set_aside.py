from __future__ import annotations

from crm_core.records import Records
from tests.records.conftest import NOW


def test_an_order_set_aside_can_be_brought_back(records: Records) -> None:
    assert records.set_aside(["A-1", "A-2"], reason="brushed", user="mia", now=NOW) == 2
    assert records.set_aside(["A-1"], reason="again", user="bo", now=NOW) == 0
    assert records.orders_set_aside() == {"A-1": "brushed", "A-2": "brushed"}
    assert records.bring_back(["A-1", "A-9"]) == 1
    assert records.orders_set_aside() == {"A-2": "brushed"}
    assert records.decisions_revision() == 2
    assert records.set_aside([], reason="none", user="mia", now=NOW) == 0
