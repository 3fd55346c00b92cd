"""A person may know everything that is held on them: no table is left out, nobody else is in it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from crm_core.errors import CrmError
from crm_core.pipeline.workspace import open_workspace, workspace
from crm_core.privacy.escape import unescape
from crm_core.privacy.gate import customer_code
from crm_core.privacy.policy import Access
from crm_core.privacy.subject import about, held_on
from crm_core.privacy.subject_file import export_subject
from crm_core.records.models import Base
from crm_core.records.subject_rows import about as about_in_records
from crm_core.store import Store
from tests.anna import annas_shop, keys
from tests.small_shop import NOW, SmallShop

OWNER = Access("single_user", "owner")
VIEWER = Access("viewer", "victor")

#: Tables that are about nobody: what a shop sells and spends, sums over many, models as a whole.
NOBODY = {
    "attention", "baskets_seen", "care_pays", "contact_topics", "churn_reliability", "churn_survival", "churn_trials",
    "cluster_middles", "cluster_trials", "costs", "coupons", "day_sums", "entry_products",
    "events", "fitted", "forecast", "forecast_backtest", "forecast_components",
    "forecast_demand", "forecast_effects", "forecast_events", "forecast_periods",
    "forecast_series", "forecast_trials", "import_batches", "keys_given",
    "loyalty_rules", "meta", "model_status", "next_offer_trials", "offer_products", "pairs",
    "product_facts", "products", "quarantine", "replenishment_clock", "replenishment_trials",
    "review_terms", "review_trials",
    "shop_rhythm", "stock", "triples", "uplift", "uplift_curves", "uplift_methods",
    "value_backtest", "value_choice", "value_totals",
}  # fmt: skip
#: Decisions, which are told as the records have them.
MIRRORED = {
    "campaign_members", "campaigns", "consents", "corrections", "id_list_members", "id_lists", "members_meta",
    "offer_rounds", "offer_rules", "pauses", "restrictions", "saved_audiences", "sensitive_categories", "set_aside",
    "suppressions",
}  # fmt: skip
#: Of the records: what is about the shop, its plans and the people who work there.
NOBODY_IN_RECORDS = {
    "audience_versions", "audit", "campaigns", "counters", "ended_sign_ins", "erasures", "event_steps_done",
    "goals", "id_lists", "improvements", "kept_mappings", "offer_books", "offers", "planned_events",
    "reports", "retention", "saved_audiences", "secrets", "set_aside", "set_aside_log", "shop_settings", "tombstones", "users",
}  # fmt: skip


def test_every_table_of_the_store_is_told_or_about_nobody(store: Store) -> None:
    told = {name for name, _ in about(store, 1)}
    assert store.names() - told - MIRRORED == NOBODY & store.names()
    assert {"customers", "identities", "orders", "order_lines", "features", "churn"} <= told


def test_every_table_of_the_records_is_told_or_about_nobody() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        Base.metadata.create_all(connection)
        told = {
            table.name
            for table in Base.metadata.sorted_tables
            if about_in_records(connection, table, [1], lambda trace: False) is not None
        }
    assert {table.name for table in Base.metadata.sorted_tables} - told == NOBODY_IN_RECORDS


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallShop]:
    made = annas_shop(tmp_path_factory.mktemp("anna"))
    yield made
    made.records.close()


@pytest.fixture(scope="module")
def hers(shop: SmallShop) -> Iterator[Store]:
    store, records = open_workspace(shop.settings, workspace(shop.settings, shop.url))
    records.close()
    with closing(store):
        yield store


def packed(shop: SmallShop, store: Store, key: int) -> dict[str, bytes]:
    out = io.BytesIO()
    export_subject(
        access=OWNER, store=store, records=shop.records, key=key, now=NOW, language="en", out=out
    )
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_anna_gets_all_of_hers_and_nothing_of_carls(shop: SmallShop, hers: Store) -> None:
    files = packed(shop, hers, keys(shop)["a-1"])
    whole: dict[str, Any] = json.loads(files["everything.json"])
    assert {"identities", "identity_links", "identity_changes", "customers", "accounts"} <= set(
        whole["store"]
    )
    assert {"orders", "order_lines", "refunds", "contacts", "reviews", "touches"} <= set(
        whole["store"]
    )
    assert [row["event_id"] for row in whole["store"]["web_events"]] == ["w1", "w2"]
    assert len(whole["store"]["quarantine"]) == 2
    # Whoever took a copy before is a line of the log about her.
    assert set(whole["records"]) - {"audit"} == {
        "consents", "id_list_members", "identity_overrides", "notes", "suppressions",
    }  # fmt: skip
    assert [row["batch_id"] for row in whole["came_with"]] == [1, 2, 3]
    text = files["everything.json"].decode().casefold()
    for word in ("carl", "c-1", "dora", "eve@"):
        assert word not in text
    assert {f"store/{name}.csv" for name in whole["store"]} <= set(files)


def test_the_tables_hold_what_the_document_holds(shop: SmallShop, hers: Store) -> None:
    files = packed(shop, hers, keys(shop)["a-1"])
    reviews = list(csv.DictReader(io.StringIO(files["store/reviews.csv"].decode("utf-8-sig"))))
    assert [unescape(row["body"]) for row in reviews] == ["Lovely tea"]
    assert "store/identities.csv" in files["readme.txt"].decode()


def test_handing_it_out_is_a_line_in_the_log(shop: SmallShop, hers: Store) -> None:
    key = keys(shop)["c-1"]
    packed(shop, hers, key)
    line = shop.records.audit_lines(action="subject")[0]
    code = customer_code(shop.records.secret("url_key"), key)
    assert (line.user, line.subject["customer"]) == ("owner", code)
    again = held_on(hers, shop.records, key)
    assert [row["action"] for row in again.records["audit"]] == ["subject"]


def test_who_may_not_gets_nothing(shop: SmallShop, hers: Store) -> None:
    out = io.BytesIO()
    with pytest.raises(CrmError, match="privacy_denied"):
        export_subject(
            access=VIEWER, store=hers, records=shop.records, key=keys(shop)["a-1"], now=NOW,
            language="en", out=out,
        )  # fmt: skip
    assert out.getvalue() == b""
    assert shop.records.audit_lines(action="subject_denied")[0].user == "victor"


def test_of_nobody_nothing_is_written(shop: SmallShop, hers: Store, tmp_path: Path) -> None:
    with pytest.raises(CrmError, match="no_such_customer"):
        export_subject(
            access=OWNER, store=hers, records=shop.records, key=999, now=NOW, language="en",
            out=tmp_path,
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
