"""Packed files: what is in them is read, nothing unpacks beyond its limits or outside its folder."""

from __future__ import annotations

import bz2
import gc
import gzip
import hashlib
import io
import lzma
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.store.imports import Limits, recognise
from crm_core.store.imports.limits import MB, Budget
from crm_core.text import error_text
from tests.store.imports.conftest import Staged
from tests.store.imports.tables import LINES, ROWS, book, csv_text, zip_of

TEXT = csv_text()
Stage = Callable[..., Staged]


def lines(staged: Staged) -> list[tuple[object, ...]]:
    return staged.rows(
        "order_lines",
        "order_id, product_id, quantity, line_total::double",
        "source_file, source_row",
    )


def names(staged: Staged) -> list[str]:
    return [file.name for file in staged.result.files]


def refusal(path: Path, limits: Limits | None = None) -> CrmError:
    with pytest.raises(CrmError) as failure:
        recognise([path], limits=limits)
    return failure.value


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
@pytest.mark.parametrize("name", ["orders.csv.gz", "orders"])
def test_a_packed_table_keeps_its_name_and_checksum(
    staged: Stage, tmp_path: Path, pack: Callable[[bytes], bytes], name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(pack(TEXT.encode()))
    found = staged(path)
    assert lines(found) == LINES
    assert names(found) == [name]
    assert found.result.files[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_archive_holds_folders_workbooks_and_archives(staged: Stage, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(
        zip_of(
            {
                "2026/february.csv.gz": gzip.compress(csv_text(ROWS[:1]).encode()),
                "2026/book.xlsx": book(Orders=[("Order ID", "Order Date", "Customer ID", "SKU",
                                                "Product", "Quantity", "Price"), *ROWS[1:]]),
                "readme.txt": "Made by hand.",
                "__MACOSX/2026/._february.csv": b"\0\1",
                ".DS_Store": b"\0",
                "empty/": b"",
            }
        )
    )  # fmt: skip
    found = staged(path)
    assert sorted(lines(found)) == LINES
    assert names(found) == [
        "export.zip › 2026/february.csv.gz", "export.zip › 2026/book.xlsx › Orders",
    ]  # fmt: skip
    left_out = [n.facts["file"] for n in found.result.notices if n.code == "import_part_left_out"]
    assert left_out == ["export.zip › readme.txt"]
    assert {file.sha256 for file in found.result.files} == {
        hashlib.sha256(path.read_bytes()).hexdigest()
    }


def test_names_in_gbk_are_shown_and_names_that_climb_stay_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "room").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "room"))
    path = tmp_path / "export.zip"
    raw = zip_of({"XXXX/a.csv": TEXT, "../../evil.csv": TEXT, "C:\\b.csv": TEXT, "/c.csv": TEXT})
    path.write_bytes(raw.replace(b"XXXX", "订单".encode("gbk")))
    plan = recognise([path])
    assert [file.name.split(" › ")[1] for file in plan.files] == [
        "订单/a.csv", "evil.csv", "C_/b.csv", "c.csv",
    ]  # fmt: skip
    assert all((tmp_path / "room") in file.path.parents for file in plan.files)
    assert {found.name for found in tmp_path.iterdir()} == {"room", "export.zip"}


@pytest.mark.slow
def test_copies_go_when_the_plan_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    plan = recognise([path])
    parts = plan.parts
    del plan
    gc.collect()
    assert parts[0].files[0].path.is_file()
    del parts
    gc.collect()
    assert list(room.iterdir()) == []
    (tmp_path / "plain.csv").write_text(TEXT)
    assert recognise([tmp_path / "plain.csv"]).files
    assert list(room.iterdir()) == []


def test_pieces_of_a_split_export_are_one_log(staged: Stage, tmp_path: Path) -> None:
    """An order cut in two is one order; a return finds its order in another piece."""
    back = (1002, "2026-03-01 10:00", 78, "t1", "Tea, green", -1, 12.5)
    for place, rows in enumerate(([back, *ROWS[:1]], ROWS[1:]), 1):
        (tmp_path / f"orders-{place}.csv").write_text(csv_text(rows))
    found = staged(tmp_path / "orders-1.csv", tmp_path / "orders-2.csv")
    assert lines(found) == LINES
    assert found.rows("orders", "order_id") == [("1001",), ("1002",)]
    assert found.rows("refunds", "order_id, amount::double") == [("1002", 12.5)]
    assert (found.result.quarantined, found.result.duplicates) == (0, 0)
    assert found.result.rows_read == 4


def deep(levels: int) -> bytes:
    content: bytes = TEXT.encode()
    for level in range(levels):
        content = zip_of({f"{level}.zip" if level else "orders.csv": content})
    return content


