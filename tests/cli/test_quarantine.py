"""Rows set aside leave through the guarded door, come back mended, and are then healed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_core.errors import CrmError
from crm_core.privacy import Access, audit
from crm_core.privacy.export import export_set_aside
from crm_core.records import open_records
from crm_core.store.quarantine import Layout
from tests.cli.conftest import OwnShop
from tests.small_shop import NOW

HEADER = "Order ID;Order Date;Customer ID;Name;SKU;Quantity;Price"
GOOD = "1;2026-01-05;c1;Ann;tea;1;10,00"
BAD = (
    "2;2026-02-30;c2;=cmd|' /C calc'!A1;tea;2;12,50",
    "3;2026-01-07;c3;Bo;tea;two;12,50",
    '4;2026-01-08;c4;"Li; Wei";tea;1',
)


def files(shop: OwnShop, *rows: str, name: str = "orders.csv") -> Path:
    path = shop.var / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def load(shop: OwnShop, path: Path, *more: str) -> dict[str, Any]:
    said = shop("import", path, "--no-refresh", "--currency", "EUR", "--json", *more)
    assert said.code == 0, said.err
    return said.answer


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        out.writeheader()
        out.writerows(rows)


@pytest.fixture
def aside(shop: OwnShop) -> OwnShop:
    """A shop with one good row and three set aside."""
    report = load(shop, files(shop, GOOD, *BAD))
    assert (report["rows"]["quarantined"], report["quality"]["adds_up"]) == (3, True)
    return shop


@pytest.mark.slow
def test_the_file_has_the_columns_it_came_with_and_says_why(aside: OwnShop, tmp_path: Path) -> None:
    out = tmp_path / "aside.csv"
    said = aside("quarantine", "--out", out, "--json")
    assert said.code == 0, said.err
    assert (said.answer["rows"], said.answer["files"][0]["file"]) == (3, str(out))
    rows = rows_of(out)
    assert list(rows[0])[:7] == HEADER.split(";")
    assert [row["clientele_reason"] for row in rows] == [
        "no date can be read", "no number can be read", "too many or too few values",
    ]  # fmt: skip
    assert [row["clientele_column"] for row in rows] == ["Order Date", "Quantity", ""]
    assert {(row["clientele_import"], row["clientele_file"]) for row in rows} == {
        ("1", "orders.csv")
    }
    assert [row["clientele_row"] for row in rows] == ["3", "4", "5"]
    assert rows[0]["Name"].startswith("'=cmd")
    assert (rows[2]["Name"], rows[2]["Price"]) == ("Li; Wei", "")


@pytest.mark.parametrize("delimiter", [",", pytest.param(";", marks=pytest.mark.slow)])
def test_mended_rows_load_and_are_healed(aside: OwnShop, tmp_path: Path, delimiter: str) -> None:
    out = tmp_path / "mended.csv"
    assert aside("quarantine", "--out", out).code == 0
    rows = rows_of(out)
    rows[0]["Order Date"] = "2026-02-28"
    rows[1]["Quantity"] = "still two"
    write(out, rows[:2], delimiter)
    report = load(aside, out)
    assert report["rows"] == {"read": 2, "duplicate": 0, "quarantined": 1, "loaded": 1}
    store = duckdb.connect(str(sorted(aside.var.glob("own/facts-*"))[-1]), read_only=True)
    names = store.execute("select name from identities order by 1").fetchall()
    assert names == [("=cmd|' /C calc'!A1",), ("Ann",)]
    store.close()
    again = tmp_path / "again.csv"
    assert aside("quarantine", "--out", again).code == 0
    left = [(row["Order ID"], row["clientele_import"]) for row in rows_of(again)]
    assert left == [("4", "1"), ("3", "2")]
    assert aside("quarantine", "--batch", "2", "--out", again, "--json").answer["rows"] == 1


@pytest.mark.slow
def test_a_mended_line_does_not_stand_for_its_whole_order(shop: OwnShop, tmp_path: Path) -> None:
    mapping = tmp_path / "whole.toml"
    mapping.write_text(
        'complete_orders = true\namount_is = "unit_price"\n[columns]\norder_id = "Order ID"\n'
        'ordered_at = "Order Date"\ncustomer_id = "Customer ID"\nproduct_id = "SKU"\n'
        'quantity = "Quantity"\namount = "Price"\n',
        encoding="utf-8",
    )
    rows = (GOOD, "1;2026-01-05;c1;Ann;pot;one;7,00")
    load(shop, files(shop, *rows), "--mapping", str(mapping))
    out = tmp_path / "mended.csv"
    assert shop("quarantine", "--out", out).code == 0
    (row,) = rows_of(out)
    write(out, [row | {"Quantity": "1"}])
    assert load(shop, out, "--mapping", str(mapping))["rows"]["loaded"] == 1
    assert shop("measure", "gross_sales", "orders", "--json").answer["totals"] == {
        "gross_sales": 17.0,
        "orders": 1.0,
    }


@pytest.mark.slow
def test_what_is_too_much_for_a_row_is_kept_beside_it(shop: OwnShop, tmp_path: Path) -> None:
    load(shop, files(shop, GOOD, GOOD + ";extra;more"))
    out = tmp_path / "aside.csv"
    assert shop("quarantine", "--out", out).code == 0
    (row,) = rows_of(out)
    assert (row["Price"], row["clientele_more"]) == ("10,00", "extra | more")


@pytest.mark.slow
def test_files_of_several_forms_go_to_a_folder(aside: OwnShop, tmp_path: Path) -> None:
    other = aside.var / "other.csv"
    other.write_text(
        "Order ID,Date,Customer ID,SKU,Quantity,Price\n8,2026-01-09,c,tea,1,1.50\n9,soon,c,tea,1,1.50\n"
    )
    load(aside, other)
    refused = aside("quarantine", "--out", tmp_path / "one.csv", "--json")
    assert (refused.code, refused.answer["error"]) == (1, "quarantine_several")
    said = aside("quarantine", "--out", tmp_path, "--json")
    assert [each["rows"] for each in said.answer["files"]] == [3, 1]
    assert len(list(tmp_path.glob("set-aside-*.csv"))) == 2


@pytest.mark.slow
def test_nothing_set_aside_is_said(shop: OwnShop, tmp_path: Path) -> None:
    load(shop, files(shop, GOOD))
    said = shop("quarantine", "--out", tmp_path / "none.csv", "--json")
    assert (said.code, said.answer["error"]) == (1, "quarantine_empty")


def test_rows_of_a_folder_of_the_product_s_own_come_by_column() -> None:
    file = (1, "orders.parquet")
    layout = Layout(("order_id", "amount"), {file: ""})
    assert layout.cells(json.dumps({"order_id": "1", "amount": None}), file) == ["1", ""]


@pytest.mark.slow
def test_who_may_not_import_gets_none_and_leaves_a_line(aside: OwnShop, tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{aside.var / 'own' / 'records.sqlite'}")
    layout = Layout(("Order ID",), {(1, "orders.csv"): ";"})
    for access in (
        Access("marketer", "mia"),
        Access("viewer", "vi"),
        Access("single_user", "me", present=True),
    ):
        with pytest.raises(CrmError) as denied:
            export_set_aside(
                access=access, store=None, records=records, layout=layout,  # type: ignore[arg-type]
                now=NOW, language="en", out=tmp_path / "no.csv",
            )  # fmt: skip
        assert denied.value.code in ("privacy_denied", "privacy_denied_present")
    assert not (tmp_path / "no.csv").exists()
    assert aside("quarantine", "--out", tmp_path / "yes.csv").code == 0
    lines = (
        records.audit_lines(limit=4)
        if hasattr(records, "audit_lines")
        else list(records.audit_chain())
    )
    assert [line.action for line in lines if line.action.startswith("export")].count(
        "export_denied"
    ) == 3
    assert audit.verify(records).whole
    records.close()
