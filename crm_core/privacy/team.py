"""Who works with the shop's Clientele: inviting, another role, letting go, handing over. Each act
needs the right to do it and leaves a line in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crm_core.errors import CrmError
from crm_core.privacy import audit
from crm_core.privacy.policy import POLICY, Access, require
from crm_core.records import Records

#: What the log calls each act.
ACTS = ("person_invited", "person_role", "person_removed", "person_handed_over")


def save_role(records: Records, access: Access, user: str, role: str, *, now: datetime) -> None:
    """Invites a person, or gives one another role; nothing happens where they have it already.

    Raises: CrmError("privacy_denied", action="people"), ("team_last_admin"), and what
    `records.save_user` raises.
    """
    require(access, "people")
    before = records.role_of(user)
    if before == role:
        return
    if role != "admin":
        _keep_an_admin(records, access, user)
    records.save_user(user, role, now)
    act = ACTS[0] if before is None else ACTS[1]
    _write(records, access, act, user, now, {"role": role, "before": before})


def remove(records: Records, access: Access, user: str, *, now: datetime) -> None:
    """Lets a person in no longer, whatever session they hold and whatever is claimed of them.

    Raises: CrmError("privacy_denied", action="people"), ("team_last_admin").
    """
    require(access, "people")
    _keep_an_admin(records, access, user)
    before = records.role_of(user)
    records.remove_user(user, now)
    _write(records, access, ACTS[2], user, now, {"before": before})


def hand_over(
    records: Records, access: Access, user: str, to: str, *, now: datetime
) -> dict[str, int]:
    """Gives what a person looks after to another, who must be able to work with it; how much.

    Raises: CrmError("privacy_denied", action="people"), ("team_cannot_take").
    """
    require(access, "people")
    role = records.role_of(to)
    if role is None or "export" not in POLICY[role] or _same(user, to):  # pyright: ignore[reportArgumentType]
        raise CrmError("team_cannot_take")
    moved = records.hand_over(user, to)
    if moved:
        _write(records, access, ACTS[3], user, now, {"to": to, **moved})
    return moved


def takers(records: Records, user: str) -> list[str]:
    """Who could take over what a person looks after."""
    users = records.users()
    able = [name for name, role in users.items() if "export" in POLICY[role]]  # pyright: ignore[reportArgumentType]
    return [name for name in able if not _same(name, user)]


def _keep_an_admin(records: Records, access: Access, user: str) -> None:
    """Somebody on the list must still be able to let people in; one who works alone always is."""
    admins = {name for name, role in records.users().items() if role == "admin"}
    if access.role != "single_user" and admins and admins <= {user.strip().casefold()}:
        raise CrmError("team_last_admin")


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _write(
    records: Records, access: Access, act: str, user: str, now: datetime, told: Mapping[str, Any]
) -> None:
    # A colleague's sign-in name is what the line is about; it is no customer's.
    named = {"person": user.strip().casefold(), **told}
    audit.append(records, access, act, {}, now=now, as_is=named)
