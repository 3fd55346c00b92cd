"""Scores are those of the facts they name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from crm_core.audiences import members
from crm_core.errors import CrmError
from crm_core.pipeline import scores
from crm_core.privacy.export import export_list
from crm_core.privacy.policy import Access
from crm_core.records import ShopSettings
from crm_core.rules import All
from crm_core.store import Change, Store
from crm_core.store.folder_engine import FolderEngine
from crm_core.store.snapshots import folder_of, read_pointer
from tests.small_shop import NOW, Rows, SmallShop, day, line, order, small_shop


@pytest.mark.slow
def test_facts_published_while_scores_wait_for_their_turn_are_the_ones_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = small_shop(tmp_path, one_order())
    later: Rows = {
        "orders": [order("2", "bob", "2026-01-09T20:00:00")],
        "order_lines": [line("2", "tea", "9")],
    }
    turn = FolderEngine.writing

    @contextmanager
    def waiting(engine: FolderEngine, **told: Any) -> Iterator[Change]:
        monkeypatch.undo()
        shop.load(later, name="later")
        with turn(engine, **told) as change:
            yield change

    monkeypatch.setattr(FolderEngine, "writing", waiting)
    scores.refresh_scores(shop.url, settings=shop.settings)
    store = shop.open()
    assert store.scores_facts == store.snapshot
    assert store.scores_as_of == day("2026-01-09")
    store.close()


def test_a_list_of_all_buyers_must_be_meant_though_others_are_known(tmp_path: Path) -> None:
    rows: Rows = {
        "identities": [{"customer_id": "zoe", "email": "zoe@example.com"}],
        "orders": [order("1", "ann", "2026-01-05T20:00:00")],
        "order_lines": [line("1", "tea", "9")],
    }
    shop = small_shop(tmp_path, rows)
    scores.refresh_scores(shop.url, settings=shop.settings)
    store = shop.open()
    with pytest.raises(CrmError, match="privacy_confirm_everyone"):
        export_list(
            access=Access("single_user", "owner"),
            store=store,
            records=shop.records,
            members=members(store, All()),
            name="all",
            contact_channel=None,
            columns=("customer",),
            file_format="csv",
            now=NOW,
            language="en",
            out=io.BytesIO(),
        )
    store.close()


@pytest.mark.slow
def test_damaged_scores_hide_no_facts_and_are_made_anew(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, one_order())
    scores.refresh_scores(shop.url, settings=shop.settings)
    folder = folder_of(shop.url)
    for damage in (lost, cut):
        pointer = read_pointer(folder)
        damage(folder / str(pointer.scores))
        with closing(shop.open()) as store:
            assert (store.scores_damaged, store.scores_as_of) == (True, None)
            assert not store.has("rfm")
            assert len(store.fetch(store.table("orders"))) == 1
        scores.refresh_scores(shop.url, settings=shop.settings)
        assert read_pointer(folder).scores != pointer.scores  # a reader may still have that one
        with closing(shop.open()) as store:
            assert not store.scores_damaged
            assert len(store.fetch(store.table("rfm"))) == 1


def lost(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20_000])


def test_scores_found_damaged_when_read_are_done_without(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, one_order())
    scores.refresh_scores(shop.url, settings=shop.settings)
    file = folder_of(shop.url) / str(read_pointer(folder_of(shop.url)).scores)
    whole = file.read_bytes()
    store = next(store for store in readable(shop, file, whole) if not store.scores_damaged)
    everybody = store.table("features").inner_join(store.table("rfm"), "customer_key")
    with pytest.raises(CrmError) as refused:
        store.fetch(everybody)
    assert (refused.value.code, refused.value.facts) == ("scores_damaged", {"file": file.name})
    assert (store.scores_damaged, store.has("rfm")) == (True, False)
    assert len(store.fetch(store.table("orders"))) == 1
    store.close()


def readable(shop: SmallShop, file: Path, whole: bytes) -> Iterator[Store]:
    """The store with one block of its scores spoilt after another."""
    for place in range(12_288 + 100, len(whole), 262_144):
        spoilt = bytearray(whole)
        spoilt[place] ^= 1
        file.write_bytes(spoilt)
        yield shop.open()


def one_order() -> Rows:
    return {
        "orders": [order("1", "ann", "2026-01-05T20:00:00")],
        "order_lines": [line("1", "tea", "9")],
    }


def test_what_a_shop_says_of_its_segments_is_followed(tmp_path: Path) -> None:
    """A young shop: no value to expect, so no value tiers and no groups, with the reason."""
    shop = small_shop(tmp_path, one_order())
    told: dict[str, Any] = {
        "loyalty_tiers": {"silver": 5, "gold": 20},
        "rfm_by": "own",
        "rfm_cuts": {
            "recency_days": {"5": 1, "4": 2, "3": 3, "2": 4},
            "purchase_days": {"3": 3, "4": 4, "5": 5},
            "revenue": {"2": 1, "3": 2, "4": 3, "5": 4},
        },
    }
    shop.records.save_shop_settings(ShopSettings(**told), "mia", NOW)
    said = shop.records.shop_settings()
    scores.refresh_scores(shop.url, settings=shop.settings, said=said)
    with closing(shop.open()) as store:
        loyal = store.fetch(store.table("loyalty")).iloc[0]
        rfm = store.fetch(store.table("rfm")).iloc[0]
        status = store.fetch(store.table("model_status")).set_index("model")["status"]
        person = store.fetch(members(store, All())).iloc[0]
    assert (loyal["loyalty_tier"], loyal["next_tier"]) == ("silver", "gold")
    assert loyal["to_next_tier"] == 20 - loyal["spent_365d"]
    assert (rfm["r"], rfm["f"], rfm["m"]) == (5, 1, 5)
    assert status["clusters"] == "not_enough_data"
    assert status["value_tiers"] == "value_tiers_no_value"
    assert (person["stage"], person["loyalty_tier"]) == ("first_order", "silver")
    assert person["value_tier"] is None
    assert person["cluster"] is None
