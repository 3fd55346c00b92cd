"""Campaigns to begin with: whom each would reach now and what it may bring."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.audiences.playbooks import ASSUMED_LIFT, PLAYBOOKS, Playbook, measured
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.people import is_scored


@dataclass(frozen=True)
class Play:
    """A playbook in numbers: who fits, who may be written to, and what writing to those is taken
    to add (`expected`) at the `lift` assumed."""

    playbook: Playbook
    customers: int
    reachable: int
    expected: float
    lift: float = ASSUMED_LIFT

    @property
    def treated(self) -> int:
        """Who would be written to once the holdout is taken off."""
        return round(self.reachable * (1 - self.playbook.holdout_share))


def playbooks(selection: Selection, *, store: Store, access: Access) -> list[Play]:
    """Every playbook; none before the first scores."""
    del selection, access
    if not is_scored(store):
        return []
    rows = measured(store).set_index("code")
    return [
        Play(
            playbook,
            int(rows.loc[code, "customers"]),  # pyright: ignore[reportArgumentType]
            int(rows.loc[code, "reachable"]),  # pyright: ignore[reportArgumentType]
            float(rows.loc[code, "margin"])  # pyright: ignore[reportArgumentType]
            * ASSUMED_LIFT
            * (1 - playbook.holdout_share),
        )
        for code, playbook in PLAYBOOKS.items()
    ]
