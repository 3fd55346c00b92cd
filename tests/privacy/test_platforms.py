"""Files for ad and mail tools: read back, they hold exactly who may be there, in the tool's form."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from typing import Any

import openpyxl
import pytest

from crm_core.privacy.escape import would_run
from crm_core.privacy.export import ExportResult, export_list, readiness
from crm_core.privacy.normalise import FORMS, hashed
from crm_core.privacy.platforms import PLATFORMS, formats_for
from tests.examples import fast
from tests.privacy.conftest import MARKETER, NOW, MakeShop, Person, Shop
from tests.privacy.test_escape import PAYLOADS

EVERYWHERE = ("email", "sms", "phone", "post", "ads")
META_HEADER = (
    "email,email,email,phone,phone,phone,madid,fn,ln,zip,ct,st,country,dob,doby,gen,age,uid"
)


def person(key: int, name: str, **more: Any) -> Person:
    """A customer in Germany who agreed to everything and can be reached in every way."""
    given: dict[str, Any] = {
        "email": f"p{key}@example.com",
        "phone": f"030 231250{key:02d}",
        "address": f"Lindenstraße {key}",
        "postal_code": "10095",
        "city": "Berlin",
        "country": "DE",
        "agreed": EVERYWHERE,
    }
    return Person(key, name, **given | more)


def send(shop: Shop, file_format: str, **wishes: Any) -> tuple[ExportResult, bytes]:
    stream = io.BytesIO()
    platform = PLATFORMS.get(file_format)
    order: dict[str, Any] = {
        "members": shop.members(),
        "name": "Tea friends",
        "contact_channel": platform.contact_channel if platform else "email",
        "columns": (),
        "file_format": file_format,
        "now": NOW,
        "language": "en",
        "out": stream,
        "confirmed_everyone": True,
        "ads_consent_covers_use": True,
    } | wishes
    access = order.pop("access", MARKETER)
    result = export_list(access=access, store=shop.store, records=shop.records, **order)
    return result, stream.getvalue()


def files_of(result: ExportResult, data: bytes) -> dict[str, list[list[str]]]:
    """The rows of each file by its name, headings first."""
    if not result.file_name.endswith(".zip"):
        return {result.file_name: table_of(result.file_name, data)}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name != "manifest.json"]
        return {name: table_of(name, archive.read(name)) for name in names}


def table_of(name: str, data: bytes) -> list[list[str]]:
    if name.endswith(".xlsx"):
        sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        rows = sheet.iter_rows(values_only=True)
        return [["" if cell is None else str(cell) for cell in row] for row in rows]
    assert not data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_published_hashes_come_out() -> None:
    assert hashed(FORMS["email"]("John_Smith@gmail.com ")).startswith("62a14e44")
    assert hashed(FORMS["digits"]("+16505551212")).startswith("e323ec62")
    assert hashed(FORMS["e164"]("+16505551212")).startswith("1e231c66")
    assert hashed(FORMS["bare_name"]("Mary")).startswith("6915771b")
    assert hashed(FORMS["digits"]("+37493828222")).startswith("65b7e6dc")  # TikTok's own sample
    assert hashed(FORMS["email"]("janedoe@gmail.com")).startswith("d6117306")


def test_meta_reads_its_template_with_every_value_in_its_form(make_shop: MakeShop) -> None:
    mary = person(
        1, "Mary O'Neill", email=" John_Smith@gmail.com", phone="(650) 555-1212", country="US",
        postal_code="94043-1351", city="Mountain View",
    )  # fmt: skip
    result, data = send(make_shop([mary]), "meta")
    ((_, (header, row)),) = files_of(result, data).items()
    assert ",".join(header) == META_HEADER
    told = [value for value in row if value]
    values = ("john_smith@gmail.com", "16505551212", "mary", "oneill", "940431351", "mountainview")
    assert told == [*(sha(value) for value in values), sha("us")]
    assert row[0].startswith("62a14e44")
    assert row[3].startswith("e323ec62")
    assert row[7].startswith("6915771b")


def test_google_gets_a_plus_no_dots_and_the_place_only_as_a_whole(make_shop: MakeShop) -> None:
    mary = person(
        1, "Mary Lee", email="Mary.Lee@gmail.com", phone="+1 650 555 1212", country="US",
        postal_code="94043",
    )  # fmt: skip
    alone = person(2, "王芳", email="m.l@example.com", phone=None, country="US")
    result, data = send(make_shop([mary, alone]), "google")
    (rows,) = files_of(result, data).values()
    assert rows[0] == ["Email", "Phone", "First Name", "Last Name", "Country", "Zip"]
    place = [sha("mary"), sha("lee"), "US", "94043"]
    assert rows[1] == [sha("marylee@gmail.com"), sha("+16505551212"), *place]
    assert rows[1][1].startswith("1e231c66")
    assert rows[2] == [sha("m.l@example.com"), "", "", "", "", ""]


def test_the_plus_of_a_tiktok_file_is_a_setting(make_shop: MakeShop) -> None:
    shop = make_shop([person(1, "Mary Lee", phone="+1 650 555 1212", country=None)])
    for name, phone in (("tiktok", "+16505551212"), ("tiktok_digits", "16505551212")):
        (rows,) = files_of(*send(shop, name)).values()
        assert rows == [["Email_SHA256", "Phone_SHA256"], [sha("p1@example.com"), sha(phone)]]
    assert "tiktok_digits" not in formats_for("ads")


def test_snap_gets_a_file_for_each_kind_of_contact(make_shop: MakeShop) -> None:
    shop = make_shop([person(1, "Ann Lee"), person(2, "Bo Li", phone=None)])
    result, data = send(shop, "snap")
    mails, phones = files_of(result, data).values()
    assert mails == [["email"], [sha("p1@example.com")], [sha("p2@example.com")]]
    assert phones == [["phone"], [sha("493023125001")]]
    assert result.rows == 2


def test_google_files_are_split_by_region_and_consent(make_shop: MakeShop) -> None:
    homes = ["DE", "DE", "DE", "US", None, "CH"]
    shop = make_shop([person(key, f"Ann {key}", country=home) for key, home in enumerate(homes, 1)])
    for purpose in ("ad_user_data", "ad_personalization"):
        shop.agree([1], "ads", purpose=purpose)
    shop.agree([2], "ads", purpose="ad_personalization", state="denied")
    strict, data = send(shop, "google", ads_consent_covers_use=False)
    assert strict.excluded == {"ad_use_denied": 1, "ad_use_unknown": 3}
    people = {name: {row[0] for row in rows[1:]} for name, rows in files_of(strict, data).items()}
    eea, elsewhere = sorted(people)
    assert eea.endswith("-eea.csv")
    assert elsewhere.endswith("-elsewhere.csv")
    assert people == {eea: {sha("p1@example.com")}, elsewhere: {sha("p4@example.com")}}
    told = {file["region"]: file["consent"] for file in strict.manifest["files"]}
    asked = {"ad_user_data": "granted", "ad_personalization": "granted"}
    assert told == {"eea": {"ads": "granted", **asked}, "elsewhere": {"ads": "granted"}}
    covered, _ = send(shop, "google")
    assert covered.excluded == {"ad_use_denied": 1}
    assert [file["rows"] for file in covered.manifest["files"]] == [3, 1, 1]
    assert covered.manifest["ads_consent_covers_use"] is True


def test_klaviyo_gets_a_file_for_each_state_of_consent(make_shop: MakeShop) -> None:
    mail_only = person(2, "Bo Li", agreed=("email",))
    result, data = send(make_shop([person(1, "Ann Lee"), mail_only]), "klaviyo", columns=["orders"])
    mails, texts = files_of(result, data).values()
    heading = ["Email Address", "Phone Number", "First Name", "Last Name", "orders"]
    assert mails == [heading, ["p2@example.com", "", "Bo", "Li", "3"]]
    assert texts == [heading, ["p1@example.com", "+493023125001", "Ann", "Lee", "3"]]
    consents = [file["consent"] for file in result.manifest["files"]]
    assert consents == [{"email": "granted"}, {"email": "granted", "sms": "granted"}]


def test_a_klaviyo_file_tells_no_number_of_somebody_who_must_stay_out(
    make_shop: MakeShop,
) -> None:
    same = {"phone": "030 23125001"}
    told = {"email": "granted"}
    one, other = person(1, "Ann Lee"), person(2, "Bo Li", **same)
    held_back, _ = _klaviyo_texts(make_shop([one, other]), leave_out=(2,))
    assert held_back == {"p1@example.com": ""}
    shop = make_shop([one, other])
    shop.agree([2], "sms", state="denied")
    refused, result = _klaviyo_texts(shop)
    assert refused == {"p1@example.com": "", "p2@example.com": ""}
    assert result.left_empty == {"contact_left_out": 1}
    assert [file["consent"] for file in result.manifest["files"]] == [told]
    silent = person(2, "Bo Li", agreed=("email",), **same)
    unasked, _ = _klaviyo_texts(make_shop([one, silent]))
    assert unasked == {"p1@example.com": "+493023125001", "p2@example.com": ""}


def test_a_klaviyo_file_tells_a_number_once(make_shop: MakeShop) -> None:
    people = [person(1, "Ann Lee"), person(2, "Bo Li", phone="+49 30 23125001")]
    numbers, result = _klaviyo_texts(make_shop(people))
    assert numbers == {"p1@example.com": "+493023125001", "p2@example.com": ""}
    assert result.left_empty == {"same_contact": 1}
    mails, texts = (file["rows"] for file in result.manifest["files"])
    assert (mails, texts) == (1, 1)


def _klaviyo_texts(
    shop: Shop, leave_out: tuple[int, ...] = ()
) -> tuple[dict[str, str], ExportResult]:
    """The phone number told of each e-mail."""
    result, data = send(shop, "klaviyo", leave_out={"holdout": shop.chosen(*leave_out)})
    return {row[0]: row[1] for rows in files_of(result, data).values() for row in rows[1:]}, result


def test_a_klaviyo_file_stays_below_its_limit(
    make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_core.privacy.packing._MILLION", 4)  # 50 MB become 200 bytes
    monkeypatch.setattr("crm_core.privacy.export._BATCH_ROWS", 2)
    shop = make_shop([person(key, "Ann Lee", agreed=("email",)) for key in range(1, 10)])
    result, data = send(shop, "klaviyo")
    files = files_of(result, data)
    assert len(files) > 1
    people = [row[0] for rows in files.values() for row in rows[1:]]
    assert sorted(people) == [f"p{key}@example.com" for key in range(1, 10)]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert all(entry.file_size <= 200 for entry in archive.infolist()[:-1])


def test_mailchimp_takes_ascii_addresses_and_short_texts(make_shop: MakeShop) -> None:
    shop = make_shop(
        [person(1, "Ann Lee", category="茶" * 100), person(2, "Bo Li", email="bö@example.com")]
    )
    result, data = send(shop, "mailchimp", columns=["favourite_category"])
    (rows,) = files_of(result, data).values()
    assert rows[1] == ["p1@example.com", "Ann", "Lee", "茶" * 85]
    assert (result.rows, result.excluded) == (1, {"email_invalid": 1})


@pytest.mark.slow
def test_who_calls_or_writes_letters_gets_a_spreadsheet(make_shop: MakeShop) -> None:
    shop = make_shop([person(1, "Ann Lee", phone="0044 20 7183 8750", country="uk")])
    calls, data = send(shop, "call_list", columns={"orders": "Orders"})
    (rows,) = files_of(calls, data).values()
    assert rows == [
        ["Name", "Phone", "City", "Orders"],
        ["Ann Lee", "+442071838750", "Berlin", "3"],
    ]
    letters, data = send(shop, "mail_merge", language="zh")
    (rows,) = files_of(letters, data).values()
    assert rows[0] == ["姓名", "地址", "邮编", "城市", "国家"]
    assert rows[1] == ["Ann Lee", "Lindenstraße 1", "10095", "Berlin", "GB"]


# Of each tool, what its file tells of customer `key`: enough to find them again.
FOUND = {
    "meta": lambda key: sha(f"p{key}@example.com"),
    "google": lambda key: sha(f"p{key}@example.com"),
    "tiktok": lambda key: sha(f"p{key}@example.com"),
    "tiktok_digits": lambda key: sha(f"p{key}@example.com"),
    "snap": lambda key: sha(f"p{key}@example.com"),
    "klaviyo": lambda key: f"p{key}@example.com",
    "mailchimp": lambda key: f"p{key}@example.com",
    "call_list": lambda key: f"+4930231250{key:02d}",
    "mail_merge": lambda key: f"Lindenstraße {key}",
}


@pytest.mark.parametrize("channel", fast(("ads", "email", "phone", "post"), "ads", "email"))
def test_a_file_holds_the_audience_less_who_must_stay_out(
    make_shop: MakeShop, channel: str
) -> None:
    people = [person(key, f"Ann {key}") for key in range(1, 9)]
    people.append(person(9, "Ann 9", agreed=()))
    # Another customer with every contact of number 3, who must stay out; and one again of 1.
    people.append(person(10, "Ann", email="P3@example.com", phone="+49 30 23125003",
                         address="Lindenstraße 3"))  # fmt: skip
    people.append(person(11, "Ann", email="p1@example.com ", phone="030/23125001",
                         address=" lindenstraße  1"))  # fmt: skip
    shop = make_shop(people)
    shop.records.suppress([3], "all", reason="complaint", now=NOW)
    leave_out = {"holdout": shop.chosen(5, 9), "pressure": shop.chosen(6)}
    names = [name for name in PLATFORMS if PLATFORMS[name].contact_channel == channel]
    before = [
        readiness(
            access=MARKETER, store=shop.store, records=shop.records, members=shop.members(),
            contact_channel=channel, file_format=name, leave_out=leave_out,
            ads_consent_covers_use=True,
        )
        for name in names
    ]  # fmt: skip
    assert [ready.rows for ready in before] == [5] * len(names)
    shop.agree([8], channel, state="denied")  # between the preview and the click
    for name in names:
        result, data = send(shop, name, leave_out=leave_out)
        assert found_in(name, result, data) == {1, 2, 4, 7}, name
        assert result.excluded == {
            "contact_left_out": 1, "holdout": 1, "no_consent": 1, "opted_out": 1, "pressure": 1,
            "same_contact": 1, "suppressed": 1,
        }  # fmt: skip
        assert result.rows + sum(result.excluded.values()) == result.manifest["members"] == 11
        sums = {hashlib.sha256(each).hexdigest() for each in contents(result, data)}
        assert {file["sha256"] for file in result.manifest["files"]} <= sums


@pytest.mark.parametrize("agreed", [EVERYWHERE, ()])
def test_a_contact_of_somebody_held_out_is_not_told_though_they_fit_no_list(
    make_shop: MakeShop, agreed: tuple[str, ...]
) -> None:
    twin = person(2, "Bo Li", email="P1@example.com", agreed=agreed)
    shop = make_shop([person(1, "Ann Lee"), twin, person(3, "Cy Oz")])
    result, data = send(
        shop, "mailchimp", members=shop.chosen(1, 3), leave_out={"holdout": shop.chosen(2)}
    )
    assert found_in("mailchimp", result, data) == {3}
    assert (result.rows, result.excluded) == (1, {"contact_left_out": 1})
    assert result.manifest["members"] == 2


def contents(result: ExportResult, data: bytes) -> list[bytes]:
    if not result.file_name.endswith(".zip"):
        return [data]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [archive.read(name) for name in archive.namelist()]


def found_in(name: str, result: ExportResult, data: bytes) -> set[int]:
    """Which customers a file tells of, by every value in it."""
    cells = {cell for rows in files_of(result, data).values() for row in rows for cell in row}
    return {key for key in range(1, 12) if FOUND[name](key) in cells}


def test_contacts_that_cannot_be_used_are_left_out_with_the_reason(make_shop: MakeShop) -> None:
    shop = make_shop(
        [
            person(1, "Ann Lee"),
            person(2, "Bo Li", email="bo@@example", phone=None),
            person(3, "Cy", email=None, phone="030 2312500", country=None),
            person(4, "Di", email=None, phone="12", country="DE"),
            person(5, "Ed", email=None, phone=None, address=" "),
            person(6, "Fi", email="a..b@example.com", phone="030 2312500", country="Germany"),
        ]
    )
    both = {"email_invalid": 2, "no_contact": 1, "phone_invalid": 1, "phone_no_country": 1}
    expected = {
        ("email", "phone"): both,
        ("email",): {"email_invalid": 2, "no_contact": 3},
        ("phone",): {"no_contact": 2, "phone_invalid": 1, "phone_no_country": 2},
        ("post",): {"no_contact": 1},
    }
    for name, platform in PLATFORMS.items():
        assert send(shop, name)[0].excluded == expected[platform.contacts], name


def test_a_contact_that_cannot_be_told_is_counted_where_another_can(make_shop: MakeShop) -> None:
    shop = make_shop([person(1, "Ann Lee", country=None), person(2, "Bo", email="p1@example.com")])
    result, data = send(shop, "meta")
    assert (result.rows, result.excluded) == (2, {})
    assert result.left_empty == {"phone_no_country": 1, "same_contact": 1}
    (rows,) = files_of(result, data).values()
    assert [(row[0], row[3]) for row in rows[1:]] == [
        (sha("p1@example.com"), ""),
        ("", sha("493023125002")),
    ]


def test_the_shops_own_country_reads_numbers_that_tell_none(make_shop: MakeShop) -> None:
    shop = make_shop([person(1, "Ann Lee", country=None), person(2, "Bo", country="Germany")])
    settings = shop.records.shop_settings()
    shop.records.save_shop_settings(
        settings.__class__(**{**vars(settings), "country": "DE"}), "owner", NOW
    )
    result, _ = send(shop, "call_list")
    assert (result.rows, result.excluded) == (1, {"phone_no_country": 1})


def test_no_file_holds_a_formula_and_no_value_is_altered(make_shop: MakeShop) -> None:
    people = [
        person(key, f"{text} {text}", category=text, city=text, postal_code=text, address=text)
        for key, text in enumerate([*PAYLOADS, "<b>Ann</b>", "O'Brien", "-5.00"], start=1)
    ]
    people.append(person(90, "Ann Lee", email="=cmd@example.com", phone=None))
    shop = make_shop(people)
    for name, platform in PLATFORMS.items():
        columns = {"favourite_category": "=1+1"} if platform.facts else {}
        result, data = send(shop, name, columns=columns, name="=cmd|'/C calc'!A0")
        cells = {c for rows in files_of(result, data).values() for row in rows for c in row}
        if platform.for_people:
            with zipfile.ZipFile(io.BytesIO(data)) as book:
                assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
        else:
            assert [cell for cell in cells if would_run(cell) or cell.startswith("'")] == []
        if name in ("klaviyo", "mailchimp"):
            assert {"<b>Ann</b>", "O'Brien", "-5.00"} <= cells
            assert result.left_empty["formula"] > len(PAYLOADS)
            assert result.excluded == {"email_invalid": 1}
