from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from crm_core.errors import CrmError
from crm_core.privacy import Access, audit
from crm_core.privacy.escape import one_line, unescape
from crm_core.privacy.export import ExportResult, export_list, list_name, new_export_id
from crm_core.privacy.gate import customer_key
from tests.privacy.conftest import MARKETER, NOW, OWNER, VIEWER, MakeShop, Person, Shop
from tests.privacy.test_escape import BREAKS, HARMLESS, PAYLOADS

ANN = Person(1, "Ann Lee", "ann@example.com", "+49 170 1234567")
BO = Person(2, "Bo Li", "bo@example.com", "+8613800000000")
CY = Person(3, "Cy", "cy@example.com", "+33612345678")


def send(shop: Shop, access: Access = MARKETER, **wishes: Any) -> tuple[ExportResult, bytes]:
    stream = io.BytesIO()
    order: dict[str, Any] = {
        "members": shop.members(),
        "name": "Tea friends",
        "contact_channel": "email",
        "columns": ("email", "name"),
        "file_format": "csv",
        "now": NOW,
        "language": "en",
        "out": stream,
        "confirmed_everyone": True,
    }
    result = export_list(access=access, store=shop.store, records=shop.records, **order | wishes)
    return result, stream.getvalue()


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_list_holds_who_agreed_and_says_who_was_left_out(make_shop: MakeShop) -> None:
    quiet = Person(4, "Di", "di@example.com", agreed=())
    nowhere = Person(5, "Ed", None)
    twice = Person(6, "Bo Li again", " BO@example.com")
    shop = make_shop([ANN, BO, CY, quiet, nowhere, twice])
    shop.records.suppress([3], "email", reason="complaint", now=NOW)
    result, data = send(shop)
    assert rows_of(data) == [
        ["E-mail", "Name"],
        ["ann@example.com", "Ann Lee"],
        ["bo@example.com", "Bo Li"],
    ]
    assert result.rows == 2
    assert result.excluded == {"no_consent": 1, "no_contact": 1, "same_contact": 1, "suppressed": 1}


def test_who_is_paused_stays_out_until_the_pause_is_over(make_shop: MakeShop) -> None:
    """Asked of the records when the list is written, whatever the store's mirror still says."""
    shop = make_shop([ANN, BO, CY])
    soon = NOW + timedelta(days=14)
    shop.records.pause(1, ends_at=soon, reason="asked on the phone", user="mia", now=NOW)
    result, data = send(shop)
    assert [row[0] for row in rows_of(data)[1:]] == ["bo@example.com", "cy@example.com"]
    assert result.excluded == {"paused": 1}
    later, _ = send(shop, now=soon)
    assert (later.rows, later.excluded) == (3, {})


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_formulas_in_any_column_come_out_as_text(make_shop: MakeShop, file_format: str) -> None:
    texts = PAYLOADS + BREAKS + HARMLESS
    people = [
        Person(key, name=text, email=f"p{key}@example.com", category=text)
        for key, text in enumerate(texts, start=1)
    ]
    shop = make_shop(people)
    columns = {"name": "=1+1", "favourite_category": "+2\r\n=3", "balance": "@money"}
    _, data = send(shop, columns=columns, file_format=file_format, name="=cmd|'/C calc'!A0")
    if file_format == "csv":
        heading, *rows = rows_of(data)
        assert heading == ["'=1+1", "'+2 =3", "'@money"]
        for text, (name, category, balance) in zip(texts, rows, strict=True):
            assert unescape(name) == unescape(category) == one_line(text)
            assert name.startswith("'") is (text in PAYLOADS or text.startswith("'"))
            assert balance == "-5.00"
    else:
        assert formulas(data) == 0
        sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        assert [cell.value for cell in sheet[1]] == ["=1+1", "+2 =3", "@money"]
        assert {cell.data_type for cell in sheet["A"]} <= {"s", "n"}
        for text, row in zip(texts, sheet.iter_rows(min_row=2, values_only=True), strict=True):
            assert row == (one_line(text) or None, one_line(text) or None, -5)


