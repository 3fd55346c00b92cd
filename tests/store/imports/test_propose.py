from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.store.imports import SourceFile, propose
from crm_core.store.imports.propose import guess_columns, propose_mapping
from crm_core.store.imports.textfile import read_text
from tests.examples import first
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


#: Columns after price and total, rows, and what was paid.
PAID: list[tuple[str, tuple[str, ...], float]] = [
    ("", ("2,$10.00,$18.00", "1,$10.00,$10.00"), 28.0),  # less was paid, nobody says why
    (",Discount", ("2,10.00,19.50,0.50", "1,10.00,10.00,"), 29.5),  # half a euro, no half
    (",Discount", ("1,10,10,2", "2,10,20,4", "1,10,0,0"), 34.0),  # before the discount
    (",Discount", ("1,$10.00,,$0.50", "1,$10.00,,$0.00"), 19.5),
    ("", ('1,"1,200.00",900.00', "1,12.50,12.50"), 912.5),
    ("", ("1,10.00,", "1,10.00,9.00"), 20.0),  # totals are not everywhere
    ("", ("2,10.00,23.80", "1,10.00,10.00"), 30.0),  # with a tax on top
    ("", ("1,11.90,10.00", "2,11.90,20.00"), 35.7),  # less everywhere is another tax basis
    ("", ("1,10.00,0", "1,10.00,0"), 20.0),  # never reckoned
    (",Fees", ("2,10.00,18.00,2.00", "1,10.00,10.00,0"), 30.0),  # paid out, not paid
    (",Order Discount", ("2,10.00,18.00,2.00", "1,10.00,10.00,0"), 28.0),
    (",Refunded Amount", ("1,10.00,8.00,2.00", "1,10.00,10.00,0"), 18.0),
    (",Discount", ("2,10.00,19.00,0.50", "1,10.00,9.50,0.50"), 28.5),  # half a euro a piece
    (",Discount", ("2,10.00,10.00,0.50", "1,10.00,10.00,"), 20.0),  # half of it
    (",Discount", ("1,10.250,,0.500", "1,12.500,,1.250", "1,4.750,,0.000"), 25.75),
    (",Discount", ("1,Rs.500,,Rs.50", "1,Rs.500,,Rs.25"), 925.0),
]


@pytest.mark.parametrize("case", first(PAID, 5))
def test_amounts_say_what_was_paid(
    written: Callable[..., Path], case: tuple[str, tuple[str, ...], float]
) -> None:
    columns, rows, net = case
    header = f"Order ID,Date,Email,SKU,Qty,Unit Price,Line Total{columns}"
    path = written(
        *(f"{n},2026-01-13,a@b.example,p,{row}" for n, row in enumerate(rows)), header=header
    )
    proposal = propose(SourceFile(path, "orders.csv"), now=NOW)
    assert proposal.result is not None
    assert proposal.problems == ()
    assert proposal.result.totals["net"] == net


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


