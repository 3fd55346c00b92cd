"""What campaigns may offer. An offer only lowers a price; how it is used is told apart by its code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, exists, insert, select

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import CampaignRow, OfferRow
from crm_core.records.repository import Repository, bump, checked_moment, checked_name, name_key
from crm_core.records.saved import names_apart

#: percent off, an amount off, no shipping to pay, something for nothing.
OFFER_KINDS: Final = ("percent", "amount", "free_shipping", "gift")
MOST_MONEY: Final = 1e9
_MOST_THINGS = 200
_CODE_LENGTH = 60


@dataclass(frozen=True)
class OfferTerms:
    """`value` is percent (0 to 100) or money off, nothing for the other kinds. `cost` is what the
    shop loses each time it is used, beside the lower price. Without `products` and `categories`
    it holds for everything; without days always; `cap` is how many may use it."""

    name: str
    kind: str
    value: float = 0.0
    code: str = ""
    cost: float = 0.0
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    cap: int | None = None


@dataclass(frozen=True)
class Offer:
    """An offer of the shop's catalogue."""

    id: int
    terms: OfferTerms
    owner: str
    created_at: datetime = field(compare=False)


class Offers(Repository):
    """The offers there are."""

    def offers(self) -> list[Offer]:
        """All offers, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(OfferRow).order_by(OfferRow.name_key))
            return [_offer(row) for row in rows]

    def offer(self, number: int) -> Offer:
        """One offer.

        Raises: CrmError("offer_unknown").
        """
        with reading(self._engine) as connection:
            return _find(connection, number)

    def add_offer(self, terms: OfferTerms, *, owner: str, now: datetime) -> Offer:
        """Keeps a new offer.

        Raises: CrmError("offer_raises_price"), ("offer_invalid", field), ("records_name_taken"),
        ("records_name_invalid").
        """
        name = checked_name(terms.name)
        row = {**_checked(terms), "name": name, "name_key": name_key(name), "owner": owner}
        row["created_at"] = checked_moment(now)
        with names_apart(name), writing(self._engine) as connection:
            made = connection.execute(insert(OfferRow).values(**row).returning(OfferRow.id))
            bump(connection, "decisions")
            return _find(connection, made.scalar_one())

    def remove_offer(self, number: int) -> None:
        """Forgets an offer that no campaign has.

        Raises: CrmError("offer_unknown"), ("offer_in_use").
        """
        with writing(self._engine) as connection:
            _find(connection, number)
            used = select(exists().where(CampaignRow.offer_id == number))
            if connection.execute(used).scalar_one():
                raise CrmError("offer_in_use")
            connection.execute(delete(OfferRow).where(OfferRow.id == number))
            bump(connection, "decisions")


def _find(connection: Connection, number: int) -> Offer:
    row = connection.execute(select(OfferRow).where(OfferRow.id == number)).one_or_none()
    if row is None:
        raise CrmError("offer_unknown")
    return _offer(row)


def _offer(row: Row[Any]) -> Offer:
    terms = OfferTerms(
        name=row.name,
        kind=row.kind,
        value=row.value,
        code=row.code,
        cost=row.cost,
        products=tuple(row.products),
        categories=tuple(row.categories),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        cap=row.cap,
    )
    return Offer(row.id, terms, row.owner, row.created_at)


def _checked(terms: OfferTerms) -> dict[str, Any]:
    if terms.kind not in OFFER_KINDS:
        raise CrmError("offer_invalid", field="kind")
    if terms.value < 0:
        raise CrmError("offer_raises_price")
    least = 0.0 if terms.kind in ("free_shipping", "gift") else 1e-9
    most = {"percent": 100.0, "amount": MOST_MONEY}.get(terms.kind, 0.0)
    faults = {
        "value": not (isfinite(terms.value) and least <= terms.value <= most),
        "cost": not (isfinite(terms.cost) and 0 <= terms.cost <= MOST_MONEY),
        "code": len(terms.code) > _CODE_LENGTH,
        "cap": terms.cap is not None and terms.cap < 1,
        "products": len(terms.products) > _MOST_THINGS,
        "categories": len(terms.categories) > _MOST_THINGS,
        "ends_on": bool(terms.starts_on and terms.ends_on and terms.ends_on < terms.starts_on),
    }
    if bad := [name for name, wrong in faults.items() if wrong]:
        raise CrmError("offer_invalid", field=bad[0])
    told = {**vars(terms), "products": list(terms.products), "categories": list(terms.categories)}
    return {**told, "code": terms.code.strip()}
