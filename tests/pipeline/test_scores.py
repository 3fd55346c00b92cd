"""Scores are those of the facts they name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crm_core.audiences import members
from crm_core.errors import CrmError
from crm_core.pipeline import scores
from crm_core.privacy.export import export_list
from crm_core.privacy.policy import Access
from crm_core.rules import All
from crm_core.store import Change
from crm_core.store.folder_engine import FolderEngine
from tests.small_shop import NOW, Rows, day, line, order, small_shop


def test_facts_published_while_scores_wait_for_their_turn_are_the_ones_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: Rows = {
        "orders": [order("1", "ann", "2026-01-05T20:00:00")],
        "order_lines": [line("1", "tea", "9")],
    }
    shop = small_shop(tmp_path, rows)
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
