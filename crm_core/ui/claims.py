"""What a sign-in provider says of who is signed in: name, time, role, and which sign-in it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_core.errors import CrmError, close_match
from crm_core.records import ROLES
from crm_core.settings import Settings

#: What together tells one sign-in of a person from the next; all of it is the provider's.
_OF_ONE_SIGN_IN = ("iss", "sub", "email", "iat", "auth_time", "jti", "sid", "nonce")


@dataclass(frozen=True)
class Claims:
    """A signed-in person. `signed_in_at` is when this sign-in began, in seconds; `sign_in` is
    what it is known by once it has ended; `role` is claimed and counts only for who is unknown."""

    email: str | None
    is_verified: bool
    signed_in_at: float | None
    sign_in: str
    role: str | None


def read(user: Mapping[str, Any], settings: Settings) -> Claims:
    """The claims of a signed-in person, the role as the settings say where to read it.

    A sign-in begins when its token was made (`iat`): a provider that keeps people signed in for
    days repeats the same `auth_time`, which would end each new sign-in at once.
    Raises: CrmError("setting_role_unknown", role, match).
    """
    roles, claim = _roles(settings.claimed_roles), settings.role_claim
    begun = user.get("iat") or user.get("auth_time")
    known = {name: user[name] for name in _OF_ONE_SIGN_IN if name in user}
    canonical = json.dumps(known, sort_keys=True, default=str)
    return Claims(
        email=str(user.get("email") or "").strip().casefold() or None,
        is_verified=user.get("email_verified") is not False,
        signed_in_at=float(begun) if isinstance(begun, int | float) else None,
        sign_in=hashlib.sha256(canonical.encode()).hexdigest(),
        role=_claimed(_value(user, claim), roles) if claim else None,
    )


def _roles(told: Sequence[str]) -> dict[str, str]:
    roles = {role: role for role in ROLES} if not told else {}
    for each in told:
        word, _, role = (part.strip() for part in each.rpartition("="))
        if role not in ROLES or not word:
            raise CrmError("setting_role_unknown", role=role, match=close_match(role, ROLES))
        roles[word] = role
    return roles


def _value(user: Mapping[str, Any], claim: str) -> Any:
    """A claim by its name, or by its path (`realm_access.roles`)."""
    if claim in user:
        return user[claim]
    found: Any = user
    for part in claim.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _claimed(value: Any, roles: Mapping[str, str]) -> str | None:
    """The role with the most rights among those claimed.

    >>> _claimed(["staff", "shop-care"], {"staff": "viewer", "shop-care": "care"})
    'care'
    """
    words = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    claimed = {roles[word] for word in words if isinstance(word, str) and word in roles}
    return max(claimed, key=ROLES.index, default=None)
