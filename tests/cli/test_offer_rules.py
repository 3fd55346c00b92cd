"""The rule book by the command line: out of a file, told, reached, looked back on, exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import OwnShop

BOOK = """
[[rule]]
name = "Regulars"
if = {all = [{field = "orders", operator = ">=", value = 3}]}
then = "buy_again"
channel = "email"
most_people = 4

[[rule]]
name = "Everybody"
if = {all = []}
then = "message"
what = "Hello"
channel = "email"
"""


@pytest.mark.slow
def test_a_book_is_read_told_reached_and_exported(own: OwnShop, tmp_path: Path) -> None:
    file = tmp_path / "book.toml"
    file.write_text(BOOK, encoding="utf-8")
    assert own("rules", "--json").answer["rules"] == []
    assert own("rules", "read", file, "--json").answer["rules"] == 2
    listed = own("rules", "list", "--json").answer["rules"]
    assert [each["name"] for each in listed] == ["Regulars", "Everybody"]
    assert listed[0]["sentence"].startswith(
        "Customers where Orders is at least 3: offer what is due"
    )
    reached = own("rules", "reach", "--json").answer
    first, second = reached["rules"]
    assert (first["gets"], first["states"]["gets"]) == (4, 4)
    assert second["customers"] == second["everyone"]
    assert "everyone" in {each["code"] for each in second["conflicts"]}
    counted = own("audience", "offer:Regulars", "--json").answer
    assert counted["customers"] == 4
    out = tmp_path / "list.csv"
    written = own("export", "offer:Regulars", "--channel", "email", "--out", out, "--json").answer
    assert written["rows"] == 4
    shown = own("rules", "show", "regulars", "--json").answer
    assert shown["if"] == {"all": [{"field": "orders", "operator": ">=", "value": 3}]}
    back = own("rules", "look-back", "Everybody", "--days", "30", "--json").answer
    assert back["kind"] == "observational"
    assert back["matched"]["people"] == back["shop"]["people"] > 0
    again = tmp_path / "again.toml"
    own("rules", "write", again, "--json")
    assert 'name = "Regulars"' in again.read_text("utf-8")
    assert own("rules", "read", again, "--json").answer["version"] == 2
    missing = own("rules", "show", "Nobody", "--json")
    assert (missing.code, missing.answer["error"]) == (1, "offer_rule_unknown")
