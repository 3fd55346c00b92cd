"""The Privacy page tells every table there is about people, and every column; who sees it follows
the policy."""

from __future__ import annotations

import pytest
from sqlalchemy import JSON, LargeBinary, String

from crm_core.privacy.policy import Access
from crm_core.privacy.subject import about
from crm_core.records.held import OF_NOBODY, RECORDS, STAFF, personal_columns
from crm_core.records.models import Base
from crm_core.schema import MARTS, SCORES, TABLES
from crm_core.schema import held as schema_held
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.text import has
from crm_core.views.privacy import held_in_records, is_of_people, privacy, roles_of
from tests.privacy.test_subject import MIRRORED

#: Columns of the records that reveal nobody, in any table: kinds, states, names that the shop gives
#: to things, seals. A column called otherwise must be told in `records.held`.
PLAIN = {
    "action", "arm", "asked", "aspect", "audience", "batches", "categories", "change", "code",
    "contact_channel", "cuts", "document", "erasure", "event", "export_id", "field", "file", "fingerprint",
    "hash",
    "id", "key", "key_id", "kind", "left_out", "metric", "name", "name_en", "name_key", "name_zh", "numbers",
    "origin", "playbook", "previous", "product_id", "products", "purpose", "quoted_as", "role",
    "rule", "sales_channel", "sha256", "snapshot", "source", "state", "step", "strata", "stratum",
    "subject_kind", "title", "told", "told_by", "toml", "trace", "about", "wording",
}  # fmt: skip
LANGUAGES = ("en", "zh")


def test_every_table_of_the_store_about_people_is_told(store: Store) -> None:
    found = {name for name, _ in about(store, 1)} - MIRRORED
    found = {"consents" if name == "imported_consents" else name for name in found}
    worked = {name for name in (*MARTS, *SCORES) if store.has(name) and is_of_people(store, name)}
    assert found - set(schema_held.STORE) - worked == set()


def test_every_personal_column_of_the_schema_is_told() -> None:
    for table in TABLES.values():
        marked = {column.name for column in table.stored() if column.pii}
        marked |= {"customer_key"} & {column.name for column in table.stored()}
        if marked:
            assert marked <= set(schema_held.personal_columns(table.name)), table.name


def test_every_table_and_column_of_the_records_is_told() -> None:
    tables = Base.metadata.tables
    assert set(tables) - set(RECORDS) == OF_NOBODY
    assert set(RECORDS) <= set(tables)
    for name in RECORDS:
        told = personal_columns(name)
        words = {
            column.name
            for column in tables[name].columns
            if isinstance(column.type, String | JSON | LargeBinary)
        }
        assert words - set(told) - PLAIN == set(), name
        assert set(told) <= set(tables[name].columns.keys()), name
    assert not PLAIN & STAFF


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_is_worded(language: str) -> None:
    for name, told in {**schema_held.STORE, **RECORDS}.items():
        assert has(f"held.{name}", language) or (name in RECORDS and told.origin == "people"), name
        assert has(f"held.name.{name}", language) or has(
            f"import_history.tables.{name}", language
        ), name
        columns = personal_columns(name) if name in RECORDS else schema_held.personal_columns(name)
        for tag in columns.values():
            assert has(f"privacy.tag.{tag}", language), (name, tag)


def test_who_sees_it_follows_the_policy() -> None:
    store, records = schema_held.STORE, RECORDS
    assert roles_of(store["identities"]) == ("admin", "marketer", "care")
    assert roles_of(store["quarantine"]) == ("admin",)
    assert roles_of(records["users"]) == ("admin",)
    assert roles_of(records["campaign_members"]) == ("admin", "marketer")
    assert roles_of(records["tombstones"]) == ()


def test_the_page_counts_what_there_is(store: Store) -> None:
    view = privacy(Selection(), store=store, access=Access("admin", "a"))
    told = {each.name: each for each in view.store}
    assert told["identities"].reveals[:2] == ("customer", "name")
    assert told["orders"].rows > 1_000
    assert told["worked_out"].tables > 10
    assert "imported_consents" not in told
    assert told["consents"].rows > 0


def test_what_was_decided_is_told_apart_from_who_works_here() -> None:
    decided, staff = held_in_records({"notes": 2, "users": 1, "goals": 0})
    assert [(each.name, each.rows) for each in decided] == [("notes", 2)]
    assert [each.name for each in staff] == ["users"]
