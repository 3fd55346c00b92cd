"""The rule book: who is offered what, on which channel, in which order; every saving a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, Connection, Integer, Row, String, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, CampaignRow, SavedAudience, UtcTime
from crm_core.records.repository import (
    Repository,
    bump,
    checked_channel,
    checked_moment,
    checked_name,
    name_key,
)
from crm_core.records.saved import checked_rule

#: What a rule may say is to be done; `nothing` leaves people in peace.
ACTIONS: Final = ("buy_again", "try_new", "product", "coupon", "message", "nothing")
#: Actions that say which one: a product's id, an offer's name, the words of a message.
NAMED_ACTIONS: Final = ("product", "coupon", "message")
EVERY_CHANNEL: Final = "all"
MOST_RULES: Final = 100
MOST_WORDS: Final = 500
MOST_DAYS: Final = 366
MOST_PEOPLE: Final = 100_000_000
_BOOK_BYTES: Final = 2_000_000
_SHOWN: Final = 50


@dataclass(frozen=True)
class OfferRule:
    """If `rule` (a document of `crm_core.rules`) holds for somebody, then `action` on the channel.

    `what` is the product's id, the offer's name or the message. At most `most_people` get it in
    `again_days` days (None: no cap), and nobody gets it twice in them. `id` is 0 before the first
    saving. Only a rule that says nothing is to be done may hold for every channel at once.
    """

    name: str
    rule: Mapping[str, Any]
    action: str
    contact_channel: str
    what: str = ""
    is_on: bool = True
    most_people: int | None = None
    again_days: int = 30
    id: int = 0

    def checked(self) -> OfferRule:
        """The rule as it is kept.

        Raises: CrmError("offer_rule_invalid", field), ("records_channel_unknown"),
        ("records_name_invalid"), ("records_rule_invalid").
        """
        every = (EVERY_CHANNEL,) if self.action == "nothing" else ()
        channel = checked_channel(self.contact_channel, also=every)
        what = self.what.strip() if self.action in NAMED_ACTIONS else ""
        faults = {
            "action": self.action not in ACTIONS,
            "what": len(what) > MOST_WORDS or (self.action in NAMED_ACTIONS and not what),
            "most_people": not _within(self.most_people, 1, MOST_PEOPLE),
            "again_days": self.again_days is None or not _within(self.again_days, 1, MOST_DAYS),  # pyright: ignore[reportUnnecessaryComparison]
            "is_on": type(self.is_on) is not bool,
        }
        if bad := [name for name, wrong in faults.items() if wrong]:
            raise CrmError("offer_rule_invalid", field=bad[0])
        return replace(
            self,
            name=checked_name(self.name),
            rule=checked_rule(self.rule),
            contact_channel=channel,
            what=what,
            most_people=None if self.action == "nothing" else self.most_people,
        )


@dataclass(frozen=True)
class OfferBook:
    """All rules, the first in priority first. Nobody is written to more than `most_offers` times
    in `offer_days` days. `change` says what the saving did (a code) to which rule."""

    rules: tuple[OfferRule, ...] = ()
    most_offers: int = 2
    offer_days: int = 30
    version: int = 0
    change: str = ""
    about: str = ""
    saved_by: str = ""
    saved_at: datetime | None = None

    def rule(self, wanted: int | str) -> OfferRule:
        """One rule by number or name.

        Raises: CrmError("offer_rule_unknown").
        """
        for each in self.rules:
            same = each.id == wanted if isinstance(wanted, int) else _same(each.name, wanted)
            if same:
                return each
        raise CrmError("offer_rule_unknown")

    def checked(self) -> OfferBook:
        """The book as it is kept, each rule under a name of its own.

        Raises: CrmError("offer_book_invalid", field), ("offer_rules_many", most),
        ("records_name_taken", name), and as `OfferRule.checked`.
        """
        if len(self.rules) > MOST_RULES:
            raise CrmError("offer_rules_many", most=MOST_RULES)
        for name, most in (("most_offers", 100), ("offer_days", MOST_DAYS)):
            if getattr(self, name) is None or not _within(getattr(self, name), 1, most):
                raise CrmError("offer_book_invalid", field=name)
        rules = tuple(each.checked() for each in self.rules)
        names = [name_key(each.name) for each in rules]
        for each, key in zip(rules, names, strict=True):
            if names.count(key) > 1:
                raise CrmError("records_name_taken", name=each.name)
        return replace(self, rules=rules)


class OfferBookRow(Base):
    """The rule book as it was saved once; added, never changed. The highest version counts;
    `last_id` is the highest number any rule ever had."""

    __tablename__ = "offer_books"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    document: Mapped[Any] = mapped_column(JSON)
    last_id: Mapped[int] = mapped_column(Integer)
    change: Mapped[str] = mapped_column(String(20))
    about: Mapped[str] = mapped_column(String(120))
    saved_by: Mapped[str] = mapped_column(String(320))
    saved_at: Mapped[datetime] = mapped_column(UtcTime)


class OfferRules(Repository):
    """The rule book and all that it was."""

    def offer_book(self, version: int | None = None) -> OfferBook:
        """The book of now, or of a version; without rules before the first saving.

        Raises: CrmError("offer_book_unknown") for a version that never was.
        """
        with reading(self._engine) as connection:
            row = _row(connection, version)
        if row is None and version:
            raise CrmError("offer_book_unknown")
        return OfferBook() if row is None else _book(row)

    def offer_books(self, most: int = _SHOWN) -> list[OfferBook]:
        """The latest versions, the one of now first."""
        with reading(self._engine) as connection:
            query = select(OfferBookRow).order_by(OfferBookRow.version.desc()).limit(most)
            return [_book(row) for row in connection.execute(query)]

    def save_offer_book(
        self, book: OfferBook, *, change: str, about: str = "", user: str, now: datetime
    ) -> OfferBook:
        """Keeps the book as its next version, if nobody saved it since `book.version`; new rules
        get their numbers.

        Raises: CrmError("offer_book_changed"), ("offer_book_long"), and as `OfferBook.checked`.
        """
        book, moment = book.checked(), checked_moment(now)
        with writing(self._engine) as connection:
            bump(connection, "decisions")  # first, so that two who save take turns
            last = _row(connection, None)
            if (last.version if last else 0) != book.version:
                raise CrmError("offer_book_changed")
            rules, last_id = _numbered(book.rules, last.last_id if last else 0)
            row = {
                "version": book.version + 1,
                "document": _document(replace(book, rules=rules)),
                "last_id": last_id,
                "change": change[:20],
                "about": about[:120],
                "saved_by": user,
                "saved_at": moment,
            }
            connection.execute(insert(OfferBookRow).values(**row))
            kept = _row(connection, None)
        return book if kept is None else _book(kept)

    def restore_offer_book(
        self, version: int, *, instead_of: int, user: str, now: datetime
    ) -> OfferBook:
        """Makes an earlier version the one of now, as a version of its own: also how a saving is
        taken back. Version 0 is the book before the first saving; `instead_of` is the version that
        whoever asks for it has seen.

        Raises: CrmError("offer_book_unknown"), ("offer_book_changed") if there is a later one.
        """
        before = self.offer_book(version) if version else OfferBook()
        fresh = replace(before, version=instead_of)
        return self.save_offer_book(
            fresh, change="restored", about=str(version), user=user, now=now
        )


def _within(value: int | None, low: int, high: int) -> bool:
    return value is None or (type(value) is int and low <= value <= high)


def _same(one: str, other: str) -> bool:
    return name_key(one) == name_key(other)


def _row(connection: Connection, version: int | None) -> Row[Any] | None:
    wanted = select(func.max(OfferBookRow.version)).scalar_subquery()
    which = OfferBookRow.version == (wanted if version is None else version)
    return connection.execute(select(OfferBookRow).where(which)).one_or_none()


def _numbered(rules: Sequence[OfferRule], last_id: int) -> tuple[tuple[OfferRule, ...], int]:
    """The rules with a number each; none that was ever given away is given again."""
    seen: set[int] = set()
    numbered: list[OfferRule] = []
    for each in rules:
        known = 0 < each.id <= last_id and each.id not in seen
        number = each.id if known else (last_id := last_id + 1)
        seen.add(number)
        numbered.append(replace(each, id=number))
    return tuple(numbered), last_id


def _document(book: OfferBook) -> dict[str, Any]:
    told = {
        "most_offers": book.most_offers,
        "offer_days": book.offer_days,
        "rules": [asdict(each) for each in book.rules],
    }
    try:
        return checked_rule(told, most_bytes=_BOOK_BYTES)
    except CrmError:
        raise CrmError("offer_book_long", bytes=_BOOK_BYTES) from None


def _book(row: Row[Any]) -> OfferBook:
    told = row.document
    return OfferBook(
        rules=tuple(OfferRule(**each) for each in told["rules"]),
        most_offers=told["most_offers"],
        offer_days=told["offer_days"],
        version=row.version,
        change=row.change,
        about=row.about,
        saved_by=row.saved_by,
        saved_at=row.saved_at,
    )


def book_in(connection: Connection) -> OfferBook:
    """The book of now, within a transaction."""
    row = _row(connection, None)
    return OfferBook() if row is None else _book(row)


def rounds_in(connection: Connection) -> list[tuple[int, int]]:
    """Sealed campaigns that were made of a rule's people: (campaign, offer rule), through
    audiences that name the rule, too."""
    audiences = {
        row.id: (row.name_key, row.rule) for row in connection.execute(select(SavedAudience))
    }
    names = {name: number for number, (name, _) in audiences.items()}
    rules = {name_key(each.name): each.id for each in book_in(connection).rules}
    found: set[tuple[int, int]] = set()
    sealed = select(CampaignRow.id, CampaignRow.rule).where(CampaignRow.sealed_at.is_not(None))
    for campaign in connection.execute(sealed):
        waiting, met = [campaign.rule], set[int]()
        while waiting:
            node = waiting.pop()
            if isinstance(node, list):
                waiting.extend(node)
            if not isinstance(node, dict):
                continue
            waiting.extend(node.values())
            number = _number(node.get("in_offer_rule"), rules)
            if number:
                found.add((campaign.id, number))
            audience = _number(node.get("in_audience"), names)
            if audience in audiences and audience not in met:
                met.add(audience)
                waiting.append(audiences[audience][1])
    return sorted(found)


def _number(named: object, names: Mapping[str, int]) -> int:
    if type(named) is int:
        return named
    return names.get(name_key(named), 0) if isinstance(named, str) else 0
