"""Files that cannot be read at all: each is told by name, place and remedy, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.store.imports import Mapping
from crm_core.text import catalogue, error_text
from tests.store.imports.conftest import HEADER, Staged

ROW = "1,2026-01-15,c,p,P,1,2.50"
FILES: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
    "empty": (b"", "import_empty_file", ()),
    "only spaces": (b" \r\n\n", "import_empty_file", ()),
    "header only": (f"{HEADER}\n".encode(), "import_header_only", ("1",)),
    "html": (b"<!DOCTYPE html><html><body>Log in</body></html>", "import_not_text", ("html",)),
    "zip": (b"PK\x03\x04\x14\0\x06\0" + b"\0\1\2" * 50, "import_archive_broken", ()),
    "binary": (bytes(range(1, 256)) * 20, "import_not_text", ("binary",)),
    "prose": (b"Dear all\nplease find the orders\n", "import_one_column", ("1",)),
    "unknown": (b"a,b,c\n1,2,3\n", "import_unclear_columns", ("--mapping", "order_lines", "ordered_at")),
    "no date": (
        b"Order ID,SKU,Quantity,Price\n1,p,1,2.50\n", "import_missing_field", ("ordered_at",)
    ),
    "501 columns": (
        (",".join(f"c{n}" for n in range(501)) + "\n1\n").encode(),
        "import_too_many_columns",
        ("501", "500"),
    ),
    "dates": (
        f"{HEADER}\n1,01/02/2026,c,p,P,1,2.50\n2,03/04/2026,c,p,P,1,2.50\n".encode(),
        "import_ambiguous_dates",
        ("2", "Order Date", "01/02/2026", "--date-order"),
    ),
    "numbers": (
        f"{HEADER}\n1,2026-01-15,c,p,P,1,1.250\n".encode(), "import_ambiguous_numbers", ("Price",)
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_each_says_what_to_do_in_both_languages(
    staged: Callable[..., Staged], tmp_path: Path, case: str
) -> None:
    content, code, told = FILES[case]
    path = tmp_path / "my orders.csv"
    path.write_bytes(content)
    with pytest.raises(CrmError) as failure:
        staged(path)
    assert failure.value.code == code
    for language in ("en", "zh"):
        message = error_text(failure.value, language)
        assert "my orders.csv" in message
        for word in told:
            assert word in message
        assert str(tmp_path) not in message


def test_a_missing_file_is_named(staged: Callable[..., Staged], tmp_path: Path) -> None:
    with pytest.raises(CrmError) as failure:
        staged(tmp_path / "gone.csv")
    assert error_text(failure.value, "en").startswith("gone.csv: there is no such file")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("paper.xlsx", b"%PDF-1.7\n", "pdf"),
        ("picture.csv", b"\x89PNG\r\n", "png"),
        ("sheet.xls", b'<?xml version="1.0"?><a/>', "xml"),
    ],
)
def test_other_kinds_of_files_are_called_by_their_kind(
    staged: Callable[..., Staged], tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CrmError) as failure:
        staged(path)
    assert (failure.value.code, failure.value.facts["kind"]) == ("import_not_text", kind)


def test_a_misspelt_column_of_a_mapping_gets_the_closest_name(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    mapping = Mapping(
        columns={"order_id": "Order ID", "ordered_at": "Order Dat", "amount": "Price"}
    )
    with pytest.raises(CrmError) as failure:
        staged(written(ROW), mapping=mapping)
    assert failure.value.code == "import_missing_column"
    assert failure.value.facts["match"] == "Order Date"


def test_a_demanded_encoding_that_does_not_fit_names_the_row(
    staged: Callable[..., Staged], tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(f"{HEADER}\n{ROW}\n".encode() + b"2,2026-01-15,c,p,caf\xe9,1,2.50\n")
    mapping = Mapping(
        columns={"order_id": "Order ID", "ordered_at": "Order Date", "product_id": "SKU",
                 "amount": "Price"},
        encoding="utf-8",
    )  # fmt: skip
    with pytest.raises(CrmError) as failure:
        staged(path, mapping=mapping)
    assert failure.value.code == "import_wrong_encoding"
    assert failure.value.facts["row"] == 3


def test_a_date_order_settles_ambiguous_dates(
    staged: Callable[..., Staged], written: Callable[..., Path]
) -> None:
    columns = {
        "order_id": "Order ID", "ordered_at": "Order Date", "product_id": "SKU", "amount": "Price"
    }  # fmt: skip
    path = written("1,01/02/2026,c,p,P,1,2.50")
    days = {
        order: staged(path, mapping=Mapping(columns=columns, date_order=order)).rows(
            "orders", "ordered_at::date::varchar"
        )[0][0]
        for order in ("dmy", "mdy")
    }
    assert days == {"dmy": "2026-02-01", "mdy": "2026-01-02"}


def test_every_code_has_words_in_both_languages() -> None:
    folder = Path(__file__).parents[3] / "crm_core" / "store" / "imports"
    code = re.compile(r'"import_([a-z_]+)"')
    used = {
        found
        for path in folder.rglob("*.py")
        for found in code.findall(path.read_text(encoding="utf-8"))
    }
    for language in ("en", "zh"):
        known = catalogue(language)
        assert {each for each in used if f"error_import.{each}" not in known} == set()
