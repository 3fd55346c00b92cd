from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.store.imports import SourceFile, propose
from crm_core.store.imports.propose import guess_columns
from crm_core.store.imports.textfile import read_text
from tests.store.imports.conftest import NOW

HEADERS = {
    "english": "Order Number,Created at,Customer ID,Item SKU,Item name,Qty,Unit Price",
    "german": "Bestellnummer,Bestelldatum,Kundennummer,Artikel-Nr,Bezeichnung,Menge,Einzelpreis",
    "french": "N° de commande,Date de commande,N° client,Référence,Désignation,Quantité,Prix unitaire",
    "spanish": "Nº de pedido,Fecha de pedido,Número de cliente,Referencia,Producto,Cantidad,Precio",
    "chinese": "订单编号,下单时间,买家会员名,商品编码,商品名称,购买数量,单价(元)",
}


@pytest.mark.parametrize("language", HEADERS)
def test_usual_column_names_are_known(written: Callable[..., Path], language: str) -> None:
    path = written("1,2026-01-15,c,p,Tea,2,2.50", header=HEADERS[language])
    proposal = propose(SourceFile(path, path.name), now=NOW)
    assert set(proposal.mapping.columns) == {
        "order_id",
        "ordered_at",
        "customer_id",
        "product_id",
        "product_name",
        "quantity",
        "amount",
    }
    assert proposal.mapping.amount_is == "unit_price"
    assert {guess.reason for guess in proposal.columns} == {"name"}
    assert proposal.result is not None
    assert proposal.result.totals["net"] == 5.0


def test_each_column_has_a_reason(written: Callable[..., Path]) -> None:
    path = written(
        "1,2026-01-15,a@b.example,p,Tea,2,5.00,red,n/a",
        header="Order ID,Orderdates,Kontakt,SKU,Product,Qty,Total,Colour,Phone",
    )
    guesses = {
        g.column: (g.field, g.reason) for g in guess_columns(read_text(SourceFile(path, "f")))
    }
    assert guesses["Order ID"] == ("order_id", "name")
    assert guesses["Orderdates"] == ("ordered_at", "similar_name")
    assert guesses["Kontakt"] == ("email", "values_emails")
    assert guesses["Total"] == ("line_total", "name")
    assert guesses["Colour"] == (None, "unknown")


def test_values_can_contradict_a_name(written: Callable[..., Path]) -> None:
    path = written("1,yes,2026-01-15,p,2,5.00", header="Order ID,Date,When,SKU,Qty,Price")
    guesses = {g.column: g for g in guess_columns(read_text(SourceFile(path, "f")))}
    assert (guesses["Date"].field, guesses["Date"].reason) == (None, "values_disagree")
    assert (guesses["When"].field, guesses["When"].reason) == ("ordered_at", "values_dates")


def test_the_preview_shows_ten_rows_and_what_would_be_set_aside(
    written: Callable[..., Path],
) -> None:
    rows = [f"{n},2026-01-{n:02d},c,p,Tea,1,2.50" for n in range(1, 21)]
    rows[2] = "3,never,c,p,Tea,1,2.50"
    path = written(*rows)
    proposal = propose(SourceFile(path, "orders.csv"), now=NOW)
    assert len(proposal.rows) == 10
    assert proposal.rows[0]["ordered_at"] == "2026-01-01 12:00:00"
    assert proposal.rows[2]["ordered_at"] == "never"
    assert proposal.rows[2]["issue"] == "import_bad_date"
    assert [(p.code, p.facts) for p in proposal.problems] == [("import_bad_date", {"count": 1})]


def test_what_is_missing_is_a_problem_not_a_failure(written: Callable[..., Path]) -> None:
    path = written("1,p,2,2.50", header="Order ID,SKU,Qty,Price")
    proposal = propose(SourceFile(path, "orders.csv"), now=NOW)
    assert [problem.code for problem in proposal.problems] == ["import_missing_field"]
    assert proposal.rows == ()


def test_of_a_large_file_the_first_part_is_tried(written: Callable[..., Path]) -> None:
    note = "x" * 400
    rows = [f'{n},2026-01-{n % 28 + 1:02d},c,p,"{note}\n{n}",1,2.50' for n in range(12_000)]
    path = written(*rows)
    proposal = propose(SourceFile(path, "orders.csv"), now=NOW)
    assert proposal.partial
    assert len(proposal.rows) == 10
    assert proposal.problems == ()
    assert proposal.result is not None
    assert 0 < proposal.result.rows_read < 12_000


def test_a_file_with_line_numbers_shows_them_as_they_stand() -> None:
    path = Path(__file__).parents[2] / "fixtures" / "imports" / "superstore.csv"
    proposal = propose(SourceFile(path, path.name), now=NOW)
    assert proposal.problems == ()
    assert [row["line_id"] for row in proposal.rows[:2]] == ["1", "2"]
    assert len(proposal.rows) == min(10, proposal.result.rows_read if proposal.result else 0)
