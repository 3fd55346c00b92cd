"""What a customer decided stays with the customer, whatever later files say."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from crm_core.audiences.arms import globally_held
from crm_core.pipeline import imports
from crm_core.pipeline.campaigns import globally_out
from crm_core.pipeline.decisions import sync_consents
from crm_core.pipeline.imports import run_import
from crm_core.pipeline.scores import refresh_marts
from crm_core.pipeline.workspace import open_workspace, workspace
from crm_core.privacy.export import export_list
from crm_core.privacy.policy import Access
from crm_core.records import MOST_GLOBAL, CampaignPolicy, open_records
from crm_core.store import engine_of, open_store
from crm_core.store.folder_engine import mirror_file
from crm_core.store.imports import recognise
from crm_core.store.write import write_decisions
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop, write_rows

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)


def two_people() -> Rows:
    """Anna has bought twice, under two ids that nothing joins yet; Carl is somebody else."""
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
    }


#: The file that tells that both ids are one person.
JOINED: Rows = {"identities": [{"customer_id": "b", "email": "anna@example.com"}]}


def shop_of_two(folder: Path) -> tuple[SmallShop, dict[str, int]]:
    shop = small_shop(folder, two_people())
    keys = keys_of(shop)
    for customer in keys.values():
        shop.records.record_consent(customer, "email", "granted", at=EARLY, source="form")
    return shop, keys


def keys_of(shop: SmallShop) -> dict[str, int]:
    """The customer key each source id leads to."""
    store = shop.open()
    links = store.table("identity_links")
    frame = store.fetch(links.filter(links.kind == "source_id"))
    store.close()
    return dict(zip(frame["value"], map(int, frame["customer_key"]), strict=True))


def mailed(shop: SmallShop) -> set[str]:
    """The addresses in an e-mail list of everybody."""
    store = open_store(
        shop.url,
        settings=shop.settings,
        decisions=mirror_file(shop.records, shop.folder / "var/shop"),
    )
    out = io.BytesIO()
    export_list(
        access=Access("single_user", "owner"),
        store=store,
        records=shop.records,
        members=store.table("customer_facts").select("customer_key"),
        name="everybody",
        contact_channel="email",
        columns=("email",),
        file_format="csv",
        now=NOW,
        language="en",
        out=out,
        confirmed_everyone=True,
    )
    store.close()
    rows = csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig")))
    return {row[0] for row in list(rows)[1:]}


def test_an_opt_out_follows_the_person_into_the_joined_customer(tmp_path: Path) -> None:
    shop, keys = shop_of_two(tmp_path)
    shop.records.record_consent(keys["b"], "email", "denied", at=LATE, source="footer link")
    assert mailed(shop) == {"anna@example.com", "carl@example.com"}
    shop.load(JOINED, name="joined")
    assert keys_of(shop)["b"] == keys["a"]
    assert mailed(shop) == {"carl@example.com"}


def test_who_was_barred_stays_barred(tmp_path: Path) -> None:
    shop, keys = shop_of_two(tmp_path)
    shop.records.suppress([keys["b"]], "all", reason="complaint", now=LATE)
    shop.records.suppress([keys["a"], keys["b"]], "email", reason="bounce", now=LATE)
    shop.load(JOINED, name="joined")
    assert shop.records.suppressed(keys.values(), "sms") == {keys["a"]}
    assert mailed(shop) == {"carl@example.com"}


@pytest.mark.slow
def test_customers_who_arrive_are_in_the_global_control_at_once(tmp_path: Path) -> None:
    shop, keys = shop_of_two(tmp_path)
    policy = CampaignPolicy(global_control_share=MOST_GLOBAL)
    shop.records.save_campaign_policy(policy, user="ann", now=NOW)
    newcomers = [f"n{number}" for number in range(40)]
    shop.load(
        {
            "orders": [order(f"o{name}", name, "2026-01-08T10:00:00") for name in newcomers],
            "order_lines": [line(f"o{name}", "tea", "10") for name in newcomers],
        },
        name="more",
    )
    folder = shop.folder / "var/shop"
    decisions = mirror_file(shop.records, folder)
    store = open_store(shop.url, settings=shop.settings, decisions=decisions)
    told = set(store.fetch(globally_out(store))["customer_key"])
    every = store.fetch(store.table("customer_facts").select("customer_key"))["customer_key"]
    store.close()
    secret = shop.records.secret("global_control")
    held = globally_held(secret, every.to_numpy(), MOST_GLOBAL)
    assert told == set(every[held])
    assert told - set(keys.values())


@pytest.mark.slow
def test_a_newer_yes_of_the_same_person_counts(tmp_path: Path) -> None:
    shop, keys = shop_of_two(tmp_path)
    shop.records.record_consent(
        keys["b"], "email", "denied", at=EARLY.replace(year=2025), source=""
    )
    shop.load(JOINED, name="joined")
    assert mailed(shop) == {"anna@example.com", "carl@example.com"}


@pytest.mark.slow
def test_a_key_given_up_is_given_to_nobody_else(tmp_path: Path) -> None:
    rows = two_people()
    rows = {name: [row for row in table if "c" not in row.values()] for name, table in rows.items()}
    rows["order_lines"] = rows["order_lines"][:2]
    shop = small_shop(tmp_path, rows)
    before = keys_of(shop)
    shop.records.record_consent(before["b"], "email", "granted", at=EARLY, source="form")
    shop.load(JOINED, name="joined")
    shop.load({"identities": [{"customer_id": "new", "email": "new@example.com"}]}, name="new")
    after = keys_of(shop)
    assert after["new"] not in before.values()
    assert shop.records.consent_states([after["new"]], "email") == {}


@pytest.mark.slow
def test_moves_in_steps_lead_to_the_last_key_and_outlive_a_refresh(tmp_path: Path) -> None:
    shop, keys = shop_of_two(tmp_path)
    shop.load({"identities": [{"customer_id": "c", "email": "a.lee@example.com"}]}, name="one")
    shop.load(JOINED, name="two")
    assert set(keys_of(shop).values()) == {keys["a"]}
    refresh_marts(
        shop.url, settings=shop.settings, records=shop.records, progress=lambda step, share: None
    )
    # Somebody at work on the snapshot before writes down a word under a key that is gone.
    shop.records.record_consent(keys["c"], "email", "denied", at=LATE, source="phone")
    sync_consents(engine_of(shop.url, shop.settings), shop.records)
    assert shop.records.consent_states(keys.values(), "email") == {keys["a"]: "denied"}
    revision = shop.records.decisions_revision()
    sync_consents(engine_of(shop.url, shop.settings), shop.records)
    assert shop.records.decisions_revision() == revision


@pytest.mark.slow
def test_consents_of_an_import_that_was_cut_off_come_with_its_repetition(tmp_path: Path) -> None:
    rows = two_people()
    rows["consents"] = [
        {
            "customer_id": "a",
            "contact_channel": "email",
            "purpose": "marketing",
            "state": "denied",
            "at": datetime(2026, 1, 1),
        }
    ]
    shop = small_shop(tmp_path, rows)
    empty = open_records(f"sqlite:///{tmp_path}/as-if-killed-before.sqlite")
    report = run_import(
        recognise([write_rows(tmp_path / "again", rows)]),
        url=shop.url,
        settings=shop.settings,
        records=empty,
        now=NOW,
    )
    assert (report["batch"], report["consents"]) == (None, 1)
    assert empty.consent_states([keys_of(shop)["a"]], "email") == {keys_of(shop)["a"]: "denied"}
    empty.close()


def test_the_mirror_is_made_anew_only_when_somebody_decided(tmp_path: Path) -> None:
    shop, keys = shop_of_two(tmp_path)
    folder = tmp_path / "mirror"
    first = mirror_file(shop.records, folder)
    stamp = first.stat().st_mtime_ns
    assert mirror_file(shop.records, folder) == first
    assert first.stat().st_mtime_ns == stamp
    shop.records.suppress([keys["a"]], "sms", reason="bounce", now=NOW)
    second = mirror_file(shop.records, folder)
    store = open_store(shop.url, settings=shop.settings, decisions=second)
    assert store.decisions_revision == shop.records.decisions_revision()
    barred = store.fetch(store.table("suppressions").order_by(ibis.asc("customer_key")))
    assert barred["customer_key"].tolist() == [keys["a"]]
    store.close()


class Killed(BaseException):
    """A kill, as far as a test can make one."""


@pytest.mark.slow
def test_who_opens_a_store_completes_an_import_that_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, keys = shop_of_two(tmp_path)
    shop.records.record_consent(keys["b"], "email", "denied", at=LATE, source="footer link")

    def cut_off(*_args: object, **_named: object) -> int:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(imports, "sync_consents", cut_off)
        with pytest.raises(Killed):
            shop.load(JOINED, name="joined")
    assert keys_of(shop)["b"] == keys["a"]
    assert shop.records.consent_states([keys["a"]], "email") == {keys["a"]: "granted"}
    store, records = open_workspace(shop.settings, workspace(shop.settings, shop.url))
    assert records.consent_states([keys["a"]], "email") == {keys["a"]: "denied"}
    assert not engine_of(shop.url, shop.settings).pending()
    store.close()
    records.close()


def test_two_visitors_may_need_a_mirror_at_the_same_moment(tmp_path: Path) -> None:
    rows = {"suppressions": pa.table({"customer_key": list(range(20_000))})}
    path = tmp_path / "decisions-000000001.duckdb"
    with ThreadPoolExecutor(4) as pool:
        for done in [
            pool.submit(write_decisions, path, rows, {"revision": "1"}) for _ in range(12)
        ]:
            done.result()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
