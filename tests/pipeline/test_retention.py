"""What a shop keeps no longer goes in one go, everywhere, and comes in no more; sums stay."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.backup import back_up, restore
from crm_core.pipeline.retention import cut_of, due, let_go
from crm_core.pipeline.undo import rebuild_store, undo_batch
from crm_core.pipeline.workspace import open_workspace, workspace
from crm_core.privacy import audit
from crm_core.privacy.policy import Access
from crm_core.records.retention import RETAINED, ROWS
from crm_core.schema import TABLES
from crm_core.store import engine_of
from tests.anna import annas_shop, may
from tests.held import holders
from tests.pipeline.test_erasing import money
from tests.small_shop import NOW, SmallShop, small_shop

OWNER = Access("single_user", "owner")
LATER = datetime(2026, 9, 30, 12, tzinfo=UTC)
#: What only rows of before the end of May tell.
OLD = ("lovely tea", "visit-9", "visit-1", "spring")
MONTHS = {"contacts": 1, "web_events": 1, "reviews": 1, "touches": 1}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = annas_shop(tmp_path_factory.mktemp("built"))
    shop.records.save_retention(MONTHS, user="owner", now=NOW)
    shop.records.close()
    return shop.folder


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Iterator[SmallShop]:
    shutil.copytree(built / "var", tmp_path / "var")
    own = small_shop(tmp_path)
    yield own
    own.records.close()


def go(shop: SmallShop, now: datetime = NOW) -> dict[str, Any]:
    engine = engine_of(shop.url, shop.settings)
    return let_go(engine, records=shop.records, access=OWNER, now=now)


def rows(shop: SmallShop, table: str) -> list[dict[str, Any]]:
    with closing(shop.open()) as store:
        return store.fetch(store.table(table)).to_dict("records")  # type: ignore[return-value]


def old_left(shop: SmallShop) -> dict[str, list[str]]:
    return holders(shop.folder / "var", OLD)


def test_every_kind_of_row_with_a_time_may_go_or_has_a_reason_to_stay() -> None:
    needed = {"orders", "refunds", "consents"}  # sums of the shop, and the proof of a yes
    timed = {
        table.name
        for table in TABLES.values()
        if table.event and {"customer_key", "order_id"} & {c.name for c in table.columns}
    }
    assert timed - set(ROWS) == needed
    assert set(RETAINED) - set(ROWS) == {"quarantine", "audit"}


def test_months_are_counted_by_the_calendar() -> None:
    assert cut_of(date(2026, 6, 30), 1) == date(2026, 5, 30)
    assert cut_of(date(2026, 1, 15), 2) == date(2025, 11, 15)
    assert cut_of(date(2024, 2, 29), 12) == date(2023, 2, 28)


def test_a_dry_run_counts_and_changes_nothing(shop: SmallShop) -> None:
    assert old_left(shop)
    with closing(shop.open()) as store:
        found = due(store, shop.records, OWNER, today=NOW.date())
    assert {each.kind: each.rows for each in found} == {
        "contacts": 1, "web_events": 3, "reviews": 1, "touches": 1,
    }  # fmt: skip
    assert {each.before for each in found} == {date(2026, 5, 30)}
    assert len(rows(shop, "web_events")) == 3
    assert shop.records.let_go() == []


def test_what_is_older_is_nowhere_and_what_was_sold_stays_sold(shop: SmallShop) -> None:
    before = money(shop)
    told = go(shop)
    assert told["rows"]["web_events"] == 3
    assert old_left(shop) == {}
    assert money(shop) == before
    for table in ("web_events", "reviews", "touches"):
        assert rows(shop, table) == []
    (contact,) = rows(shop, "contacts")
    assert (contact["cost"], contact["message"]) == (3.0, None)
    assert pd.isna(contact["customer_key"])
    assert shop.records.audit_lines()[0].action == "let_go"
    with closing(shop.open()) as store:
        assert [each.rows for each in due(store, shop.records, OWNER, today=NOW.date())] == [0] * 4


def test_the_same_file_brings_none_of_it_back(shop: SmallShop) -> None:
    go(shop)
    report = shop.load(may(), name="again")
    assert report["too_old"] == {"contacts": 1, "reviews": 1, "touches": 1, "web_events": 3}
    assert rows(shop, "reviews") == []
    assert old_left(shop) == {}


@pytest.mark.slow
@pytest.mark.parametrize("what", ["undo", "rebuild"])
def test_nothing_that_makes_the_store_anew_brings_it_back(shop: SmallShop, what: str) -> None:
    go(shop)
    given: dict[str, Any] = {"settings": shop.settings, "records": shop.records, "now": NOW}
    if what == "undo":
        undo_batch(shop.url, 2, **given)
    else:
        rebuild_store(shop.url, **given)
    assert old_left(shop) == {}
    assert rows(shop, "reviews") == []


def test_a_backup_of_before_is_let_go_of_when_it_is_put_back(
    shop: SmallShop, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"settings": shop.settings, "progress": lambda step, share: None}
    file = tmp_path / "backup"
    back_up(shop.url, file, now=NOW, **given)
    go(shop)
    restore(shop.url, file, replace=True, access=OWNER, now=NOW, **given)
    assert old_left(shop) == {}
    assert [each.is_done for each in shop.records.let_go()] == [True]


@pytest.mark.parametrize("step", ["_let_go_of_files", "_let_go_of_rows"])
def test_a_run_that_was_cut_off_is_completed_by_whoever_opens_the_store(
    shop: SmallShop, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"crm_core.pipeline.retention.{step}", stop)
        with pytest.raises(KeyboardInterrupt):
            go(shop)
    assert old_left(shop)
    store, records = open_workspace(shop.settings, workspace(shop.settings, shop.url))
    store.close()
    records.close()
    assert old_left(shop) == {}
    assert [each.is_done for each in shop.records.let_go()] == [True]


def test_nothing_goes_unless_months_were_set(shop: SmallShop) -> None:
    shop.records.save_retention({}, user="owner", now=NOW)
    with pytest.raises(CrmError, match="retention_not_set"):
        go(shop)
    assert len(rows(shop, "web_events")) == 3


@pytest.mark.parametrize(("kind", "months"), [("orders", 12), ("contacts", 0), ("reviews", 601)])
def test_months_that_cannot_be_meant_are_refused(shop: SmallShop, kind: str, months: int) -> None:
    with pytest.raises(CrmError, match=r"unknown_choice|records_months_invalid"):
        shop.records.save_retention({kind: months}, user="owner", now=NOW)


@pytest.mark.parametrize("role", ["viewer", "care", "marketer"])
def test_only_who_erases_lets_go(shop: SmallShop, role: Any) -> None:
    engine = engine_of(shop.url, shop.settings)
    with pytest.raises(CrmError, match="privacy_denied"):
        let_go(engine, records=shop.records, access=Access(role, "x@x.example"), now=NOW)


def test_rows_set_aside_go_by_when_they_came(shop: SmallShop) -> None:
    shop.records.save_retention({"quarantine": 2}, user="owner", now=NOW)
    assert go(shop)["rows"] == {}
    assert len(rows(shop, "quarantine")) == 3
    assert go(shop, LATER)["rows"]["quarantine"] == 3
    assert rows(shop, "quarantine") == []


def test_the_log_is_shortened_at_its_beginning_and_says_so(shop: SmallShop) -> None:
    for month in (1, 2, 5, 6):
        moment = datetime(2026, month, 15, tzinfo=UTC)
        audit.append(shop.records, OWNER, "export", {"list": f"{month}"}, now=moment)
    seen = audit.verify(shop.records).last
    shop.records.save_retention({"audit": 3}, user="owner", now=NOW)
    assert go(shop)["rows"] == {"audit": 2}
    chain = audit.verify(shop.records, [seen])
    assert (chain.whole, chain.lines) == (True, 6)
    actions = [line.action for line in shop.records.audit_chain()]
    assert actions == ["export", "export", "let_go", audit.SHORTENED]
    assert {line.role for line in shop.records.audit_chain()} == {OWNER.role}


def test_a_log_cut_short_at_its_beginning_by_hand_is_told(shop: SmallShop) -> None:
    for number in range(4):
        audit.append(shop.records, OWNER, "export", {"list": f"{number}"}, now=NOW)
    path = workspace(shop.settings, shop.url).records_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM audit WHERE id < 3")
    assert audit.verify(shop.records).broken_at == 3