def formulas(data: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return sum(archive.read(name).count(b"<f>") for name in sheets)


def test_phone_numbers_and_ids_stay_usable(make_shop: MakeShop) -> None:
    odd = Person(3, "Odd", None, "+1-2345678@x", agreed=("sms",))
    shop = make_shop([ANN, BO, odd])
    _, data = send(shop, contact_channel="sms", columns=("phone",))
    assert [row[0] for row in rows_of(data)[1:]] == [
        "+491701234567",
        "+8613800000000",
        "'+1-2345678@x",
    ]


def test_awkward_names_stay_as_they_are(make_shop: MakeShop) -> None:
    names = ["Null", "NA", "None", "NaN", "O'Brien", "王芳", "00123", "1.2E+05"]
    shop = make_shop(
        [Person(key, name, f"n{key}@example.com") for key, name in enumerate(names, start=1)]
    )
    _, data = send(shop, columns=("name",))
    assert [row[0] for row in rows_of(data)[1:]] == names
    _, data = send(shop, columns=("name",), file_format="xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [cell.value for cell in sheet["A"]][1:] == names


def test_opted_out_of_mail_only_is_still_in_the_text_message_list(make_shop: MakeShop) -> None:
    shop = make_shop([ANN, BO])
    shop.agree([1], "email", state="denied")
    mail, data = send(shop)
    assert mail.excluded == {"opted_out": 1}
    assert b"ann@example.com" not in data
    message, data = send(shop, contact_channel="sms", columns=("phone", "name"))
    assert message.rows == 2
    assert b"Ann Lee" in data


def test_an_opt_out_between_preview_and_click_counts(make_shop: MakeShop) -> None:
    shop = make_shop([ANN, BO])
    assert send(shop)[0].rows == 2
    shop.agree([2], "email", state="denied")
    result, data = send(shop)
    assert (result.rows, result.excluded) == (1, {"opted_out": 1})
    assert b"bo@example.com" not in data


def test_an_opt_out_while_the_list_is_written_counts(make_shop: MakeShop) -> None:
    shop = make_shop([ANN, BO])
    stream, told = shop.store.stream, iter([True])

    def interrupted(*args: Any, **names: Any) -> Any:
        yield from stream(*args, **names)
        if next(told, False):
            shop.agree([2], "email", state="denied")

    shop.store.stream = interrupted  # type: ignore[method-assign]
    result, data = send(shop)
    assert (result.rows, result.excluded) == (1, {"opted_out": 1})
    assert b"bo@example.com" not in data


def test_a_viewer_gets_nothing_and_the_log_says_who_tried(make_shop: MakeShop) -> None:
    shop = make_shop([ANN, BO])
    stream = io.BytesIO()
    with pytest.raises(CrmError, match="privacy_denied"):
        send(shop, VIEWER, out=stream)
    assert stream.getvalue() == b""
    line = shop.records.audit_lines()[0]
    assert (line.action, line.user, line.role, line.rows) == (
        "export_denied",
        VIEWER.user,
        "viewer",
        None,
    )


def test_nobody_exports_while_presenting(make_shop: MakeShop) -> None:
    shop = make_shop([ANN])
    with pytest.raises(CrmError, match="privacy_denied_present"):
        send(shop, Access("single_user", "owner", present=True))
    assert shop.records.audit_lines()[0].action == "export_denied"


def test_the_log_tells_what_left_and_the_bytes_match_it(
    make_shop: MakeShop, tmp_path: Path
) -> None:
    shop = make_shop([ANN, BO, CY])
    result, _ = send(
        shop, OWNER, members=shop.chosen(1, 2), out=tmp_path, name="VIP ann@example.com"
    )
    path = tmp_path / result.file_name
    line = shop.records.audit_lines()[0]
    assert (line.action, line.rows, line.export_id) == ("export", 2, result.export_id)
    assert line.sha256 == result.sha256 == sha256(path)
    assert line.subject["snapshot"] == shop.store.snapshot
    assert result.export_id in result.file_name
    assert [file.name for file in tmp_path.glob("VIP*")] == [result.file_name]
    assert "ann@" not in str(line.subject) + result.file_name
    assert path.stat().st_mode & 0o077 == 0
    assert audit.verify(shop.records).whole


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_lists_of_the_same_length_have_different_names(make_shop: MakeShop) -> None:
    shop = make_shop([ANN, Person(2, "Bob Lee", "bob@example.com")])
    first, one = send(shop, members=shop.chosen(1))
    second, two = send(shop, members=shop.chosen(2))
    assert len(one) == len(two)
    assert one != two
    assert first.file_name != second.file_name
    assert first.export_id != second.export_id


def test_a_name_known_beforehand_is_the_name_it_gets(make_shop: MakeShop) -> None:
    shop = make_shop([ANN])
    export_id = new_export_id()
    name = list_name("Tea friends", now=NOW, export_id=export_id, file_format="csv", untold=())
    for _ in range(2):  # a double click
        result, _ = send(shop, export_id=export_id)
        assert (result.file_name, result.export_id) == (name, export_id)
    lines = shop.records.audit_lines(action="export")
    assert [line.export_id for line in lines] == [export_id] * 2
    assert new_export_id() != export_id


def test_a_list_of_everyone_must_be_meant(make_shop: MakeShop) -> None:
    shop = make_shop([ANN, BO])
    with pytest.raises(CrmError, match="privacy_confirm_everyone") as stopped:
        send(shop, confirmed_everyone=False)
    assert stopped.value.facts == {"customers": 2}
    assert send(shop, members=shop.chosen(1), confirmed_everyone=False)[0].rows == 1


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"columns": ("email", "phone")}, "privacy_column_not_for_channel"),
        ({"columns": ("adress",)}, "privacy_column_unknown"),
        ({"contact_channel": "pigeon"}, "privacy_channel_unknown"),
        ({"file_format": "xls"}, "privacy_format_unknown"),
        ({"contact_channel": None}, "privacy_column_not_for_channel"),
        ({"out": Path("/nowhere/at/all/x.csv")}, "privacy_file_unwritable"),
    ],
)
def test_a_wrong_order_writes_nothing(
    make_shop: MakeShop, wishes: dict[str, Any], code: str
) -> None:
    shop = make_shop([ANN])
    with pytest.raises(CrmError, match=code):
        send(shop, **wishes)


