"""Access and erasure from the command line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Command, OwnShop
from tests.cli.test_exports import EVERYONE
from tests.held import holders


@pytest.mark.slow
def test_who_asks_gets_a_file_and_is_gone_when_they_ask_for_that(
    own: OwnShop, orders_folder: Path, tmp_path: Path
) -> None:
    held = own("subject", "5", "--json").answer
    assert held["store"]["orders"] == 3
    assert held["records"]["consents"] == 1
    told = own("subject", "5", "--out", tmp_path, "--json").answer
    with zipfile.ZipFile(told["file"]) as archive:
        whole = json.loads(archive.read("everything.json"))
    (mail,) = [row["email"] for row in whole["store"]["identities"]]
    assert whole["customer"] in archive.namelist() or mail
    revenue = own("measure", "revenue", "--json").answer["totals"]
    erased = own("erase", whole["customer"], "--no-refresh", "--json").answer
    assert erased["rows"]["orders"] == 3
    assert erased["rows"]["scores"] > 0
    Path(told["file"]).unlink()
    assert holders(own.var, [f"{mail}"]) == {}
    assert own("measure", "revenue", "--json").answer["totals"] == revenue
    assert own("subject", "5", "--json").answer["error"] == "no_such_customer"
    again = own("import", orders_folder, "--no-refresh", "--json").answer
    assert (again["batch"], again["erased"]["orders"]) == (None, 3)


def test_the_demo_shop_erases_nobody(demo: Command) -> None:
    assert demo("erase", "1", "--json").answer["error"] == "demo_is_read_only"


@pytest.mark.slow
def test_a_lost_key_is_given_up_by_name(own: OwnShop, orders_folder: Path) -> None:
    assert own("erase", "5", "--no-refresh").code == 0
    (own.var / "erasure.key").unlink()
    again = ("import", orders_folder, "--no-refresh", "--json")
    assert own(*again).answer["error"] == "erasure_key_missing"
    assert own("erase", "--lost-key", "--json").answer["tombstones"] >= 2
    assert own(*again).answer["batch"] == 2


def test_who_asked_to_be_left_alone_leaves_in_no_list(own: OwnShop, tmp_path: Path) -> None:
    to = ("--channel", "email", "--for", "csv", "--everyone", "--json")
    everybody = own("export", EVERYONE, *to, "--out", tmp_path / "before.csv").answer["rows"]
    said = own("restrict", "5", "--reason", "asked by letter", "--json").answer
    assert (said["restricted"], said["changed"]) == (True, True)
    after = own("export", EVERYONE, *to, "--out", tmp_path / "after.csv").answer["rows"]
    assert after == everybody - 1
    assert own("restrict", "5", "--lift", "--reason", "agreed", "--json").answer["changed"]
    again = own("export", EVERYONE, *to, "--out", tmp_path / "again.csv").answer["rows"]
    assert again == everybody
    assert own("restrict", "999", "--reason", "x", "--json").answer["error"] == "no_such_customer"
    assert own("restrict", "5").code == 2


@pytest.mark.slow
def test_a_corrected_address_is_written_to_until_that_is_taken_back(
    own: OwnShop, tmp_path: Path
) -> None:
    why = ("--reason", "told by phone", "--json")
    assert own("correct", "5", "email", "right@example.org", *why).answer["changed"]
    to = ("--channel", "email", "--for", "csv", "--everyone", "--json")
    own("export", EVERYONE, *to, "--out", tmp_path / "list.csv")
    assert "right@example.org" in (tmp_path / "list.csv").read_text(encoding="utf-8-sig")
    wrong = own("correct", "5", "email", "nothing", *why)
    assert (wrong.code, wrong.answer["error"]) == (1, "privacy_correction_invalid")
    assert own("correct", "5", "email", "--undo", *why).answer["changed"]
    own("export", EVERYONE, *to, "--out", tmp_path / "list.csv")
    assert "right@example.org" not in (tmp_path / "list.csv").read_text(encoding="utf-8-sig")


def test_months_are_said_counted_and_then_let_go(own: OwnShop) -> None:
    assert own("retention", "--json").answer["error"] == "retention_not_set"
    told = own("retention", "--keep", "reviews=12", "--keep", "audit=600", "--json").answer
    assert [each["kind"] for each in told["would_go"]] == ["reviews", "audit"]
    dry = own("retention", "--dry-run", "--keep", "audit=all", "--json").answer["would_go"]
    assert [(each["kind"], each["months"], each["rows"]) for each in dry] == [("reviews", 12, 0)]
    assert own("retention", "--no-refresh", "--json").answer["rows"] == {}
    assert own("retention", "--keep", "orders=3").code == 2
