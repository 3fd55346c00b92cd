"""What the engine reads of a telephone number is what `phonenumbers` says of it."""

from __future__ import annotations

import duckdb
import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from crm_core.store.phones import phone_number, region_code, write_phones

KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE)
FORMS = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)


def every_country() -> set[tuple[str, str]]:
    """An example of each kind of number of each country, in several forms, read there and not."""
    found: set[tuple[str, str]] = set()
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in KINDS:
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                texts = [phonenumbers.format_number(number, form) for form in FORMS]
                texts.append(phonenumbers.national_significant_number(number))
                found |= {(text, told) for text in texts for told in (region, "")}
    return found


@pytest.mark.slow
def test_numbers_of_every_country_are_read_as_phonenumbers_reads_them() -> None:
    numbers = every_country()
    con = duckdb.connect(config={"threads": 1})
    con.execute("CREATE SCHEMA people; CREATE TABLE told (raw_phone VARCHAR, region VARCHAR)")
    con.executemany("INSERT INTO told VALUES (?, ?)", sorted(numbers))
    write_phones(con)
    rows = con.execute("SELECT raw, region, phone FROM people.phones").fetchall()
    found = {(raw, region): phone for raw, region, phone in rows}
    assert len(found) == len(rows) > 1_500
    expected = {each: phone for each in numbers if (phone := phone_number(*each)) is not None}
    assert found == expected


def test_a_country_is_known_by_its_two_letters_alone() -> None:
    assert [region_code(text) for text in ("de", " GB ", "Germany", "", None)] == [
        "DE",
        "GB",
        None,
        None,
        None,
    ]