def test_a_list_for_no_channel_carries_codes_and_features(make_shop: MakeShop) -> None:
    shop = make_shop([ANN, Person(2, "Bo", None, agreed=())])
    result, data = send(shop, contact_channel=None, columns=())
    heading, *rows = rows_of(data)
    assert heading[0] == "Customer code"
    assert (result.rows, result.excluded) == (2, {})
    secret = shop.records.secret("url_key")
    assert [customer_key(secret, row[0]) for row in rows] == [1, 2]
    assert b"Ann" not in data
    assert rows[0][1:] == ["tea", "3", "-5.00", "2026-06-01", "True", ""]


def test_headings_follow_the_language_or_the_order(make_shop: MakeShop) -> None:
    shop = make_shop([ANN])
    _, data = send(shop, language="zh")
    assert rows_of(data)[0] == ["邮箱", "姓名"]
    _, data = send(shop, columns={"email": "Email Address", "orders": "Orders"})
    assert rows_of(data) == [["Email Address", "Orders"], ["ann@example.com", "3"]]


def test_a_spreadsheet_opens_with_days_and_numbers(make_shop: MakeShop) -> None:
    shop = make_shop([ANN])
    _, data = send(shop, file_format="xlsx", columns=("email", "orders", "last_day", "ratio"))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert sheet.title == "Tea friends"
    values = next(sheet.iter_rows(min_row=2, values_only=True))
    assert values == ("ann@example.com", 3, datetime(2026, 6, 1), None)


def test_a_store_that_knows_nobody_says_so(make_shop: MakeShop) -> None:
    shop = make_shop([ANN])
    shop.store._names.discard("identities")
    with pytest.raises(CrmError, match="privacy_no_identities"):
        send(shop)


def test_who_must_stay_out_is_not_in_the_file_and_is_counted(make_shop: MakeShop) -> None:
    quiet = Person(4, "Di", "di@example.com", agreed=())
    shop = make_shop([ANN, BO, CY, quiet])
    control = shop.chosen(1, 4).select("customer_key")
    result, data = send(shop, leave_out={"holdout": control, "pressure": shop.chosen(1, 2)})
    assert rows_of(data) == [["E-mail", "Name"], ["cy@example.com", "Cy"]]
    assert (result.rows, result.excluded) == (1, {"holdout": 1, "no_consent": 1, "pressure": 1})
    nameless, _ = send(shop, contact_channel=None, columns=(), leave_out={"holdout": control})
    assert (nameless.rows, nameless.excluded) == (2, {"holdout": 2})
