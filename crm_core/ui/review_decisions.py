"""Who decides in the review queue: a name that is vouched for, or one that was only typed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from crm_core.privacy.policy import require
from crm_core.records import Item
from crm_core.ui.fields import text_field
from crm_core.ui.runner import run_job
from crm_core.ui.session import current
from crm_core.ui.words import flash


def name_of(label_key: str, *, key: str) -> str:
    """Who decides: whoever signed in; else a name is asked for, and nobody vouches for it."""
    access = current().access
    if access.signed_in:
        return access.user
    return text_field(label_key, key=key, help_key="review_queue.name_about", max_chars=120)


def propose(items: Sequence[Item], reason: str, user: str) -> int:
    """Proposes to set these aside."""
    session = current()
    require(session.access, "set_aside")
    return session.records.propose_set_aside(
        items, reason=reason, user=user, vouched=session.access.signed_in, now=datetime.now(UTC)
    )


def approve(items: Sequence[Item], user: str) -> int:
    """Sets aside what somebody else proposed."""
    session = current()
    require(session.access, "set_aside")
    return session.records.approve_set_aside(
        items, user=user, vouched=session.access.signed_in, now=datetime.now(UTC)
    )


def keep(items: Sequence[Item], reason: str, user: str) -> int:
    """Says that these count."""
    session = current()
    require(session.access, "set_aside")
    return session.records.keep_counted(
        items, reason=reason, user=user, vouched=session.access.signed_in, now=datetime.now(UTC)
    )


def make_numbers(flash_key: str, **facts: object) -> None:
    """Makes the numbers without what is set aside now, with progress; then says what was done."""
    session = current()
    place = session.workspace
    asked = ["set-aside"]
    if place.private:  # a visitor's decisions are not the shop's
        asked += ["--records", place.records_url]
    run_job(asked, store=place.store_url, title_key="review_queue.making")
    flash(flash_key, **facts)
