"""Who is erased is gone, everywhere and for good; what the shop sold stays sold."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.pipeline.backup import back_up, restore
from crm_core.pipeline.erasing import erase_customer, finish_erasures
from crm_core.pipeline.imports import run_import
from crm_core.pipeline.scores import refresh_marts
from crm_core.pipeline.undo import rebuild_store, undo_batch
from crm_core.pipeline.without import make_without
from crm_core.pipeline.workspace import mirror_folder, open_workspace, workspace
from crm_core.privacy.erasure_key import FILE
from crm_core.privacy.gate import customer_code
from crm_core.privacy.policy import Access
from crm_core.records import Item
from crm_core.selection import Selection
from crm_core.store import engine_of
from crm_core.store.imports import recognise
from tests.anna import ANNA, BAD_CSV, annas_shop, keys, may
from tests.examples import fast
from tests.held import holders
from tests.small_shop import NOW, SmallShop, line, order, small_shop

OWNER = Access("single_user", "owner")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = annas_shop(tmp_path_factory.mktemp("built"))
    key = keys(shop)["a-1"]
    said: dict[str, Any] = {"reason": "Anna called", "user": "owner", "now": NOW}
    shop.records.correct(key, "name", "Anna Leigh", **said)
    shop.records.set_restricted(key, holds=True, **said)
    shop.records.close()
    return shop.folder


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Iterator[SmallShop]:
    shutil.copytree(built / "var", tmp_path / "var")
    own = small_shop(tmp_path)
    yield own
    own.records.close()


def money(shop: SmallShop) -> dict[str, float | None]:
    names = ("revenue", "refunds", "orders", "units")
    with closing(shop.open()) as store:
        return dict(measure(store, names, rows=scope(store, Selection())).totals)


def erase(shop: SmallShop, who: str = "a-1") -> dict[str, Any]:
    return erase_customer(
        engine_of(shop.url, shop.settings),
        keys(shop)[who],
        settings=shop.settings,
        records=shop.records,
        access=OWNER,
        now=NOW,
    )


def left_of_anna(shop: SmallShop) -> dict[str, list[str]]:
    return holders(shop.folder / "var", ANNA)


def test_there_was_something_to_find(shop: SmallShop) -> None:
    held = left_of_anna(shop)
    tables = {place.rpartition(":")[2] for place in held}
    assert {"identities", "identity_links", "identity_changes", "accounts", "reviews"} <= tables
    assert {"quarantine", "web_events", "orders", "identity_overrides"} <= tables
    assert {"corrections", "restrictions"} <= tables
    assert any(".gz" in place for place in held)
    assert sum(".parquet" in place and "bytes" not in place for place in held) > 5


def test_who_is_erased_is_nowhere_and_what_was_sold_stays_sold(shop: SmallShop) -> None:
    before, key = money(shop), keys(shop)["a-1"]
    told = erase(shop)
    assert left_of_anna(shop) == {}
    assert money(shop) == before
    assert set(keys(shop)) == {"c-1", "d-1"}
    assert told["rows"]["orders"] == 3
    assert told["rows"]["quarantine"] == 2
    with closing(shop.open()) as store:
        orders = store.fetch(store.table("orders"))
        assert orders.set_index("order_id")["customer_key"].notna().to_dict() == {
            "1": False, "2": False, "3": True, "4": False, "5": True, "9": True,
        }  # fmt: skip
        assert list(store.fetch(store.table("contacts"))["cost"]) == [3.0]
        for name in store.names():
            table = store.table(name)
            if "customer_key" in table.columns:
                assert key not in set(store.fetch(table)["customer_key"]), name
    records = shop.records
    assert records.consent_history(key) == []
    assert records.suppressed([key], "sms") == set()
    assert [each.customers for each in records.id_lists()] == [1]
    (done,) = records.erasures()
    assert (done.is_done, done.keys) == (True, ())
    assert [line.action for line in records.audit_lines()] == ["erase"]


def test_the_store_without_what_was_set_aside_goes_too(shop: SmallShop) -> None:
    places = workspace(shop.settings, shop.url)
    engine = engine_of(shop.url, shop.settings)
    folder = mirror_folder(places.records_url, engine)
    items = (Item("order", "3"),)
    shop.records.propose_set_aside(items, reason="made up", user="mia", vouched=True, now=NOW)
    shop.records.approve_set_aside(items, user="bo", vouched=True, now=NOW)
    make_without(shop.url, settings=shop.settings, records=shop.records, folder=folder)
    assert any("/without/" in place for place in left_of_anna(shop))
    erase(shop)
    assert left_of_anna(shop) == {}


def test_decisions_about_others_stay(shop: SmallShop) -> None:
    carl = keys(shop)["c-1"]
    erase(shop)
    records = shop.records
    assert records.suppressed([carl], "sms") == {carl}
    assert records.consent_states([carl], "email") == {carl: "granted"}
    code = customer_code(records.secret("url_key"), carl)
    assert len(records.notes("customer", code)) == 1


def test_the_same_files_again_bring_nobody_back(shop: SmallShop) -> None:
    before = money(shop)
    erase(shop)
    report = shop.load(may(), name="again")
    assert report["erased"] == {
        "accounts": 1, "consents": 1, "contacts": 1, "customers": 1, "identities": 2, "orders": 3,
        "reviews": 1, "touches": 1, "web_events": 2,
    }  # fmt: skip
    assert report["batch"] is None
    bad = shop.folder / "bad.csv"
    bad.write_text(BAD_CSV, encoding="utf-8")
    run_import(
        recognise([bad]), url=shop.url, settings=shop.settings, records=shop.records, now=NOW,
    )  # fmt: skip
    assert left_of_anna(shop) == {}
    assert money(shop) == before


@pytest.mark.slow
def test_a_file_with_a_new_id_and_her_address_is_hers_too(shop: SmallShop) -> None:
    erase(shop)
    shop.load(
        {
            "identities": [{"customer_id": "n-1", "name": "Anna", "email": "anna@example.com"}],
            "orders": [order("20", "n-1", "2026-06-09T10:00:00")],
            "order_lines": [line("20", "tea", "10")],
        },
        name="new",
    )
    assert set(keys(shop)) == {"c-1", "d-1"}
    assert left_of_anna(shop) == {}


@pytest.mark.parametrize("what", fast(["undo", "rebuild", "refresh"], "undo"))
def test_nothing_that_makes_the_store_anew_brings_her_back(shop: SmallShop, what: str) -> None:
    erase(shop)
    given: dict[str, Any] = {"settings": shop.settings, "records": shop.records}
    if what == "undo":
        undo_batch(shop.url, 2, now=NOW, **given)
    elif what == "rebuild":
        rebuild_store(shop.url, now=NOW, **given)
    else:
        refresh_marts(shop.url, progress=lambda step, share: None, **given)
    assert left_of_anna(shop) == {}
    assert "a-1" not in keys(shop)


@pytest.mark.slow
def test_a_backup_of_before_brings_her_back_to_nobody(shop: SmallShop, tmp_path: Path) -> None:
    quiet: dict[str, Any] = {"settings": shop.settings, "progress": lambda step, share: None}
    quiet["now"] = NOW
    file = tmp_path / "backup"
    back_up(shop.url, file, **quiet)
    before = money(shop)
    erase(shop)
    restore(shop.url, file, replace=True, access=OWNER, **quiet)
    assert left_of_anna(shop) == {}
    assert money(shop) == before
    assert [each.is_done for each in shop.records.erasures()] == [True]


@pytest.mark.slow
def test_without_the_key_nothing_comes_in(shop: SmallShop) -> None:
    erase(shop)
    (shop.settings.var / FILE).unlink()
    with pytest.raises(CrmError, match="erasure_key_missing"):
        shop.load(may(), name="again")


def test_tombstones_tell_nobody_without_the_key(shop: SmallShop) -> None:
    erase(shop)
    key = (shop.settings.var / FILE).read_text().strip()
    held = holders(shop.settings.var / "shop", [key])
    assert held == {}
    assert (shop.settings.var / FILE).stat().st_mode & 0o077 == 0


def test_what_was_decided_is_completed_by_whoever_opens_the_store(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("crm_core.pipeline.erasing._forget_rows", stop)
        with pytest.raises(KeyboardInterrupt):
            erase(shop)
    assert left_of_anna(shop)
    store, records = open_workspace(shop.settings, workspace(shop.settings, shop.url))
    store.close()
    records.close()
    assert left_of_anna(shop) == {}
    engine = engine_of(shop.url, shop.settings)
    assert finish_erasures(engine, shop.records, shop.settings) is False


def test_nobody_is_erased_by_a_key_that_is_nobodys(shop: SmallShop) -> None:
    with pytest.raises(CrmError, match="no_such_customer"):
        erase_customer(
            engine_of(shop.url, shop.settings), 999, settings=shop.settings,
            records=shop.records, access=OWNER, now=NOW,
        )  # fmt: skip
    assert shop.records.erasures() == []
