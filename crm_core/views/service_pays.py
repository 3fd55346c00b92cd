"""What goes with slow replies, late parcels, contacts and complaints: as the last refresh found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from crm_core.models.care_gaps import Association, Gap
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.model_state import need_model

_ENDS = ("case", "other", "low", "high")


@dataclass(frozen=True)
class CarePays:
    """Every exposure over every horizon, as of a day; `slow_hours` is from when a reply is slow."""

    as_of: date
    slow_hours: float
    found: tuple[Association, ...]

    def over(self, horizon_days: int) -> tuple[Association, ...]:
        """The exposures over one horizon."""
        return tuple(each for each in self.found if each.horizon_days == horizon_days)


def service_pays(selection: Selection, *, store: Store, access: Access) -> CarePays:
    """The associations of the last refresh; they are of the whole shop, whatever is selected.

    Raises: CrmError("no_scores"), ("care_none").
    """
    del selection, access
    need_model(store, "care_pays")
    rows = store.fetch(store.table("care_pays")).to_dict("records")
    return CarePays(
        as_of=store.scores_as_of or store.meta.as_of,
        slow_hours=float(rows[0]["slow_hours"]),
        found=tuple(_association(row) for row in rows),
    )


def _association(row: Mapping[Any, Any]) -> Association:
    state: Any = str(row["state"])
    return Association(
        str(row["exposure"]),
        int(row["horizon_days"]),
        state,
        cases=int(row["cases"]),
        matched=int(row["matched"]),
        people=int(row["people"]),
        checked=int(row["checked"]),
        before=_gap(row, "before"),
        bought=_gap(row, "bought"),
        value=_gap(row, "value"),
    )


def _gap(row: Mapping[Any, Any], name: str) -> Gap | None:
    ends = [float(row[f"{name}_{end}"]) for end in _ENDS]
    return Gap(*ends) if ends[0] == ends[0] else None
