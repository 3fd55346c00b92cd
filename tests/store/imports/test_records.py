"""Files of one canonical table: known by their header, checked row by row, the same twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.records import CONTACT_CHANNELS
from crm_core.records.repository import PURPOSES
from crm_core.schema import TABLES
from crm_core.store.imports import Mapping
from crm_core.store.imports.mapping import MAPPED_TABLES, fields_of
from crm_core.store.imports.record_fields import MADE_IDS
from crm_core.store.imports.record_values import CONSENT_CHANNELS, CONSENT_PURPOSES
from tests.store.imports.conftest import NOW, Staged

# A header in the product's own words and one good row, for every table.
OWN = {
    "customers": ("customer_id,email,first_seen_at,country,is_internal,name,city,email_consent",
                  "c1,a@b.example,2025-01-05,DE,no,Ann,Kiel,yes"),
    "products": ("product_id,product_name,category,unit_cost,list_price",
                 "p1,Tea,Food,2.1234,9.99"),
    "stock": ("product_id,day,on_hand,incoming", "p1,2026-01-05,12,0"),
    "coupons": ("coupon_code,kind,value,starts_on,ends_on",
                "TEN,percent,10 %,2026-01-01,2027-12-31"),
    "refunds": ("refund_id,order_id,refunded_at,amount,reason", "r1,o1,2026-01-05,-3.50,broken"),
    "contacts": ("contact_id,occurred_at,email,topic,resolved,rating",
                 "t1,2026-01-05 10:00,a@b.example,Late,yes,4"),
    "web_events": ("event_id,visitor_id,occurred_at,event,product_id,source",
                   "e1,v1,2026-01-05T10:00:00Z,view,p1,ads"),
    "reviews": ("review_id,product_id,reviewed_at,stars,body,email",
                "v1,p1,2026-01-05,5,Fine,a@b.example"),
    "costs": ("cost_id,day,kind,source,amount", "k1,2026-01-05,marketing,meta,12.30"),
    "touches": ("touch_id,customer_id,campaign,arm,contact_channel,sent_at,opened,clicked",
                "m1,c1,Spring,treated,email,2026-01-05,yes,no"),
    "consents": ("customer_id,contact_channel,purpose,state,at,source",
                 "c1,email,marketing,granted,2026-01-05,shop"),
    "accounts": ("account_id,account_name,account_kind", "f1,Acme,company"),
}  # fmt: skip


@pytest.mark.parametrize("table", OWN)
def test_a_file_in_the_products_own_words_needs_no_mapping(
    staged: Callable[..., Staged], written: Callable[..., Path], table: str
) -> None:
    header, row = OWN[table]
    done = staged(written(row, header=header), currency="EUR")
    assert (done.result.format, done.result.quarantined) == ("records", 0)
    assert done.result.good[table] == 1
    told = header.split(",")
    stored = [each for each in told if each in {c.name for c in TABLES[table].staging()}]
    found = done.rows(table, ", ".join(f'"{each}"' for each in stored))
    assert None not in found[0]


def test_every_table_of_a_shop_can_be_mapped() -> None:
    made_here = {"identities", "identity_links", "identity_changes", "events"}
    assert set(MAPPED_TABLES) == set(TABLES) - made_here
    assert set(CONSENT_CHANNELS) == set(CONTACT_CHANNELS)
    assert set(CONSENT_PURPOSES) == set(PURPOSES)
    for table, column in MADE_IDS.items():
        assert TABLES[table].key == (column,)
    assert "total" not in fields_of("accounts")


def test_customers_bring_who_they_are_and_what_they_agreed_to(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "'0049,Ann,a@b.example,ja,1,04.03.2025,F1,Acme",
        "2,Ben,,nein,,29.03.2025,F1,Acme",
        ",,,ja,,31.03.2025,,",
        "4,,d@e.example,vielleicht,,31.03.2025,,",
        header="Kundennummer,Kunde,E-Mail,Newsletter,SMS Marketing,Kunde seit,Firmennummer,Firma",
    )
    done = staged(path)
    assert done.rows("customers", "customer_id, first_seen_at::date::varchar, account_id") == [
        ("0049", "2025-03-04", "F1"),
        ("2", "2025-03-29", "F1"),
    ]
    assert done.rows("identities", "customer_id, name, email") == [
        ("0049", "Ann", "a@b.example"),
        ("2", "Ben", None),
    ]
    assert done.rows("accounts", "account_id, account_name") == [("F1", "Acme")]
    moments = 'customer_id, contact_channel, state, "at"::date::varchar, undated'
    assert done.rows("consents", moments) == [
        ("0049", "email", "granted", "1970-01-01", True),
        ("0049", "sms", "granted", "1970-01-01", True),
        ("2", "email", "denied", str(NOW.date()), True),
    ]
    assert [(i.code, i.row, i.column) for i in done.result.examples] == [
        ("import_bad_yes_no", 5, "Newsletter"),
        ("import_missing_value", 4, "Kundennummer"),
    ]


@pytest.mark.parametrize(
    ("table", "row", "code", "column"),
    [
        ("reviews", "v1,,2026-01-05,5,Fine,", "import_missing_value", "product_id"),
        ("reviews", "v1,p1,2026-01-05,6,Fine,", "import_out_of_range", "stars"),
        ("reviews", "v1,p1,2026-01-05,4.5,Fine,", "import_bad_number", "stars"),
        ("reviews", "v1,p1,2027-01-05,5,Fine,", "import_future_date", "reviewed_at"),
        ("reviews", "v1,p1,1066-01-05,5,Fine,", "import_old_date", "reviewed_at"),
        ("stock", "p1,2026-01-05,many,0", "import_bad_number", "on_hand"),
        ("stock", "p1,2026-02-30,5,0", "import_bad_date", "day"),
        ("costs", "k1,2026-01-05,marketing,meta,", "import_missing_value", "amount"),
        ("touches", "m1,,Spring,treated,email,2026-01-05,yes,no",
         "import_missing_value", "customer_id"),
        ("touches", "m1,c1,Spring,perhaps,email,2026-01-05,yes,no", "import_unknown_word", "arm"),
        ("contacts", "t1,2026-01-05,a@b.example,Late,perhaps,4", "import_bad_yes_no", "resolved"),
        ("consents", "c1,fax,marketing,granted,2026-01-05,", "import_unknown_word",
         "contact_channel"),
        ("consents", "c1,email,profiling,granted,2026-01-05,", "import_unknown_word", "purpose"),
        ("consents", "c1,email,marketing,perhaps,2026-01-05,", "import_unknown_word", "state"),
    ],
)  # fmt: skip
def test_a_bad_row_is_set_aside_and_its_neighbours_stay(
    staged: Callable[..., Staged],
    written: Callable[..., Path],
    table: str,
    row: str,
    code: str,
    column: str,
) -> None:
    header, good = OWN[table]
    done = staged(written(good, row, header=header, name="told.csv"), currency="EUR")
    assert done.result.good[table] == 1
    assert done.rows("quarantine", "source_file, source_row, table_name, column_name, reason") == [
        ("told.csv", 3, table, column, code)
    ]
    assert done.rows("quarantine", "raw") == [(row,)]


def test_rows_without_an_id_have_the_same_one_wherever_they_stand(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    header = "Ticket date,Requester,Subject,Response time"
    mapping = Mapping(
        table="contacts",
        columns=dict(
            zip(("occurred_at", "email", "topic", "reply_minutes"), header.split(","), strict=True)
        ),
    )
    rows = [f"2026-01-{n % 5 + 1:02d},a{n % 3}@b.example,Late,{n % 4}.5" for n in range(60)]
    first = staged(written(*rows, header=header), mapping=mapping).contents("contacts")
    assert len({row[0] for row in first}) == len(rows) == len(first)
    shuffled = random.Random(7).sample(rows, len(rows))
    again = staged(
        written(*shuffled, header=header, name="a.csv"),
        written(*rows[:30], header=header, name="b.csv"),
        mapping=mapping,
    )
    assert again.contents("contacts") == first


def test_a_corrected_amount_keeps_the_id_that_its_columns_make(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    mapping = Mapping(
        table="costs",
        columns={"day": "Day", "amount": "Spend"},
        constants={"source": "meta"},
        id_columns=("Day", "Campaign"),
    )
    ids = [
        staged(
            written(f"2026-01-05,Spring,{spend}", header="Day,Campaign,Spend"), mapping=mapping
        ).rows("costs", "cost_id, kind, source")
        for spend in ("10.00", "12.00")
    ]
    assert ids[0] == ids[1]
    assert ids[0][0][1:] == ("marketing", "meta")


def test_a_name_in_two_columns_is_one_name(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "1,Ann,Lee,a@b.example",
        "2,,Wu,c@d.example",
        header="Customer ID,First Name,Last Name,Email",
    )
    assert staged(path).rows("identities", "customer_id, name") == [("1", "Ann Lee"), ("2", "Wu")]


def test_a_product_list_with_stock_is_both(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "A-1,Tea,9.99,4.10,12", "B-2,Pot,20.00,,-1", header="SKU,Title,Price,Cost per item,Stock"
    )
    done = staged(path, timezone="Pacific/Auckland")
    assert done.rows("products", "product_id, product_name, list_price, unit_cost") == [
        ("A-1", "Tea", Decimal("9.9900"), Decimal("4.1000")),
        ("B-2", "Pot", Decimal("20.0000"), None),
    ]
    # Nobody said when it was counted: on the shop's day of the import.
    assert done.rows("stock", "product_id, day, on_hand") == [
        ("A-1", date(2026, 11, 23), 12),
        ("B-2", date(2026, 11, 23), -1),
    ]


def test_what_is_missing_is_named(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written("Spring,2026-01-05", header="Campaign,Sent")
    mapping = Mapping(table="touches", columns={"campaign": "Campaign", "sent_at": "Sent"})
    with pytest.raises(CrmError) as failure:
        staged(path, mapping=mapping)
    assert (failure.value.code, failure.value.facts["column"]) == (
        "import_missing_field",
        "customer_id",
    )


def test_a_table_of_anything_is_not_taken_for_one_of_ours(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written("1,2011-01-01,1,0,0.34,985", header="instant,day,season,yr,temp,casual")
    with pytest.raises(CrmError) as failure:
        staged(path)
    assert failure.value.code == "import_unclear_columns"


def test_how_often_a_message_was_opened_is_whether(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    path = written(
        "ann@mail.example,Spring,2026-01-05 10:00,2,1",
        "bo@mail.example,Spring,2026-01-05 10:00,12,0",
        "cy@mail.example,Spring,2026-01-05 10:00,0,0.0",
        "di@mail.example,Spring,2026-01-05 10:00,-2,0",
        header="Email,Campaign,Sent at,Opens,Clicks",
    )
    mapping = Mapping(
        table="touches",
        columns={
            "email": "Email",
            "campaign": "Campaign",
            "sent_at": "Sent at",
            "opened": "Opens",
            "clicked": "Clicks",
        },
    )
    done = staged(path, mapping=mapping)
    assert done.rows("touches", "email, opened, clicked") == [
        ("ann@mail.example", True, True),
        ("bo@mail.example", True, False),
        ("cy@mail.example", False, False),
    ]
    assert done.result.reasons == {"import_bad_yes_no": 1}
