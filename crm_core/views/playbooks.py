"""Campaigns to begin with: whom each would reach now and what it may bring."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.audiences.playbooks import PLAYBOOKS, Playbook, measured
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.campaign import lift_to_begin_with
from crm_core.views.people import is_scored


@dataclass(frozen=True)
class Play:
    """A playbook in numbers: who fits, who may be written to, and what writing to those is taken
    to add (`expected`) at the `lift` that its draft begins with."""

    playbook: Playbook
    customers: int
    reachable: int
    expected: float
    lift: float

    @property
    def treated(self) -> int:
        """Who would be written to once the holdout is taken off."""
        return round(self.reachable * (1 - self.playbook.holdout_share))


def playbooks(selection: Selection, *, store: Store, access: Access) -> list[Play]:
    """Every playbook; none before the first scores."""
    if not is_scored(store):
        return []
    channels = {playbook.contact_channel for playbook in PLAYBOOKS.values()}
    lifts = {
        name: lift_to_begin_with(selection, store=store, access=access, contact_channel=name)
        for name in channels
    }
    rows = measured(store).set_index("code")
    return [
        Play(
            playbook,
            int(rows.loc[code, "customers"]),  # pyright: ignore[reportArgumentType]
            int(rows.loc[code, "reachable"]),  # pyright: ignore[reportArgumentType]
            float(rows.loc[code, "margin"])  # pyright: ignore[reportArgumentType]
            * lifts[playbook.contact_channel]
            * (1 - playbook.holdout_share),
            lifts[playbook.contact_channel],
        )
        for code, playbook in PLAYBOOKS.items()
    ]