TABLES = {
    "customers": [
        "Customer ID,Full name,Email,Phone,City,Country,Accepts Email Marketing,Sign up",
        "Kundennummer,Kunde,E-Mail,Telefon,Ort,Land,Newsletter,Kunde seit",
        "N° client,Nom complet,Courriel,Téléphone,Ville,Pays,Abonné newsletter,Client depuis",
        "Número de cliente,Nombre completo,Correo,Teléfono,Ciudad,País,Acepta marketing,Cliente desde",
        "客户编号,姓名,邮箱,手机,城市,国家,是否订阅,注册时间",
    ],
    "products": [
        "SKU,Title,Category,Price,Cost per item",
        "Artikelnummer,Artikelname,Kategorie,Preis,Einkaufspreis",
        "Référence,Désignation,Catégorie,Prix,Prix d'achat",
        "Referencia,Nombre,Categoría,Precio,Coste",
        "商品编号,商品名称,类目,售价,成本价",
    ],
    "stock": [
        "SKU,Stock,Date",
        "Artikelnummer,Bestand,Stichtag",
        "Référence,Stock disponible,Jour",
        "Referencia,Existencias,Fecha",
        "商品编号,库存,日期",
    ],
    "refunds": [
        "Refund ID,Order ID,Refund date,Refund amount,Reason",
        "Erstattungsnummer,Bestellnummer,Erstattungsdatum,Erstattungsbetrag,Grund",
        "Numéro de remboursement,Commande,Date de remboursement,Montant remboursé,Motif",
        "Número de reembolso,Pedido,Fecha de reembolso,Importe reembolsado,Motivo",
        "退款编号,订单编号,退款时间,退款金额,退款原因",
    ],
    "contacts": [
        "Ticket,Created at,Requester,Subject,First reply time,Resolved",
        "Ticketnummer,Eingang,Absender,Betreff,Antwortzeit,Erledigt",
        "Numéro de ticket,Reçu le,Expéditeur,Objet,Temps de réponse,Résolu",
        "Número de ticket,Creado el,Remitente,Asunto,Tiempo de respuesta,Resuelto",
        "工单号,创建时间,发件人,主题,响应时间,已解决",
    ],
    "reviews": [
        "Review ID,SKU,Review date,Rating,Review,Reviewer email",
        "Bewertungs-ID,Artikelnummer,Bewertungsdatum,Sterne,Rezension,E-Mail",
        "ID avis,Référence,Date de l'avis,Étoiles,Commentaire,Courriel",
        "ID reseña,Referencia,Fecha de la reseña,Estrellas,Opinión,Correo",
        "评论编号,商品编号,评论时间,星级,评论内容,邮箱",
    ],
    "costs": [
        "Date,Platform,Cost type,Amount spent",
        "Buchungsdatum,Plattform,Kostenart,Ausgaben",
        "Date comptable,Plateforme,Type de coût,Montant dépensé",
        "Fecha contable,Plataforma,Tipo de coste,Gasto",
        "账单日期,平台,费用类型,花费",
    ],
    "touches": [
        "Campaign,Email,Send date,Opened,Clicked",
        "Kampagne,E-Mail,Gesendet am,Geöffnet,Geklickt",
        "Campagne,Courriel,Date d'envoi,Ouvert,Cliqué",
        "Campaña,Correo,Fecha de envío,Abierto,Clic",
        "活动名称,邮箱,发送时间,已打开,已点击",
    ],
    "consents": [
        "Email,Contact channel,Consent status,Consent date",
        "E-Mail,Kontaktkanal,Einwilligung,Geändert am",
        "Courriel,Canal de contact,Consentement,Date de consentement",
        "Correo,Canal de contacto,Consentimiento,Fecha de consentimiento",
        "邮箱,联系渠道,同意状态,同意时间",
    ],
    "coupons": [
        "Coupon code,Discount type,Coupon amount,Start date,End date",
        "Gutscheincode,Rabattart,Wert,Gültig ab,Gültig bis",
        "Code promo,Type de remise,Valeur,Date de début,Date de fin",
        "Código de descuento,Tipo de descuento,Valor,Fecha de inicio,Fecha de fin",
        "优惠码,优惠类型,面额,开始时间,结束时间",
    ],
    "web_events": [
        "Visitor ID,Timestamp,Event,Product ID,Traffic source",
        "Besucher-ID,Zeitstempel,Ereignis,Artikelnummer,Herkunft",
        "ID visiteur,Horodatage,Événement,Référence,Provenance",
        "ID visitante,Marca de tiempo,Evento,Referencia,Procedencia",
        "访客编号,访问时间,事件,商品编号,流量来源",
    ],
    "accounts": [
        "Company ID,Company,Company type",
        "Firmennummer,Firma,Firmenart",
        "ID société,Raison sociale,Type de compte",
        "ID empresa,Razón social,Tipo de cuenta",
        "企业编号,企业名称,企业类型",
    ],
    "orders": [
        "Order ID,Order Date,Customer,Order Total,Shipping,Payment Method,Status",
        "Bestellnummer,Bestelldatum,Kunde,Summe,Versand,Zahlungsart,Bestellstatus",
        "N° de commande,Date de commande,Client,Montant total,Livraison,Mode de paiement,Statut",
        "Número de pedido,Fecha de pedido,Cliente,Importe total,Envío,Método de pago,Estado",
        "订单编号,下单时间,买家会员名,总金额,运费,支付方式,订单状态",
    ],
}


