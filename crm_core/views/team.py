"""Who works with this shop's Clientele, as what, what each looks after, and what was changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import pandas as pd

from crm_core.privacy.policy import POLICY, Access, Purpose, require
from crm_core.privacy.team import ACTS
from crm_core.records import KINDS_OWNED, ROLES, Records

NEWEST = 50
_COLUMNS = ("user", "role", "since", "is_removed", *KINDS_OWNED)


@dataclass(frozen=True)
class Team:
    """`people`: one row a person the shop decided about, and one for each other name that looks
    after something (role empty): user, role, since, is_removed, and how much of each kind they
    look after. `acts`: the newest changes (at, by, act, person, role, before, to, moved)."""

    people: pd.DataFrame
    acts: pd.DataFrame

    def owns(self, user: str) -> dict[str, int]:
        """How much of each kind somebody looks after."""
        mine = self.people[self.people["user"] == user]
        if mine.empty:
            return {}
        return {kind: int(mine[kind].iloc[0]) for kind in KINDS_OWNED if mine[kind].iloc[0]}


def team(*, records: Records, access: Access) -> Team:
    """Reads the list as it stands now; it is never kept.

    Raises: CrmError("privacy_denied", action="people").
    """
    require(access, "people")
    owned = records.owned()
    members = records.members()
    rows = [
        (
            *(each.user, each.role, each.changed_at, each.removed_at is not None),
            *(owned.get(each.user, {}).get(kind, 0) for kind in KINDS_OWNED),
        )
        for each in members
    ]
    known = {each.user for each in members}
    rows += [
        (user, "", None, False, *(kinds.get(kind, 0) for kind in KINDS_OWNED))
        for user, kinds in sorted(owned.items())
        if user not in known
    ]
    people = pd.DataFrame(rows, columns=list(_COLUMNS))
    order = people.sort_values(["is_removed", "user"], kind="stable", ignore_index=True)
    return Team(order, _acts(records))


def _acts(records: Records) -> pd.DataFrame:
    lines = [line for act in ACTS for line in records.audit_lines(action=act, limit=NEWEST)]
    newest = sorted(lines, key=lambda line: line.id, reverse=True)[:NEWEST]
    told = ("person", "role", "before", "to")
    rows = [
        {
            "at": line.at,
            "by": line.user,
            "act": line.action,
            **{name: line.subject.get(name) for name in told},
            "moved": {kind: line.subject[kind] for kind in KINDS_OWNED if kind in line.subject},
        }
        for line in newest
    ]
    return pd.DataFrame(rows, columns=["at", "by", "act", *told, "moved"])


def rights() -> pd.DataFrame:
    """What each role may do: a row a purpose, a column a role, out of the table that decides."""
    return pd.DataFrame(
        {
            "purpose": get_args(Purpose),
            **{role: [each in POLICY[role] for each in get_args(Purpose)] for role in ROLES},  # pyright: ignore[reportArgumentType]
        }
    )
