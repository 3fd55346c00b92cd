"""Undo, backup, restore and a watched folder, as a schedule runs them."""

from __future__ import annotations

import json
import shutil
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crm_core.privacy.audit import verify
from crm_core.records import AuditEntry, open_records
from crm_core.store.snapshots import read_pointer
from tests.cli.conftest import OwnShop, Said
from tests.small_shop import NOW, Rows, line, order, write_rows


def one_order(number: int, buyer: str = "late") -> Rows:
    return {
        "orders": [order(f"late-{number}", buyer, datetime(2026, 6, number, 12).isoformat())],
        "order_lines": [line(f"late-{number}", "p1", "50")],
    }


def folder(shop: OwnShop) -> Path:
    return shop.var / "own"


def told(shop: OwnShop) -> dict[str, Any]:
    """What people see of a store: numbers, counts, who agreed, and the log."""
    records = open_records(f"sqlite:///{folder(shop) / 'records.sqlite'}")
    try:
        lines = [line.hash for line in records.audit_chain() if line.action != "restored"]
        agreed = records.mirror().tables["consents"].to_pylist()
        is_whole = verify(records).whole
    finally:
        records.close()
    status = shop("status", "--json").answer
    return {
        "revenue": shop("measure", "revenue", "orders", "--by", "sales_channel", "--json").answer,
        "scores": shop("predict", "rfm", "--customer", "3", "--json").answer,
        "tables": status["tables"],
        "days": (status["from"], status["to"], status["as_of"], status["last_import"]),
        "consents": agreed,
        "audit": (lines, is_whole),
    }


def log_something(shop: OwnShop) -> None:
    records = open_records(f"sqlite:///{folder(shop) / 'records.sqlite'}")
    records.append_audit(AuditEntry(NOW, "ann", "marketer", "export", {"audience": "all"}, rows=3))
    records.record_consent(3, "sms", "denied", at=NOW, source="phone")
    records.close()


@pytest.mark.slow
def test_an_import_is_undone_with_its_scores(own: OwnShop, tmp_path: Path) -> None:
    before = told(own)
    files = write_rows(tmp_path / "late", one_order(7))
    assert own("import", files, "--json").answer["batch"] == 2
    assert own("status", "--json").answer["to"] == "2026-06-07"
    said = own("undo", "2", "--json")
    assert said.code == 0
    answer = said.answer
    assert (answer["batch"], answer["empty"], answer["changed"]["orders"]) == (2, False, -1)
    assert answer["changed"]["customers"] == {"new": 0, "gone": 1}
    after = told(own)
    assert {name: after[name] for name in after if name != "days"} == {
        name: before[name] for name in before if name != "days"
    }
    again = own("undo", "2", "--json")
    assert (again.code, again.answer["error"]) == (1, "undo_twice")
    assert own("undo", "9", "--json").answer["error"] == "undo_unknown"


def test_status_tells_a_schedule_when_data_is_stale(loaded: OwnShop) -> None:
    stale = loaded("status", "--json", "--max-age-days", "1")
    assert (stale.code, stale.answer["stale"]) == (1, True)
    fresh = loaded("status", "--json", "--max-age-days", "99999")
    assert (fresh.code, fresh.answer["stale"]) == (0, False)


@pytest.mark.slow
def test_a_backup_comes_back_on_another_machine(own: OwnShop, tmp_path: Path) -> None:
    log_something(own)
    before = told(own)
    file = tmp_path / "backup.tar.zst"
    said = own("backup", file, "--json")
    assert (said.code, Path(said.answer["file"])) == (0, file)
    assert own("backup", file, "--json").code == 0  # a schedule writes over the last one
    other = OwnShop(tmp_path / "elsewhere" / "var")
    back = other("restore", file, "--json")
    assert (back.code, back.answer["imports"]) == (0, 1)
    assert told(other) == before
    refused = other("restore", file, "--json")
    assert (refused.code, refused.answer["error"]) == (1, "restore_not_empty")
    files = write_rows(tmp_path / "late", one_order(7))
    assert other("import", files, "--json").answer["batch"] == 2
    assert other("restore", file, "--replace", "--json").code == 0
    assert told(other) == before
    assert other("undo", "1", "--json").answer["empty"]
    assert not [path.name for path in folder(other).iterdir() if path.name.startswith("restore")]


