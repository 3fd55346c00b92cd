"""What a consent's source lets the shop do: a marketplace's buyers may be served, not advertised to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, not_, or_, select

from crm_core.records.models import Consent, Setting

#: Sources whose yes is none, unless the shop's settings say which are: as a file's own word for
#: where a consent was given, or as the name of the export it came with ("amazon_orders").
MARKETPLACES = (
    "aliexpress", "alibaba", "allegro", "amazon", "cdiscount", "douyin", "ebay", "etsy", "jd",
    "kaufland", "lazada", "marketplace", "mercadolibre", "olist", "otto", "pinduoduo", "rakuten",
    "shopee", "taobao", "temu", "tmall", "walmart", "zalando",
)  # fmt: skip
SETTING = "service_only_sources"


def service_only(connection: Connection) -> tuple[str, ...]:
    """The sources that the shop's settings say, else the marketplaces that are known."""
    kept = connection.execute(select(Setting.value).where(Setting.key == SETTING)).scalar()
    return MARKETPLACES if kept is None else tuple(kept)


def is_service_only(source: str, names: Sequence[str]) -> bool:
    """Whether a yes from this source is none.

    >>> is_service_only("Amazon_orders", MARKETPLACES), is_service_only("shop form", MARKETPLACES)
    (True, False)
    """
    told = source.strip().lower()
    return any(told == name or told.startswith(f"{name}_") for name in map(str.lower, names))


def from_service_only(names: Sequence[str]) -> ColumnElement[bool]:
    """The same of a row of consents."""
    told = func.lower(func.trim(Consent.source))
    tests = [told == name.lower() for name in names]
    tests += [told.startswith(f"{name.lower()}_", autoescape=True) for name in names]
    return or_(false(), *tests)


def counts(connection: Connection) -> ColumnElement[bool]:
    """Which events say whether a customer may be contacted: every no, and each yes that was given
    to the shop itself."""
    return not_(and_(Consent.state == "granted", from_service_only(service_only(connection))))


def only_served(connection: Connection, keys: Sequence[int], about: Sequence[Any]) -> set[int]:
    """Those of these customers who said yes to a marketplace, if not to the shop."""
    yes = and_(Consent.state == "granted", from_service_only(service_only(connection)))
    query = select(Consent.customer_key).where(Consent.customer_key.in_(keys), yes, *about)
    return set(connection.execute(query.distinct()).scalars())
