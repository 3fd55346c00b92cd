"""Files in by the command line: the report, the same file again, and everything that is wrong."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from crm_core.store.snapshots import folder_of, read_pointer
from tests.cli.conftest import OwnShop, Said

ROOT = Path(__file__).parents[2]
HEADER = "Order ID,Order Date,Customer ID,SKU,Product,Quantity,Price"


def answered(said: Said) -> dict[str, Any]:
    assert said.code == 0, said.err
    return said.answer


def refused(said: Said) -> tuple[str, dict[str, Any]]:
    assert said.code == 1
    assert said.err == said.answer["message"] + "\n"
    return said.answer["error"], said.answer["facts"]


def written(folder: Path, *rows: str, name: str = "orders.csv", header: str = HEADER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def test_the_published_cdnow_sample_and_once_more(shop: OwnShop, cdnow_sample: Path) -> None:
    cents: dict[str, int] = defaultdict(int)
    rows = [line.split() for line in cdnow_sample.read_text().splitlines() if line.strip()]
    for master, _, _, _, amount in rows:
        cents[master] += round(float(amount) * 100)
    report = answered(shop("import", cdnow_sample, "--no-refresh", "--json"))
    assert (report["batch"], report["format"]) == (1, "cdnow")
    assert report["rows"] == {
        "read": len(rows),
        "loaded": len(rows),
        "duplicate": 0,
        "quarantined": 0,
    }
    assert report["reasons"] == {}
    assert report["totals"]["customers"] == len(cents) == 2_357
    assert report["totals"]["net"] == pytest.approx(sum(cents.values()) / 100)
    assert set(report["feeds"].values()) <= {"full", "part", "no"}
    status = answered(shop("status", "--json", "--max-age-days", "99999"))
    assert (status["from"], status["to"]) == ("1997-01-01", "1998-06-30")
    assert (status["tables"]["orders"], status["stale"]) == (6_919, False)
    totals = answered(shop("measure", "revenue", "orders", "buyers", "--json"))["totals"]
    assert totals["revenue"] == pytest.approx(sum(cents.values()) / 100)
    assert (totals["orders"], totals["buyers"]) == (6_919, 2_357)
    again = answered(shop("import", cdnow_sample, "--no-refresh", "--json"))
    assert again["batch"] is None
    assert again["rows"] == {
        "read": len(rows),
        "loaded": 0,
        "duplicate": len(rows),
        "quarantined": 0,
    }
    assert answered(shop("status", "--json", "--max-age-days", "99999")) == status


@pytest.mark.slow
def test_two_shops_share_a_store_and_their_orders_stay_apart(shop: OwnShop, tmp_path: Path) -> None:
    for name in ("Nord", "Süd"):
        path = written(tmp_path / name, "1,2026-01-15,c,p,P,1,2.00", name=f"{name}.csv")
        answered(shop("import", path, "--shop", name, "--no-refresh", "--json"))
    answer = answered(shop("measure", "revenue", "orders", "buyers", "--by", "shop", "--json"))
    assert answer["rows"] == [
        {"shop": "Nord", "revenue": 2.0, "orders": 1.0, "buyers": 1.0},
        {"shop": "Süd", "revenue": 2.0, "orders": 1.0, "buyers": 1.0},
    ]
    assert answer["totals"] == {"revenue": 4.0, "orders": 2.0, "buyers": 1.0}
    assert shop("import", path, "--shop", " ").code == 2


def test_a_dry_run_reports_and_leaves_nothing(shop: OwnShop, orders_folder: Path) -> None:
    report = answered(shop("import", orders_folder, "--dry-run", "--json"))
    assert (report["batch"], report["rows"]["loaded"]) == (None, 120)
    assert read_pointer(folder_of(shop.url)).facts is None
    assert not list(folder_of(shop.url).glob("facts-*"))
    assert refused(shop("status", "--json"))[0] == "store_empty"


def test_scores_are_made_with_the_import_and_say_what_they_rest_on(loaded: OwnShop) -> None:
    status = answered(loaded("status", "--json", "--max-age-days", "99999"))
    assert status["scores_as_of"] == status["as_of"]
    rows = answered(loaded("predict", "rfm", "--json"))["rows"]
    assert len(rows) == 40
    # Too short a log for a model is said as such, not as something to run again.
    told = loaded("predict", "forecast", "--json")
    assert told.code == 0 or refused(told)[0] == "not_enough_data"


def test_progress_is_told_line_by_line_beside_the_document(
    shop: OwnShop, orders_folder: Path
) -> None:
    said = shop("import", orders_folder, "--no-refresh", "--progress", "--json")
    assert said.answer["batch"] == 1
    lines = [line.split() for line in said.err.splitlines()]
    assert {words[0] for words in lines} == {"progress"}
    assert all(0 <= float(words[2]) <= 1 for words in lines)
    assert lines[-1][1:] == ["publish", "1.00"]


def test_a_file_with_bad_rows_gives_its_good_ones_and_the_reasons(
    shop: OwnShop, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        "1,2026-01-15,c1,p,P,1,2.50",
        "2,2026-01-16,c2,p,P,1,free",
        "3,2026-02-30,c3,p,P,1,2.50",
        "4,2026-01-17,c1,p,P,2,2.50",
    )
    report = answered(
        shop("import", path, "--currency", "EUR", "--timezone", "UTC", "--no-refresh", "--json")
    )
    assert report["rows"] == {"read": 4, "loaded": 2, "duplicate": 0, "quarantined": 2}
    assert report["reasons"] == {"import_bad_number": 1, "import_bad_date": 1}
    assert sorted(example["row"] for example in report["examples"]) == [3, 4]
    assert all("orders.csv" in example["message"] for example in report["examples"])
    assert report["totals"]["net"] == 7.5


@pytest.mark.slow
def test_a_mapping_names_the_columns(shop: OwnShop, tmp_path: Path) -> None:
    path = written(tmp_path, "17;03.02.2026;Z9;Tee;2;3,50", header="Nr;Tag;Wer;Was;Stueck;Preis")
    assert refused(shop("import", path, "--json"))[0] in (
        "import_unclear_columns",
        "import_missing_field",
    )
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        'decimal = "comma"\namount_is = "unit_price"\ndate_order = "dmy"\ncurrency = "EUR"\ntimezone = "Europe/Berlin"\n'
        '[columns]\norder_id = "Nr"\nordered_at = "Tag"\ncustomer_id = "Wer"\n'
        'product_name = "Was"\nquantity = "Stueck"\namuont = "Preis"\n',
        encoding="utf-8",
    )
    code, facts = refused(shop("import", path, "--mapping", mapping, "--json"))
    assert (code, facts["value"]) == ("import_bad_mapping", "amuont")
    mapping.write_text(
        mapping.read_text(encoding="utf-8").replace("amuont", str(facts["match"])),
        encoding="utf-8",
    )
    report = answered(shop("import", path, "--mapping", mapping, "--no-refresh", "--json"))
    assert (report["totals"]["net"], report["currency"]) == (7.0, "EUR")
    assert answered(shop("status", "--json", "--max-age-days", "99999"))["from"] == "2026-02-03"


@pytest.mark.slow
def test_day_or_month_first_is_asked_and_answered(shop: OwnShop, tmp_path: Path) -> None:
    path = written(tmp_path, "1,03/02/2026,c1,p,P,1,2.50", "2,05/02/2026,c2,p,P,1,2.50")
    told = ("--currency", "EUR", "--timezone", "UTC", "--no-refresh", "--json")
    code, facts = refused(shop("import", path, *told))
    assert (code, facts["file"]) == ("import_ambiguous_dates", "orders.csv")
    answered(shop("import", path, "--date-order", "dmy", *told))
    assert answered(shop("status", "--json", "--max-age-days", "99999"))["from"] == "2026-02-03"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "import_missing_file"),
        (b"", "import_empty_file"),
        (HEADER.encode(), "import_header_only"),
        (b"%PDF-1.7\n\x00\x01", "import_not_text"),
        (b"alpha,beta\n1,2\n", "import_unclear_columns"),
        (f"{HEADER}\n1,2026-01-15,c,p,P,1,-5\n".encode(), "import_nothing_good"),
        (b"PK\x03\x04" + bytes(99), "import_archive_broken"),
    ],
)
def test_a_bad_file_is_named_and_nothing_is_stored(
    shop: OwnShop, tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "orders.csv"
    if content is not None:
        path.write_bytes(content)
    found, facts = refused(shop("import", path, "--json"))
    assert (found, facts["file"]) == (code, "orders.csv")
    assert str(tmp_path) not in shop("import", path).err
    assert read_pointer(folder_of(shop.url)).facts is None


def test_a_damaged_store_says_how_to_go_on(shop: OwnShop, orders_folder: Path) -> None:
    answered(shop("import", orders_folder, "--no-refresh", "--json"))
    path = next(folder_of(shop.url).glob("facts-*"))
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    path.write_bytes(path.read_bytes()[:20_000])
    for asked in (("status",), ("measure", "revenue"), ("import", str(orders_folder))):
        code, facts = refused(shop(*asked, "--json"))
        assert (code, facts) == ("store_damaged", {"file": path.name})
    assert "backup" in shop("status").err


def test_a_place_that_cannot_be_written_gives_no_traceback(
    tmp_path: Path, orders_folder: Path
) -> None:
    (tmp_path / "var").write_text("a file where a folder should be")
    said = OwnShop(tmp_path / "var")("import", orders_folder)
    assert (said.code, said.out) == (1, "")
    assert "Traceback" not in said.err
    assert str(tmp_path) not in said.err


@pytest.mark.slow
def test_the_module_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "crm_core", "measure", "revenu", "--json"],
        env={"CLIENTELE_VAR": str(tmp_path), "PATH": "/usr/bin", "LANG": "zh_CN.UTF-8"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert '"error": "store_empty"' in ended.stdout
    assert "导入" in ended.stderr
    assert "Traceback" not in ended.stderr
