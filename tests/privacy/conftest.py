from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from crm_core.privacy import Access
from crm_core.records import Records, open_records
from crm_core.schema import VERSION
from crm_core.settings import Settings
from crm_core.store import Store, open_store
from crm_core.store.write import write_decisions, writing

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
OWNER = Access("single_user", "owner")
MARKETER = Access("marketer", "mia@shop.example")
VIEWER = Access("viewer", "victor@shop.example")


@dataclass(frozen=True)
class Person:
    """A customer of a test shop. Agreed to e-mail and text messages unless told otherwise."""

    key: int
    name: str | None = "Ann Lee"
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    postal_code: str | None = None
    city: str | None = None
    category: str = "tea"
    agreed: tuple[str, ...] = ("email", "sms")
    extra: dict[str, Any] = field(default_factory=dict)


_IDENTITY = ("name", "email", "phone", "address", "postal_code", "city")
MakeShop = Callable[[Sequence[Person]], "Shop"]


@dataclass
class Shop:
    """A store and its records, with the expressions that tests ask for."""

    store: Store
    records: Records
    folder: Path

    def members(self) -> ir.Table:
        table = self.store.table("features")
        return table

    def chosen(self, *keys: int) -> ir.Table:
        table = self.members()
        return table.filter(table.customer_key.isin(keys))

    def agree(self, keys: Sequence[int], *channels: str, state: str = "granted") -> None:
        rows = [(key, channel) for key in keys for channel in channels]
        self.records.load_consents(
            pa.table(
                {
                    "customer_key": [key for key, _ in rows],
                    "contact_channel": [channel for _, channel in rows],
                    "purpose": ["marketing"] * len(rows),
                    "state": [state] * len(rows),
                    "at": [NOW] * len(rows),
                    "source": ["form"] * len(rows),
                }
            )
        )


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[MakeShop]:
    with shops_in(tmp_path) as make:
        yield make


@contextmanager
def shops_in(tmp_path: Path) -> Iterator[MakeShop]:
    opened: list[Shop] = []

    def make(people: Sequence[Person]) -> Shop:
        folder = tmp_path / f"shop{len(opened)}"
        folder.mkdir()
        records = open_records(f"sqlite:///{folder}/records.db")
        shop = Shop(None, records, folder)  # type: ignore[arg-type]
        for channel in ("email", "sms", "phone", "post", "ads"):
            agreed = [person.key for person in people if channel in person.agreed]
            if agreed:
                shop.agree(agreed, channel)
        shop.store = _store(folder, people, records)
        opened.append(shop)
        return shop

    yield make
    for shop in opened:
        shop.store.close()
        shop.records.close()


def _store(folder: Path, people: Sequence[Person], records: Records) -> Store:
    settings = Settings.from_env({"CLIENTELE_VAR": str(folder), "CLIENTELE_MEMORY_MB": "256"})
    place = folder / "store"
    place.mkdir()
    with writing(place, settings) as change, change.building("facts") as build:
        build.upload("identities", _identities(people))
        build.upload("customer_facts", pa.table({"customer_key": _keys(people)}))
        build.upload("features", _features(people))
        build.upload(
            "identity_links",
            pa.table(
                {
                    "kind": ["customer_id"] * len(people),
                    "value": [f"C-{person.key:05d}" for person in people],
                    "customer_key": _keys(people),
                }
            ),
        )
        build.put_meta(_meta())
    mirror = records.mirror()
    decisions = folder / "decisions.duckdb"
    write_decisions(decisions, mirror.tables, {"revision": str(mirror.revision)})
    return open_store(f"duckdb:///{place}", settings=settings, decisions=decisions)


def _keys(people: Sequence[Person]) -> pa.Array:
    return pa.array([person.key for person in people], pa.int64())


def _identities(people: Sequence[Person]) -> pa.Table:
    columns: dict[str, Any] = {
        name: pa.array([getattr(person, name) for person in people], pa.string())
        for name in _IDENTITY
    }
    return pa.table({"customer_key": _keys(people), **columns})


def _features(people: Sequence[Person]) -> pa.Table:
    count = len(people)
    return pa.table(
        {
            "customer_key": _keys(people),
            "favourite_category": pa.array([person.category for person in people], pa.string()),
            "orders": pa.array([3] * count, pa.int64()),
            "balance": pa.array([Decimal("-5.00")] * count, pa.decimal128(18, 2)),
            "last_day": pa.array([date(2026, 6, 1)] * count, pa.date32()),
            "is_member": pa.array([True] * count, pa.bool_()),
            "ratio": pa.array([float("nan")] * count, pa.float64()),
        }
    )


def _meta() -> dict[str, str]:
    return {
        "name": "Test shop",
        "kind": "shop",
        "schema_version": str(VERSION),
        "currency": "EUR",
        "timezone": "UTC",
        "starts_with_shop": "true",
        "first_day": "2025-01-01",
        "last_day": "2026-06-30",
        "as_of": "2026-06-30",
    }
