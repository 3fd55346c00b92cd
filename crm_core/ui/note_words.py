"""What a note or a task is about, and who wrote it, in words. Names come through the gate."""

from __future__ import annotations

from collections.abc import Iterable

from crm_core.errors import CrmError
from crm_core.records import Subject
from crm_core.records.customer_codes import customer_key
from crm_core.text import has
from crm_core.ui.people import names_for, secret_of, short_code
from crm_core.ui.session import Session


def user_words(user: str, session: Session) -> str:
    """What to call somebody who works with this program."""
    if user == session.access.user:
        return session.t("notes.you")
    return session.word("notes.users", user)


def subject_words(subject: Subject, session: Session) -> str:
    """What a subject is called here."""
    return subjects_words([subject], session)[subject]


def subjects_words(
    subjects: Iterable[Subject], session: Session, *, named: bool = True
) -> dict[Subject, str]:
    """What subjects are called here: customers by name, all asked for at once, or by short code."""
    wanted = dict.fromkeys(subjects)
    keys = {each: key_of(each, session) for each in wanted if each.kind == "customer"}
    known = {each: key for each, key in keys.items() if key is not None}
    persons = list(known.values())
    called = names_for(persons, session) if named else [short_code(key, session) for key in persons]
    names = dict(zip(known, called, strict=True))
    return {each: names.get(each) or _called(each, session) for each in wanted}


def _called(subject: Subject, session: Session) -> str:
    code = subject.code
    if subject.kind == "customer":
        return session.t("notes.tasks.gone")
    if subject.kind == "campaign":
        return _campaign(code, session)
    if subject.kind == "page":
        return session.t("notes.subject.page", name=session.word("nav.page", code))
    key = {"metric": f"metric.{code}.label", "chart": code}[subject.kind]
    return session.t(key) if has(key, session.language) else code


def key_of(subject: Subject, session: Session) -> int | None:
    """The customer a subject names; None for a code of another shop."""
    try:
        return customer_key(secret_of(session), subject.code)
    except CrmError:
        return None


def _campaign(code: str, session: Session) -> str:
    try:
        campaign = session.records.campaign(int(code))
    except (CrmError, ValueError):
        return session.t("notes.subject.campaign_gone")
    return session.t("notes.subject.campaign", name=campaign.plan.name)
