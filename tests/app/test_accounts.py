"""Persons and accounts on the customer pages, and taking two apart from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.pipeline.scores import refresh_scores
from crm_core.privacy.gate import customer_code
from crm_core.records import open_records
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen
from tests.small_shop import Rows, line, order, small_shop


def rows() -> Rows:
    return {
        "identities": [
            {"customer_id": "gus", "name": "Gus Ott", "email": "gus@gmail.com"},
            {"customer_id": "gus2", "name": "Gus Ott", "email": "gus+shop@gmail.com"},
            {"customer_id": "hal", "name": "Hal Ott", "city": "Bonn"},
        ],
        "accounts": [{"account_id": "A", "account_name": "Ott & Sons", "account_kind": "partner"}],
        "customers": [{"customer_id": each, "account_id": "A"} for each in ("gus", "hal")],
        "orders": [
            order("1", "gus", "2026-01-05T10:00:00"),
            order("2", "gus2", "2026-02-05T10:00:00"),
            order("3", "hal", "2026-03-05T10:00:00"),
        ],
        "order_lines": [line(number, "tea", "10", unit_cost=4) for number in "123"],
    }


@pytest.fixture(scope="module")
def ott(shops: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The code of Gus of a small shop that is open as `ott`."""
    shop = small_shop(tmp_path_factory.mktemp("ott"), rows())
    refresh_scores(shop.url, settings=shop.settings)
    (shop.settings.var / "active").write_text("shop", encoding="utf-8")
    shops["ott"] = shop.settings.var
    return customer_code(shop.records.secret("url_key"), 1)


def words(screen: Screen) -> str:
    return "\n".join(screen.words)


@pytest.mark.slow
@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.slow), "zh"])
def test_customers_can_be_looked_at_as_accounts(open_page: Open, ott: str, language: str) -> None:
    screen = open_page("customers", shop="ott", level="account", lang=language)
    assert not screen.failures
    table = screen.test.dataframe[0].value
    assert [cell for cell in table.iloc[0] if "Ott & Sons" in str(cell)]
    assert t("account.kinds.partner", language) in list(table.iloc[0])
    assert 2 in list(table.iloc[0])


@pytest.mark.slow
def test_an_account_has_its_members_and_their_history_together(open_page: Open, ott: str) -> None:
    screen = open_page("customer", shop="ott", id=ott, level="account")
    assert not screen.failures
    assert "Gus Ott" in screen.test.title[0].value
    members, history = (frame.value for frame in screen.test.dataframe[:2])
    assert len(members) == 2
    assert len(history) == 3
    person = open_page("customer", shop="ott", id=ott)
    assert not person.failures
    assert 3 not in {len(frame.value) for frame in person.test.dataframe if "words" in frame.value}


@pytest.mark.slow
def test_a_trace_is_set_apart_from_the_page(
    open_page: Open, ott: str, shops: dict[str, Path]
) -> None:
    screen = open_page("customer", shop="ott", id=ott)
    label = t("customer.set_apart", "en", value="gus2")
    buttons = [each for each in screen.test.button if each.label == label]
    assert len(buttons) == 1
    buttons[0].click().run()
    records = open_records(f"sqlite:///{shops['ott'] / 'shop' / 'records.sqlite'}")
    assert [each.value for each in records.identity_overrides()] == ["gus2"]
    records.close()
