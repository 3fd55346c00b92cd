"""Any import can be taken back: the shop is then as if it had never come in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.pipeline.decisions import finish_sync
from crm_core.pipeline.imports import Wishes, batches, run_import
from crm_core.pipeline.undo import rebuild_store, undo_batch
from crm_core.pipeline.workspace import is_empty
from crm_core.selection import Selection
from crm_core.store import engine_of
from crm_core.store.imports import recognise
from crm_core.store.snapshots import folder_of, read_pointer
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop, write_rows

LATE = datetime(2026, 3, 1, tzinfo=UTC)


def january() -> Rows:
    """Anna buys under two ids that nothing joins yet; Carl agrees to e-mail."""
    return {
        "identities": [
            {"customer_id": "a", "name": "Anna", "email": "anna@example.com"},
            {"customer_id": "b", "name": "Anna", "email": "a.lee@example.com"},
            {"customer_id": "c", "name": "Carl", "email": "carl@example.com"},
        ],
        "orders": [
            order("1", "a", "2026-01-05T10:00:00"),
            order("2", "b", "2026-01-06T10:00:00"),
            order("3", "c", "2026-01-07T10:00:00"),
        ],
        "order_lines": [line(str(number), "tea", "10") for number in (1, 2, 3)],
        "consents": [yes("c")],
    }


def february() -> Rows:
    """Another address joins the two Annas, an order is cancelled, two new buyers agree."""
    return {
        "identities": [{"customer_id": "b", "email": "anna@example.com"}],
        "orders": [
            order("3", "c", "2026-01-07T10:00:00", status="cancelled"),
            order("4", "d", "2026-02-05T10:00:00"),
        ],
        "order_lines": [line("4", "pot", "40")],
        "consents": [yes("d"), yes("b")],
    }


def march() -> Rows:
    return {
        "orders": [order("5", "d", "2026-03-05T10:00:00")],
        "order_lines": [line("5", "tea", "10")],
    }


def yes(customer: str) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "contact_channel": "email",
        "purpose": "marketing",
        "state": "granted",
        "at": datetime(2026, 1, 1),
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """January and February, imported once for all tests."""
    shop = small_shop(tmp_path_factory.mktemp("built"), january())
    shop.load(february(), name="february")
    shop.records.close()
    return shop.folder


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Iterator[SmallShop]:
    """A shop of two months of one's own."""
    shutil.copytree(built / "var", tmp_path / "var")
    own = small_shop(tmp_path)
    yield own
    own.records.close()


def undo(shop: SmallShop, batch: int) -> dict[str, Any]:
    return undo_batch(shop.url, batch, settings=shop.settings, records=shop.records, now=NOW)


def contents(shop: SmallShop) -> dict[str, list[str]]:
    """Every row of every table, the log of imports apart."""
    store = shop.open()
    names = [name for name in store.names() if name not in ("import_batches", "meta")]
    found = {
        name: sorted(map(str, store.fetch(store.table(name)).astype(str).values.tolist()))
        for name in sorted(names)
    }
    store.close()
    return found


def keys(shop: SmallShop) -> dict[str, int]:
    store = shop.open()
    links = store.table("identity_links")
    frame = store.fetch(links.filter(links.kind == "source_id"))
    store.close()
    return dict(zip(frame["value"], map(int, frame["customer_key"]), strict=True))


def revenue(shop: SmallShop) -> float | None:
    store = shop.open()
    try:
        return measure(store, ("revenue",), rows=scope(store, Selection())).totals["revenue"]
    finally:
        store.close()


def test_without_its_last_import_the_shop_is_what_it_was(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, january())
    before, apart = contents(shop), keys(shop)
    agreed = shop.records.consent_states(range(9), "email")
    shop.load(february(), name="february")
    joined = keys(shop)
    assert joined["a"] == joined["b"]
    told = undo(shop, 2)
    after = contents(shop)
    # The highest number ever given stays known, so that nobody gets another's.
    assert after.pop("keys_given") != before.pop("keys_given")
    assert after == before
    assert keys(shop) == apart
    assert shop.records.consent_states(range(9), "email") == agreed
    changed = told["changed"]
    assert (changed["orders"], changed["revenue"]) == (0, -30.0)
    assert changed["customers"] == {"new": 1, "gone": 1}
    assert changed["months"] == [
        {"month": "2026-01", "orders": 1, "revenue": 10.0},
        {"month": "2026-02", "orders": -1, "revenue": -40.0},
    ]
    assert shop.load(february(), name="again")["batch"] == 3
    assert keys(shop)["a"] == keys(shop)["b"]