def test_a_damaged_backup_or_none_changes_nothing(own: OwnShop, tmp_path: Path) -> None:
    file, bad = tmp_path / "backup.tar.zst", tmp_path / "bad.tar.zst"
    own("backup", file)
    pointer = read_pointer(folder(own))
    damage: dict[str, bytes] = {
        "restore_unreadable": file.read_bytes()[:-5_000],
        "restore_damaged": repacked(file, change="records/counters.jsonl"),
    }
    for code, content in damage.items():
        bad.write_bytes(content)
        assert own("restore", bad, "--replace", "--json").answer["error"] == code
    for content in (b"", b"not a backup", repacked(file, change="", add="../../evil")):
        bad.write_bytes(content)
        assert own("restore", bad, "--replace", "--json").code == 1
    assert read_pointer(folder(own)) == pointer
    assert not list(tmp_path.rglob("evil"))
    assert own("restore", tmp_path / "none", "--json").code == 1


def repacked(file: Path, *, change: str, add: str | None = None) -> bytes:
    """The backup with a byte more in one file, or with a file that leads elsewhere."""
    out = pa.BufferOutputStream()
    with (
        pa.CompressedInputStream(pa.OSFile(str(file)), "zstd") as packed,
        tarfile.open(fileobj=packed, mode="r|") as source,  # type: ignore[call-overload]
        pa.CompressedOutputStream(out, "zstd") as target,
        tarfile.open(fileobj=target, mode="w|") as tar,  # type: ignore[call-overload]
    ):
        for entry in source:
            content = source.extractfile(entry).read()  # type: ignore[union-attr]
            if entry.name == change:
                content = content.replace(b"decisions", b"decisionz")
            if add is not None and entry.name == "facts.duckdb":
                entry.name = add
            tar.addfile(entry, pa.BufferReader(content))  # type: ignore[arg-type]
    return out.getvalue().to_pybytes()


def test_a_damaged_store_is_replaced_by_its_backup(own: OwnShop, tmp_path: Path) -> None:
    before = told(own)
    file = tmp_path / "backup.tar.zst"
    own("backup", file)
    (folder(own) / "current.json").write_text("{")
    assert own("status", "--json").answer["error"] == "store_damaged"
    assert own("restore", file, "--replace", "--json").code == 0
    assert told(own) == before


def lines_of(said: Said) -> list[dict[str, Any]]:
    return [json.loads(text) for text in said.out.splitlines()]


@pytest.mark.slow
def test_a_watched_folder_is_imported_once_and_a_bad_file_stops_nothing(
    shop: OwnShop, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    write_rows(inbox / "a", one_order(1))
    (inbox / "broken.csv").write_text("\x00\x01")
    (inbox / "half.csv.part").write_text("order")
    (inbox / "z.csv").write_text(
        "Order ID,Order Date,Customer ID,Product Name,Quantity,Price\n7,2026-05-09,c,Tea,1,5\n"
    )
    once = ("watch", inbox, "--once", "--seconds", "0.01", "--currency", "EUR", "--json")
    said = shop(*once)
    *files, whole = lines_of(said)
    assert (said.code, whole) == (1, {"imported": 2, "failed": 1})
    assert {line["file"]: line.get("batch") for line in files} == {
        "a": 1, "broken.csv": None, "z.csv": 2,
    }  # fmt: skip
    failed = next(line for line in files if line["file"] == "broken.csv")
    assert failed["error"].startswith("import_")
    assert failed["message"]
    again = shop(*once)
    assert (again.code, lines_of(again)) == (0, [{"imported": 0, "failed": 0}])
    shutil.copy(inbox / "z.csv", inbox / "the-same-under-another-name.csv")
    (inbox / "broken.csv").write_text(
        "Order ID,Order Date,Customer ID,Product Name,Quantity,Price\n8,2026-05-10,d,Tea,1,5\n"
    )
    *files, whole = lines_of(shop(*once))
    assert [line["file"] for line in files] == ["broken.csv"]
    assert (whole["imported"], sorted(path.name for path in inbox.iterdir())) == (
        1,
        ["a", "broken.csv", "half.csv.part", "the-same-under-another-name.csv", "z.csv"],
    )
    assert "c,Tea" not in (folder(shop) / "watched.json").read_text()
    assert shop("watch", tmp_path / "nowhere", "--json").answer["error"] == "watch_no_folder"
