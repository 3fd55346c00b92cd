"""Who may come in, decided anew on every run; nothing is inferred from an address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.records import Standing
from crm_core.ui.claims import Claims

_CLOCK_SECONDS = 300  # how far two clocks may differ
_HOUR = 3600


@dataclass(frozen=True)
class Visit:
    """What is known about a request before anything opens.

    `claims` is None unless someone is signed in. `real_store` is false for the demo and for what
    a visitor uploaded privately. `hours` is how long a sign-in lasts.
    """

    single_user: bool
    forwarded: bool
    login_configured: bool
    real_store: bool
    visitor: str
    claims: Claims | None = None
    hours: int = 10


def is_forwarded(headers: Mapping[str, str]) -> bool:
    """Whether a request's headers show that it came from another machine: through a proxy, or to
    a name that is not this machine's own, as a proxy without such headers or a page that had its
    own name lead here would ask for.

    >>> is_forwarded({"Host": "localhost:8501", "X-Forwarded-For": "10.0.0.9"})
    True
    >>> is_forwarded({"Host": "127.0.0.1:8501"}), is_forwarded({"Host": "shop.example"})
    (False, True)
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    named = any(name.startswith("x-forwarded-") for name in lowered)
    return named or bool(_PROXY & set(lowered)) or not _is_here(lowered.get("host", "localhost"))


_PROXY = {"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"}


def _is_here(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False


def decide(
    visit: Visit,
    standing_of: Callable[[str, str], Standing],
    *,
    now: float,
    present: bool = False,
) -> Access:
    """The access of a visit, or the reason why it is refused.

    The shop's own list says what a person may do; only who is not on it has the role that the
    sign-in provider claims.
    Raises: CrmError access_forwarded (single-user mode behind a proxy), store_needs_login (a real
    store, no sign-in), access_needs_sign_in, access_expired, access_ended (signed out since),
    access_clock, access_unverified, access_no_role (signed in, without a role).
    """
    if visit.single_user:
        if visit.forwarded:
            raise CrmError("access_forwarded")
        return Access(role="single_user", user="single_user", present=present)
    if not visit.login_configured:
        if visit.real_store:
            raise CrmError("store_needs_login")
        return Access(role="single_user", user=f"visitor-{visit.visitor[:8]}", present=present)
    claims = visit.claims
    if claims is None or claims.email is None:
        raise CrmError("access_needs_sign_in")
    _check_time(claims, visit.hours, now)
    if not claims.is_verified:
        raise CrmError("access_unverified")
    standing = standing_of(claims.email, claims.sign_in)
    if standing.is_ended:
        raise CrmError("access_ended")
    role = standing.role if standing.member else claims.role
    if role is None:
        raise CrmError("access_no_role")
    return Access(role=role, user=claims.email, present=present)  # pyright: ignore[reportArgumentType]


def _check_time(claims: Claims, hours: int, now: float) -> None:
    """A sign-in has its time: who cannot say when it began could hold on to it for ever."""
    if claims.signed_in_at is None or now - claims.signed_in_at > hours * _HOUR:
        raise CrmError("access_expired")
    if claims.signed_in_at - now > _CLOCK_SECONDS:
        raise CrmError("access_clock")