@pytest.mark.parametrize("table", TABLES)
def test_the_table_and_all_its_columns_are_told_in_five_languages(
    tmp_path: Path, table: str
) -> None:
    for header in TABLES[table]:
        path = tmp_path / "file.csv"
        path.write_text(f"{header}\n{',' * header.count(',')}\n", encoding="utf-8")
        mapping = propose_mapping(read_text(SourceFile(path, "f")))
        assert (header, mapping.table) == (header, table)
        assert len(mapping.columns) == header.count(",") + 1, mapping.columns
        assert mapping.missing() == ()


def test_values_tell_what_a_name_does_not(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text(
        "SKU,Wann,Wie,Was,Wer,Mobilnr,Bild,Ok\n"
        "p1,2026-01-05,5,Fine,a@b.example,+49 170 1234567,https://x.example/1.png,yes\n"
        "p2,2026-01-06,3,So so,c@d.example,0170 7654321,https://x.example/2.png,no\n",
        encoding="utf-8",
    )
    text = read_text(SourceFile(path, "f"))
    found = {g.column: (g.field, g.reason) for g in guess_columns(text, "reviews")}
    assert found["Wann"] == ("reviewed_at", "values_dates")
    assert found["Wie"] == ("stars", "values_stars")
    assert found["Wer"] == ("email", "values_emails")
    assert found["Mobilnr"] == ("phone", "values_phones")
    assert found["Bild"] == (None, "values_urls")
    assert found["Ok"] == (None, "values_yes_no")
    assert ("order_lines", None) not in found.values()


def test_a_company_number_is_the_buyer_where_nothing_else_is(written: Callable[..., Path]) -> None:
    path = written("1,2026-01-05,C-1,tea,2,3.50", header="Order,Date,Account ID,SKU,Qty,Price")
    mapping = propose_mapping(read_text(SourceFile(path, "f")))
    assert mapping.columns["customer_id"] == "Account ID"


def test_a_record_file_shows_its_rows_and_can_be_taken_for_another_table(
    written: Callable[..., Path],
) -> None:
    path = written(
        "p1,5,2026-01-05,a@b.example",
        "p2,9,2026-01-06,a@b.example",
        header="SKU,Rating,Review date,Email",
        name="reviews.csv",
    )
    file = SourceFile(path, path.name)
    proposal = propose(file, now=NOW)
    assert proposal.mapping.table == "reviews"
    assert proposal.rows[0] == {
        "row": "2",
        "issue": "",
        "email": "a@b.example",
        "product_id": "p1",
        "reviewed_at": "2026-01-05 12:00:00",
        "stars": "5",
    }
    assert proposal.rows[1]["issue"] == "import_out_of_range"
    assert [(p.code, p.facts) for p in proposal.problems] == [("import_out_of_range", {"count": 1})]
    other = propose(file, table="touches", now=NOW)
    assert other.mapping.columns["email"] == "Email"
    assert [problem.code for problem in other.problems] == ["import_missing_field"]


def test_heads_are_shown_as_they_would_be_read(written: Callable[..., Path]) -> None:
    path = written("1,2026-01-05,ann,27.00", header="Order ID,Order Date,Customer,Order Total")
    proposal = propose(SourceFile(path, "heads.csv"), now=NOW)
    assert proposal.mapping.table == "orders"
    assert proposal.rows[0]["amount"] == "27.0"
    assert proposal.result is not None
    assert proposal.result.totals["net"] == 27.0