@pytest.mark.slow
def test_without_an_import_in_between_the_others_stand(shop: SmallShop, tmp_path: Path) -> None:
    shop.load(march(), name="march")
    before = keys(shop)
    undo(shop, 2)
    other = small_shop(tmp_path / "other", january())
    other.load(march(), name="march")
    assert revenue(shop) == revenue(other) == 40
    assert {name: keys(shop)[name] for name in "acd"} == {name: before[name] for name in "acd"}
    store, alone = shop.open(), other.open()
    for name in ("orders", "order_lines", "products", "identities"):
        rows = [
            opened.fetch(opened.table(name)).drop(
                columns=["batch_id", "customer_key", "order_key", "product_key"], errors="ignore"
            )
            for opened in (store, alone)
        ]
        one, two = (sorted(map(str, each.astype(str).values.tolist())) for each in rows)
        assert one == two
    log = batches(store)
    assert [(entry["batch_id"], entry["undone_at"] is not None) for entry in log] == [
        (3, False), (2, True), (1, False),
    ]  # fmt: skip


@pytest.mark.slow
def test_what_people_decided_outlives_the_file(shop: SmallShop) -> None:
    one = keys(shop)
    shop.records.record_consent(one["d"], "sms", "granted", at=LATE, source="phone")
    shop.records.record_consent(one["a"], "sms", "denied", at=LATE, source="phone")
    shop.records.suppress([one["a"]], "post", reason="complaint", now=LATE)
    assert shop.records.consent_states(one.values(), "email") == {
        one[name]: "granted" for name in "bcd"
    }
    undo(shop, 2)
    two = keys(shop)
    assert shop.records.consent_states([*two.values(), one["d"]], "email") == {two["c"]: "granted"}
    assert shop.records.consent_states([two["a"], two["b"]], "sms") == {
        two["a"]: "denied", two["b"]: "denied",
    }  # fmt: skip
    assert shop.records.suppressed(two.values(), "post") == {two["a"], two["b"]}
    assert shop.records.consent_states([one["d"]], "sms") == {one["d"]: "granted"}
    shop.load({"identities": [{"customer_id": "new"}]}, name="new")
    assert keys(shop)["new"] not in one.values()


@pytest.mark.slow
def test_an_import_is_undone_once_and_only_if_it_was_one(shop: SmallShop) -> None:
    undo(shop, 2)
    pointer = read_pointer(folder_of(shop.url))
    with pytest.raises(CrmError) as twice:
        undo(shop, 2)
    assert twice.value.code == "undo_twice"
    with pytest.raises(CrmError) as unknown:
        undo(shop, 7)
    assert (unknown.value.code, unknown.value.facts["last"]) == ("undo_unknown", 2)
    assert read_pointer(folder_of(shop.url)) == pointer


@pytest.mark.slow
def test_when_all_is_undone_the_store_is_empty_and_takes_the_next_file(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, january(), currency="USD")
    one = keys(shop)
    undo(shop, 1)
    assert is_empty(shop.url, shop.settings)
    assert shop.records.consent_states(one.values(), "email") == {}
    with pytest.raises(CrmError, match="undo_twice"):
        undo(shop, 1)
    rows = {**march(), "identities": [{"customer_id": "stranger"}]}
    assert shop.load(rows, name="march", currency="CNY")["batch"] == 2
    assert revenue(shop) == 10
    assert not set(keys(shop).values()) & set(one.values())
    store = shop.open()
    assert store.meta.currency == "CNY"
    assert [entry["batch_id"] for entry in batches(store)] == [2, 1]


@pytest.mark.slow
def test_nothing_is_undone_where_what_was_told_is_not_kept(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    for number, rows in enumerate((january(), march()), 1):
        run_import(
            recognise([write_rows(tmp_path / str(number), rows)]),
            url=shop.url,
            settings=shop.settings,
            records=shop.records,
            now=NOW,
            wishes=Wishes(kind="demo"),
        )
    assert not (folder_of(shop.url) / "batches").exists()
    with pytest.raises(CrmError) as refused:
        undo(shop, 2)
    assert (refused.value.code, refused.value.facts) == ("undo_not_kept", {"batch": 1})
    assert revenue(shop) == 40


@pytest.mark.slow
def test_what_an_import_told_is_kept_as_long_as_it_counts(shop: SmallShop) -> None:
    kept = folder_of(shop.url) / "batches"
    assert sorted(path.name[:6] for path in kept.iterdir()) == ["000001", "000002"]
    (kept / "000003-of-an-import-that-was-killed").mkdir()
    assert shop.load(february(), name="february-again")["batch"] is None
    assert sorted(path.name[:6] for path in kept.iterdir()) == ["000001", "000002"]
    undo(shop, 1)
    assert [path.name[:6] for path in kept.iterdir()] == ["000002"]
    assert (kept / next(kept.iterdir()) / "orders.parquet").is_file()


@pytest.mark.slow
def test_a_store_made_anew_is_the_same_store(shop: SmallShop) -> None:
    before = contents(shop)
    changed = rebuild_store(shop.url, settings=shop.settings, records=shop.records, now=NOW)
    assert contents(shop) == before
    assert (changed["changed"]["orders"], changed["changed"]["months"]) == (0, [])
    assert not finish_sync(engine_of(shop.url, shop.settings), shop.records)