def test_archives_in_archives_are_opened_once_more_and_no_deeper(
    staged: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "deep.zip"
    path.write_bytes(deep(2))
    assert lines(staged(path)) == LINES
    path.write_bytes(deep(3))
    assert refusal(path).code == "import_archive_nested"


def test_refused_archives(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    whole = zip_of({"orders.csv": TEXT, "more.csv": TEXT})
    locked = bytearray(whole)
    locked[6] |= 1
    locked[whole.index(b"PK\x01\x02") + 8] |= 1
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for place in range(201):
            archive.writestr(f"{place}.csv", TEXT)
    for content, code in (
        (whole[: len(whole) // 2], "import_archive_broken"),
        (b"PK\x03\x04" + bytes(100), "import_archive_broken"),
        (whole[:60] + bytes(9) + whole[69:], "import_archive_broken"),
        (gzip.compress(TEXT.encode())[:-20], "import_archive_broken"),
        (lzma.compress(TEXT.encode())[:-20], "import_archive_broken"),
        (bz2.compress(TEXT.encode())[:-20], "import_archive_broken"),
        (bytes(locked), "import_archive_locked"),
        (zip_of({"__MACOSX/a.csv": TEXT, "b/": ""}), "import_archive_empty"),
        (many.getvalue(), "import_archive_members"),
        (gzip.compress(b""), "import_empty_file"),
        (gzip.compress(b"\x89PNG" + bytes(100)), "import_not_text"),
        (zip_of({"a.txt": "hello"}), "import_one_column"),
    ):
        path.write_bytes(content)
        assert refusal(path).code == code


def test_bombs_name_their_limit_and_the_way_round_it(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(3 * MB)))
    failure = refusal(path, Limits(unpacked_mb=2))
    assert failure.code == "import_archive_too_large"
    for language in ("en", "zh"):
        message = error_text(failure, language)
        assert "2 MB" in message
        assert "python -m crm_core import" in message
    path.write_bytes(zip_of({f"{place}.csv": bytes(MB) for place in range(3)}))
    assert refusal(path, Limits(unpacked_mb=2)).code == "import_archive_too_large"
    assert Limits.of_uploads(50).unpacked_mb == 20 * 50


def test_a_file_may_not_grow_beyond_what_tables_do() -> None:
    budget = Budget(Limits())
    budget.check_ratio(1, 50 * MB, "small.gz")
    budget.check_ratio(MB, 150 * MB, "table.gz")
    with pytest.raises(CrmError) as failure:
        budget.check_ratio(MB // 10, 150 * MB, "bomb.gz")
    assert failure.value.code == "import_archive_ratio"


def test_a_directory_of_a_million_names_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "names.zip"
    whole = bytearray(zip_of({"orders.csv": TEXT}))
    end = whole.rindex(b"PK\x05\x06")
    whole[end + 12 : end + 16] = (50 * MB).to_bytes(4, "little")
    path.write_bytes(bytes(whole))
    assert refusal(path).code == "import_archive_members"


def test_an_order_cut_between_two_pieces_is_whole_again(staged: Stage, tmp_path: Path) -> None:
    """Shopify tells an order on its first row only; the second piece begins within an order."""
    header = (
        "Name", "Email", "Financial Status", "Fulfillment Status", "Currency", "Subtotal", "Total",
        "Discount Amount", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price",
        "Lineitem sku", "Refunded Amount", "Id",
    )  # fmt: skip
    day = "2026-02-03 10:15:00 +0000"
    first = (
        "#1",
        "a@b.example",
        "paid",
        "fulfilled",
        "EUR",
        20,
        20,
        5,
        day,
        1,
        "Tea",
        10,
        "t",
        0,
        9,
    )
    more = [("#1", "a@b.example", *[""] * 7, 1, name, price, name, "", "")
            for name, price in (("Pot, blue", 12), ("Cup", 3))]  # fmt: skip
    other = ("#2", "c@d.example", "paid", "fulfilled", "EUR", 8, 8, 0, day, 1, "Tea", 8, "t", 0, 10)
    bad = (*other[:9], "many", *other[10:])
    path = tmp_path / "export.zip"
    path.write_bytes(
        zip_of(
            {
                "orders_10.csv": csv_text([more[1], other, bad], header=header),
                "orders_9.csv": csv_text([first, more[0]], header=header),
            }
        )
    )
    found = staged(path)
    assert found.rows("orders", "order_id, email") == [
        ("#1", "a@b.example"), ("#2", "c@d.example"),
    ]  # fmt: skip
    assert found.result.totals["gross"] == 33.0
    assert found.result.totals["discount"] == 5.0
    assert found.rows("quarantine", "source_file, source_row") == [
        ("export.zip › orders_10.csv", 4)
    ]
    (told,) = (n.facts for n in found.result.notices if n.code == "import_order_cut_in_two")
    assert told["count"] == 1
