"""The numbers of care and delivery for the command line, as the service page has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import METRICS
from crm_core.metrics.care import CARE_METRICS, CareMeasured, measure_care, value_of, values_of
from crm_core.metrics.care_rules import CareRules
from crm_core.metrics.delivery import DELIVERY_METRICS, measure_delivery
from crm_core.selection import Period, Selection
from crm_core.store import Store


def is_of_care(names: Sequence[str]) -> bool:
    """Whether numbers are asked for that the ledger does not tell, but contacts or parcels do.

    >>> is_of_care(["csat"]), is_of_care(["contacts", "revenue"]), is_of_care(["colour"])
    (True, False, False)
    """
    known = {*CARE_METRICS, *DELIVERY_METRICS}
    return bool(set(names) - set(METRICS)) and set(names) <= known


def measure_of_care(
    store: Store, rules: CareRules, names: Sequence[str], *, by: Sequence[str], period: Period
) -> dict[str, Any]:
    """Numbers of contacts, or of parcels, by one dimension at most: rows with `<metric>_n`, how many
    each rests on, and totals.

    Raises: CrmError("care_measured_alone") for both kinds at once or for two dimensions,
    ("unknown_dimension").
    """
    kinds = next((k for k in (CARE_METRICS, DELIVERY_METRICS) if set(names) <= set(k)), None)
    if kinds is None or len(by) > 1:
        raise CrmError("care_measured_alone")
    found = _measured(store, rules, kinds is CARE_METRICS, period, by[0] if by else "")
    chosen = [kinds[name] for name in names]
    totals = {kind.name: value_of(kind, found.totals) for kind in chosen}
    if not by:
        return {"rows": [], "totals": totals}
    rows = pd.concat([found.rows[[by[0]]], values_of(chosen, found.rows)], axis=1)
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return {
        "rows": [{str(name): _plain(value) for name, value in row.items()} for row in records],
        "totals": totals,
    }


def _measured(
    store: Store, rules: CareRules, of_contacts: bool, period: Period, by: str
) -> CareMeasured:
    if of_contacts:
        return measure_care(store, rules, Selection(), period, by)
    return measure_delivery(store, Selection(), period, by)


def _plain(value: Any) -> Any:
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else value
