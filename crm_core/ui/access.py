"""Who may come in, decided anew on every run; nothing is inferred from an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access

SIGN_IN_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Visit:
    """What is known about a request before anything opens.

    `email` is None unless someone is signed in. `signed_in_at` is the sign-in's time in
    seconds, as the provider states it. `real_store` is false for the demo and for what a
    visitor uploaded privately.
    """

    single_user: bool
    forwarded: bool
    login_configured: bool
    real_store: bool
    visitor: str
    email: str | None = None
    signed_in_at: float | None = None


def is_forwarded(names: Iterable[str]) -> bool:
    """Whether a request's header names show that it came through a proxy.

    >>> is_forwarded(["Host", "X-Forwarded-For"]), is_forwarded(["Host"])
    (True, False)
    """
    lowered = {name.lower() for name in names}
    return any(name.startswith("x-forwarded-") for name in lowered) or bool(
        lowered & {"forwarded", "via", "x-real-ip"}
    )


def decide(
    visit: Visit, role_of: Callable[[str], str | None], *, now: float, present: bool = False
) -> Access:
    """The access of a visit, or the reason why it is refused.

    Raises: CrmError access_forwarded (single-user mode behind a proxy), access_expired,
    access_no_role (signed in, without a role), store_needs_login (a real store, no sign-in).
    """
    if visit.single_user:
        if visit.forwarded:
            raise CrmError("access_forwarded")
        return Access(role="single_user", user="single_user", present=present)
    if visit.login_configured:
        if visit.email is None:
            raise CrmError("access_needs_sign_in")
        if visit.signed_in_at is not None and now - visit.signed_in_at > SIGN_IN_SECONDS:
            raise CrmError("access_expired")
        role = role_of(visit.email)
        if role is None:
            raise CrmError("access_no_role")
        return Access(role=role, user=visit.email, present=present)  # pyright: ignore[reportArgumentType]
    if visit.real_store:
        raise CrmError("store_needs_login")
    return Access(role="single_user", user=f"visitor-{visit.visitor[:8]}", present=present)
