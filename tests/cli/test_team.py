"""Who may open a shop, by the command line: how its first administrator comes in."""

from __future__ import annotations

from tests.cli.conftest import OwnShop


def people(shop: OwnShop, *asked: str) -> list[tuple[str, str, bool]]:
    told = shop("people", *asked, "--json").answer["people"]
    return [(each["user"], each["role"], each["removed"]) for each in told]


def test_the_first_administrator_is_let_in_from_the_servers_own_console(shop: OwnShop) -> None:
    assert people(shop) == []
    ada, bo = ("ada@shop.example", "admin", False), ("bo@shop.example", "viewer", False)
    assert people(shop, "--let-in", "Ada@shop.example", "--role", "admin") == [ada]
    assert people(shop, "--let-in", "bo@shop.example") == [ada, bo]
    refused = shop("people", "--hand-over", "ada@shop.example", "bo@shop.example", "--json")
    assert (refused.code, refused.answer["error"]) == (1, "team_cannot_take")
    assert people(shop, "--remove", "bo@shop.example") == [ada, (*bo[:2], True)]
    assert people(shop, "--remove", "ada@shop.example") == [(*ada[:2], True), (*bo[:2], True)]
