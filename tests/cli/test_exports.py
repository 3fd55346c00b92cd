"""A list by the command line goes through the same guarded door as one from a page."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from crm_core.privacy import audit
from crm_core.records import open_records
from tests.cli.conftest import Command, OwnShop, Said

EVERYONE = '{"all": []}'
SOME = json.dumps({"field": "revenue", "operator": ">=", "value": 60})
LISTED = ("buy_again", "try_new")
PROMISED = {"export_id", "rows", "excluded", "sha256", "file"}


def answered(said: Said) -> dict[str, Any]:
    assert said.code == 0, said.err
    assert set(said.answer) >= PROMISED
    return said.answer


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_a_list_of_addresses_as_csv(own: OwnShop, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    answer = answered(
        own("export", SOME, "--for", "csv", "--channel", "email", "--out", out, "--json")
    )
    heading, *rows = rows_of(out)
    assert (answer["file"], answer["rows"]) == (str(out), len(rows))
    assert 0 < len(rows) < 40
    assert answer["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    place = heading.index("E-mail")
    assert all(row[place].endswith("@example.com") for row in rows)
    assert "Phone" not in heading


def test_a_spreadsheet_holds_no_formula(own: OwnShop, tmp_path: Path) -> None:
    out = tmp_path / "list.xlsx"
    asked = ("--for", "xlsx", "--channel", "email", "--everyone", "--out", out, "--json")
    answer = answered(own("export", EVERYONE, *asked))
    sheet = openpyxl.load_workbook(out).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert answer["rows"] == sheet.max_row - 1 == 40
    assert all(cell.data_type != "f" for cell in cells)
    assert "=1+1" in {str(cell.value).lstrip("'") for cell in cells}


def test_a_tools_file_is_for_its_own_channel_and_tells_its_manifest(
    own: OwnShop, tmp_path: Path
) -> None:
    answer = answered(own("export", SOME, "--for", "klaviyo", "--out", tmp_path, "--json"))
    with zipfile.ZipFile(answer["file"]) as archive:
        told = json.loads(archive.read("manifest.json"))
        rows = [
            row
            for file in told["files"]
            for row in csv.DictReader(io.StringIO(archive.read(file["name"]).decode()))
        ]
    assert told == answer["manifest"]
    assert len({row["Email Address"] for row in rows}) == len(rows) == answer["rows"] > 0
    assert told["rule"] == json.loads(SOME)
    refused = ("export", SOME, "--for", "meta", "--channel", "email", "--out", tmp_path, "--json")
    assert own(*refused).answer["error"] == "privacy_format_not_for_channel"


@pytest.mark.slow
def test_a_folder_gets_a_file_with_a_name_of_its_own(own: OwnShop, tmp_path: Path) -> None:
    asked = ("export", SOME, "--channel", "email", "--out", tmp_path, "--json")
    first, second = answered(own(*asked)), answered(own(*asked))
    assert first["export_id"] != second["export_id"]
    assert {Path(first["file"]), Path(second["file"])} == set(tmp_path.iterdir())
    assert first["export_id"] in first["file"]


@pytest.mark.slow
def test_a_list_for_no_channel_names_nobody(own: OwnShop, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    assert answered(own("export", SOME, "--out", out, "--json"))["rows"] > 0
    assert "example.com" not in out.read_text(encoding="utf-8")
    assert "Buyer" not in out.read_text(encoding="utf-8")


def test_who_agreed_to_nothing_is_left_out_and_counted(own: OwnShop, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    answer = answered(own("export", SOME, "--channel", "sms", "--out", out, "--json"))
    assert answer["rows"] == 0
    assert list(answer["excluded"]) == ["no_consent"]
    assert answer["excluded"]["no_consent"] > 0


def test_every_list_is_a_line_in_the_log(own: OwnShop, tmp_path: Path) -> None:
    answer = answered(
        own("export", SOME, "--channel", "email", "--out", tmp_path / "a.csv", "--json")
    )
    records = open_records(f"sqlite:///{own.var / 'own' / 'records.sqlite'}")
    lines = [line for line in records.audit_lines() if line.export_id == answer["export_id"]]
    assert [(line.action, line.rows, line.sha256) for line in lines] == [
        ("export", answer["rows"], answer["sha256"])
    ]
    assert audit.verify(records).whole
    records.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ((EVERYONE, "--channel", "email"), "privacy_confirm_everyone"),
        (("nobody knows this list",), "records_audience_unknown"),
        (('{"field": "revenue; DROP TABLE", "operator": ">", "value": 1}',), "rule_no_field"),
        ((SOME, "--channel", "email", "--out", "/nowhere/at/all.csv"), "privacy_file_unwritable"),
    ],
)
def test_a_list_that_may_not_be_leaves_no_file(
    own: OwnShop, tmp_path: Path, asked: tuple[str, ...], code: str
) -> None:
    out = () if "--out" in asked else ("--out", str(tmp_path / "list.csv"))
    said = own("export", *asked, *out, "--json")
    assert (said.code, said.answer["error"]) == (1, code)
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_all_scores_leave_by_the_same_door_and_name_nobody(demo: Command, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    answer = answered(demo("predict", "rfm", "--out", out, "--json"))
    heading, *rows = rows_of(out)
    assert heading[0] == "customer"
    assert not {"customer_key", "name", "email", "phone"} & set(heading)
    assert "segment" in heading
    assert (answer["model"], answer["rows"]) == ("rfm", len(rows))
    assert len(rows) == len({row[0] for row in rows}) > 4_000
    assert answer["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()


@pytest.mark.slow
def test_scores_of_days_are_a_file_too(demo: Command, tmp_path: Path) -> None:
    out = tmp_path / "days.csv"
    said = demo("predict", "forecast", "--out", out, "--json")
    told = demo("predict", "forecast", "--json").answer["rows"]
    heading, *rows = rows_of(out)
    assert (said.code, said.answer["rows"]) == (0, len(rows))
    assert [row[heading.index("day")] for row in rows[:900]] == [day["day"] for day in told[:900]]
    assert list(tmp_path.iterdir()) == [out]
    nowhere = demo("predict", "forecast", "--out", tmp_path / "no" / "days.csv", "--json")
    assert nowhere.answer["error"] == "privacy_file_unwritable"


@pytest.mark.slow
def test_a_feed_names_codes_and_tells_products_with_reasons(demo: Command, tmp_path: Path) -> None:
    out = tmp_path / "feed.json"
    regulars = json.dumps({"field": "orders", "operator": ">=", "value": 8})
    answer = answered(demo("export", regulars, "--for", "json_feed", "--out", out, "--json"))
    people = json.loads(out.read_text())["customers"]
    assert answer["rows"] == len(people) > 100
    for person in people:
        assert set(person) == {"customer", "prefers", "buy_again", "try_new"}
        assert not person["customer"].isdigit()
        again, new = ({offer["product_id"] for offer in person[name]} for name in LISTED)
        assert not again & new
        assert all(offer["why"] for name in LISTED for offer in person[name])
    assert sum(len(person["try_new"]) == 3 for person in people) > len(people) / 2
