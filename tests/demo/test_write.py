"""The folder is what imports expect, and the bundled one is what the generator makes today."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crm_core.demo import END_DAY, Truths, generate, write_canonical, write_truths
from crm_core.schema import TABLES
from tests.demo.conftest import DATA

STATES = {"pending", "paid", "shipped", "delivered", "completed", "cancelled", "refunded", "test"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    truths = Truths()
    write_canonical(folder, generate(truths=truths), end_day=END_DAY)
    write_truths(folder, truths)
    return folder


def test_the_bundled_shop_is_what_the_generator_makes(made: Path) -> None:
    files = sorted(p.relative_to(made) for p in made.rglob("*") if p.is_file())
    for name in files:
        if name.suffix == ".parquet":
            assert_same(pq.read_table(made / name), pq.read_table(DATA / name), str(name))
        else:
            assert (made / name).read_text("utf-8") == (DATA / name).read_text("utf-8"), name


def assert_same(made: pa.Table, bundled: pa.Table, name: str) -> None:
    """Equal in every cell; real numbers but for the last digits, which differ by processor."""
    assert made.schema == bundled.schema, name
    for column in made.column_names:
        if pa.types.is_floating(made.schema.field(column).type):
            one, two = made[column].to_numpy(), bundled[column].to_numpy()
            np.testing.assert_allclose(one, two, rtol=1e-5, err_msg=f"{name} {column}")
        else:
            assert made[column].equals(bundled[column]), (name, column)


def test_the_bundled_shop_is_small() -> None:
    assert sum(p.stat().st_size for p in DATA.rglob("*") if p.is_file()) < 10_000_000


def test_the_manifest_says_it_is_invented() -> None:
    manifest = json.loads((DATA / "manifest.json").read_text("utf-8"))
    assert manifest["invented"] is True
    assert "invented" in manifest["name"]
    assert manifest["format"] == "clientele-canonical"
    assert manifest["end_day"] == "2026-10-31"
    rows = {
        name: pq.read_metadata(DATA / f"{name}.parquet").num_rows for name in manifest["tables"]
    }
    assert rows == manifest["tables"]
    assert "**Nothing here is real.**" in (DATA / "README.md").read_text("utf-8")


def test_tables_hold_the_columns_of_the_schema_and_every_required_value() -> None:
    given = {p.stem for p in DATA.glob("*.parquet")}
    assert given == {
        name for name, t in TABLES.items() if any(not c.stored_only for c in t.columns)
    } - {"accounts"}  # the demo shop sells to persons alone
    for name in given:
        table = pq.read_table(DATA / f"{name}.parquet")
        columns = {c.name: c for c in TABLES[name].staging()}
        assert set(table.column_names) <= set(columns), name
        for column in columns.values():
            if column.required:
                assert table[column.name].null_count == 0, (name, column.name)


def test_states_are_those_of_the_vocabulary() -> None:
    assert set(pq.read_table(DATA / "orders.parquet")["status"].unique().to_pylist()) == STATES


def test_keys_are_unique_and_children_have_parents() -> None:
    def keys(name: str, column: str) -> list[str]:
        return (
            pq.read_table(DATA / f"{name}.parquet", columns=[column])[column]
            .drop_null()
            .to_pylist()
        )

    for name, column in (
        ("orders", "order_id"),
        ("customers", "customer_id"),
        ("refunds", "refund_id"),
        ("reviews", "review_id"),
        ("web_events", "event_id"),
        ("contacts", "contact_id"),
    ):
        assert len(set(keys(name, column))) == len(keys(name, column)), name
    orders, customers = set(keys("orders", "order_id")), set(keys("customers", "customer_id"))
    for name in ("order_lines", "refunds", "contacts", "reviews"):
        assert set(keys(name, "order_id")) <= orders, name
    for name in (
        "identities",
        "orders",
        "contacts",
        "reviews",
        "touches",
        "consents",
        "web_events",
    ):
        assert set(keys(name, "customer_id")) <= customers, name


def test_money_is_decimal() -> None:
    lines = pq.read_schema(DATA / "order_lines.parquet")
    assert lines.field("discount").type == pa.decimal128(18, 2)
    assert lines.field("unit_price").type == pa.decimal128(18, 4)


def test_another_seed_makes_another_shop_and_the_same_seed_the_same() -> None:
    def orders(seed: int) -> pa.Table:
        end = date(2026, 3, 31)
        return pa.concat_tables(t for name, t in generate(200, 12, seed, end) if name == "orders")

    assert orders(1).equals(orders(1))
    assert not orders(1).equals(orders(2))
