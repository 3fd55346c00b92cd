"""A shop of a few rows, imported the way any shop is, for tests that need exact numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crm_core.errors import CrmError
from crm_core.pipeline import forecasts
from crm_core.pipeline.imports import Wishes, run_import
from crm_core.pipeline.workspace import store_url, workspace
from crm_core.records import Records, open_records
from crm_core.schema import TABLES
from crm_core.settings import Settings
from crm_core.store import Store, open_store
from crm_core.store.imports import recognise

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]

_ARROW = {
    "text": pa.string(),
    "int": pa.int64(),
    "money": pa.decimal128(18, 2),
    "price": pa.decimal128(18, 4),
    "rate": pa.float64(),
    "time": pa.timestamp("us"),
    "date": pa.date32(),
    "bool": pa.bool_(),
}


def order(order_id: str, customer: str | None, when: str, **more: Any) -> dict[str, Any]:
    """An order row; `when` is UTC."""
    return {
        "order_id": order_id,
        "customer_id": customer,
        "ordered_at": datetime.fromisoformat(when),
        "status": "completed",
        "sales_channel": "web",
        **more,
    }


def line(order_id: str, product: str, price: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """A line row: price of one piece."""
    return {
        "order_id": order_id,
        "line_id": f"{order_id}-{product}",
        "product_id": product,
        "quantity": quantity,
        "unit_price": Decimal(price),
        **more,
    }


def write_rows(folder: Path, rows: Rows, **manifest: Any) -> Path:
    """A canonical folder of these rows."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {"format": "clientele-canonical", "version": 1, "currency": "EUR", "timezone": "UTC"}
    told |= {"starts_with_shop": True, **manifest}
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    for name, table_rows in rows.items():
        types = {column.name: _ARROW[column.type] for column in TABLES[name].staging()}
        names = list(dict.fromkeys(key for row in table_rows for key in row))
        columns = {key: pa.array([row.get(key) for row in table_rows], types[key]) for key in names}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    return folder


@dataclass
class SmallShop:
    """A store in a temporary folder, with its records."""

    settings: Settings
    url: str
    records: Records
    folder: Path

    def load(
        self,
        rows: Rows,
        *,
        name: str = "batch",
        now: datetime = NOW,
        shop: str | None = None,
        **manifest: Any,
    ) -> Any:
        """Imports rows as one batch, of one shop if given; the report."""
        files = write_rows(self.folder / name, rows, **manifest)
        return run_import(
            recognise([files]),
            url=self.url,
            settings=self.settings,
            records=self.records,
            now=now,
            wishes=Wishes(shop=shop),
        )

    def open(self) -> Store:
        """The current snapshot."""
        return open_store(self.url, settings=self.settings)


@cache
def new_records() -> bytes:
    """The file of records in which nothing was written yet, migrated once and not once a shop."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "records.sqlite"
        open_records(f"sqlite:///{path}").close()
        return path.read_bytes()


def small_shop(folder: Path, rows: Rows | None = None, **manifest: Any) -> SmallShop:
    """A new store under `folder`, with rows if given."""
    settings = Settings(var=folder / "var", single_user=True, memory_limit_mb=256)
    url = store_url(folder / "var" / "shop")
    place = workspace(settings, url).records_url
    path = Path(place.removeprefix("sqlite:///"))
    if not path.exists():
        path.write_bytes(new_records())
    records = open_records(place)
    shop = SmallShop(settings, url, records, folder)
    if rows is not None:
        shop.load(rows, **manifest)
    return shop


def day(text: str) -> date:
    """A date from ISO text."""
    return date.fromisoformat(text)


@contextmanager
def no_forecast() -> Iterator[None]:
    """Scores made meanwhile lack the forecast, which takes longer than all others together."""

    def none(*_given: object, **_named: object) -> None:
        raise CrmError("not_enough_data")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecasts, "forecast_tables", none)
        yield
