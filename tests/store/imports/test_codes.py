"""Lines that are no goods are known by code or name, and no goods are taken for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from crm_core.store.imports.codes import KINDS, kind_of
from tests.store.imports.conftest import Staged

NOT_GOODS = {
    "postage": (
        ("POST", "POSTAGE"), ("DOT", "DOTCOM POSTAGE"), ("C2", "CARRIAGE"), ("post", None),
        ("x", "Express Shipping & Handling"), ("x", "Versandkosten"), ("x", "Frais de port"),
        ("x", "Frais d'expédition"), ("x", "Gastos de envío"), ("x", "运费补差"), ("VERSAND", "DHL Paket"),
    ),
    "fee": (
        ("BANK CHARGES", "Bank Charges"), ("AMAZONFEE", "AMAZON FEE"), ("CRUK", "CRUK Commission"),
        ("x", "Bearbeitungsgebühr"), ("x", "Frais bancaires"), ("x", "Comisión"), ("x", "平台服务费"),
    ),
    "adjustment": (
        ("M", "Manual"), ("m", "Manual"), ("B", "Adjust bad debt"), ("PADS", "PADS TO MATCH ALL CUSHIONS"),
        ("ADJUST", "Adjustment by john on 26/01/2010 16"), ("x", "Rundungsdifferenz"), ("x", "补差价"),
        ("x", "Ajuste de precio"), ("x", "Régularisation"),
    ),
    "discount": (("D", "Discount"), ("x", "Rabatt"), ("x", "Remise"), ("x", "Descuento"), ("x", "满减")),
    "voucher": (
        ("gift_0001_20", "Dotcomgiftshop Gift Voucher £20.00"), ("x", "Gift card 25 EUR"),
        ("x", "Geschenkgutschein 50 €"), ("x", "Carte cadeau"), ("x", "Tarjeta regalo"), ("x", "礼品卡 100元"),
    ),
    "sample": (("S", "SAMPLES"), ("x", "Gratisprobe"), ("x", "Échantillon gratuit"), ("x", "Muestra gratis"), ("x", "小样")),
}  # fmt: skip
GOODS = (
    ("85123A", "WHITE HANGING HEART T-LIGHT HOLDER"), ("M", "Shirt, size M"), ("D", "Dagger"),
    ("S", "Shirt S"), ("C2", "T-shirt C2"), ("DOT", "Dot cushion"), ("POST", "Fence post"),
    ("x", "Manual"), ("x", "Manual juicer"), ("x", "Gift card holder"), ("x", "Gift bag"), ("x", "Port"),
    ("x", "Delivery van toy"), ("x", "Post-it notes"), ("x", "Sample book of fabrics"), ("x", None),
    ("x", "Bank, piggy"), ("x", "赠品袋"), ("", ""),
)  # fmt: skip


def kinds(con: duckdb.DuckDBPyConnection, *products: tuple[str, str | None]) -> list[str | None]:
    con.execute("create or replace temp table p (place integer, id varchar, name varchar)")
    con.executemany(
        "insert into p values (?, ?, ?)", [(n, *each) for n, each in enumerate(products)]
    )
    found = con.execute(f"select {kind_of('id', 'name')} from p order by place").fetchall()
    return [kind for (kind,) in found]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_goods_is_known_in_five_languages(
    con: duckdb.DuckDBPyConnection, kind: str
) -> None:
    said = NOT_GOODS[kind]
    assert dict(zip(said, kinds(con, *said), strict=True)) == dict.fromkeys(said, kind)


def test_goods_that_look_a_little_like_it_stay_goods(con: duckdb.DuckDBPyConnection) -> None:
    assert dict(zip(GOODS, kinds(con, *GOODS), strict=True)) == dict.fromkeys(GOODS)


def test_the_demo_and_the_published_catalogue_hold_goods_alone(
    con: duckdb.DuckDBPyConnection, complete_journey: Path
) -> None:
    journey = complete_journey / "products.parquet"
    for names in (
        "select product_id as id, product_name as name from 'data/products.parquet'",
        f"select product_id::varchar as id, product_type as name from '{journey}'",
    ):
        assert (
            con.execute(
                f"select id, name from ({names}) where {kind_of('id', 'name')} is not null"
            ).fetchall()
            == []
        )


def test_a_line_that_takes_money_off_is_no_return(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    found = staged(
        written(
            "1,2026-01-05,c,tea,Tea,2,10.00",
            "1,2026-01-05,c,D,Discount,1,-5.00",
            "1,2026-01-05,c,POST,POSTAGE,-1,4.95",
            "1,2026-01-05,c,pot,Pot,1,-3.00",
        )
    )
    assert found.rows("order_lines", "product_id, quantity, line_total::double, discount::double") == [
        ("D", 1, 0.0, 5.0), ("POST", 1, 0.0, 4.95), ("tea", 2, 20.0, 0.0),
    ]  # fmt: skip
    assert found.result.reasons == {"import_negative_amount": 1}
    assert found.rows("products", "product_id, product_kind") == [
        ("D", "discount"), ("POST", "postage"), ("tea", None),
    ]  # fmt: skip
