"""The tables of the Privacy page: what is held of people, and what left to whom."""

from __future__ import annotations

from crm_core.records import MONTHS
from crm_core.text import formats, has
from crm_core.ui.layout import details_box, link, panel
from crm_core.ui.session import Session, current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, word_table
from crm_core.views.exports import exports
from crm_core.views.privacy import HeldTable, Privacy, held_in_records

_NEWEST = 10


def held_of_people(view: Privacy) -> None:
    """Every table about people: what it is for, from where, for how long, and who sees it."""
    session = current()
    decided, staff = held_in_records(session.records.rows_by_table())
    months = session.records.retention_months()
    with panel("privacy.held", help_key="privacy.held_about"):
        caption("privacy.told_by_files")
        word_table([_row(each, months, session) for each in view.store])
    with panel("privacy.decided", help_key="privacy.decided_about"):
        word_table([_row(each, months, session) for each in decided] or [_nothing(session)])
    with details_box("privacy.staff"):
        caption("privacy.staff_about")
        word_table([_row(each, months, session) for each in staff] or [_nothing(session)])


def _row(each: HeldTable, months: dict[str, int], session: Session) -> dict[str, str]:
    rows = formats.number(each.rows, session.language)
    reveals = [session.word("privacy.tag", tag) for tag in each.reveals]
    return {
        "privacy.table": f"{_name(each, session)} ({rows})",
        "privacy.why": session.t(_why(each.name, session)),
        "privacy.personal": session.t("rules.comma").join(reveals),
        "privacy.origin": session.t(f"held.origin.{each.told.origin}"),
        "privacy.how_long": _how_long(each, months, session),
        "privacy.who": _who(each, session),
    }


def _nothing(session: Session) -> dict[str, str]:
    return {"privacy.table": session.t("privacy.nothing_yet")}


def _name(each: HeldTable, session: Session) -> str:
    for key in (f"held.name.{each.name}", f"import_history.tables.{each.name}"):
        if has(key, session.language):
            return session.t(key, count=each.tables)
    return each.name


def _why(name: str, session: Session) -> str:
    key = f"held.{name}"
    return key if has(key, session.language) else "held.made_by"


def _how_long(each: HeldTable, months: dict[str, int], session: Session) -> str:
    kept = each.told.kept
    if kept in ("months", "log"):
        number = months.get(each.name)
        return session.t(
            f"held.kept.{kept if number else f'no_{kept}'}", months=number or MONTHS[0]
        )
    return session.t(f"held.kept.{kept}")


def _who(each: HeldTable, session: Session) -> str:
    if not each.roles:
        return session.t("held.seen.nobody")
    return session.t("rules.comma").join(session.word("privacy.role", role) for role in each.roles)


def left_lately() -> None:
    """The newest exports: which list, how many people, for what, by whom."""
    session = current()
    found = exports(store=session.store, records=session.records, access=session.access)
    with panel("privacy.left", help_key="privacy.left_about"):
        if found.table.empty:
            caption("privacy.nothing_left")
        else:
            data_table(
                found.table.head(_NEWEST),
                [
                    Column("list", "text", "exports.list", width="medium"),
                    Column("at", "time", "exports.when"),
                    Column("user", "text", "exports.who"),
                    Column("format", "code", "exports.file_format", prefix="exports.format"),
                    Column("channel", "code", "exports.channel", prefix="privacy.contact_channel"),
                    Column("rows", "count", "exports.rows"),
                ],
                key="left_lately",
                alt_key="privacy.left",
            )
        link("exports", "privacy.all_exports")
