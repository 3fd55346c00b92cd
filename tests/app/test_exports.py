"""The page that says what left, and the choice of a tool's file on the page of audiences."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.privacy import Access
from crm_core.privacy.export import ExportResult, export_list
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.text import t
from crm_core.views.exports import exports
from tests.app.conftest import Open
from tests.app.screen import Screen

MARKETER = Access("marketer", "marketer@example.test")


@pytest.fixture
def records(shops: dict[str, Path]) -> Iterator[Records]:
    settings = Settings(var=shops["demo"])
    opened = open_records(workspace(settings, demo_url(settings)).records_url)
    yield opened
    opened.close()


def leave(store: Store, records: Records, name: str, file_format: str) -> ExportResult:
    table = store.table("features")
    return export_list(
        access=MARKETER, store=store, records=records, members=table.filter(table.orders >= 20),
        name=name, contact_channel="ads", columns=(), file_format=file_format,
        now=datetime.now(UTC), language="en", out=io.BytesIO(), ads_consent_covers_use=True,
        rule={"field": "orders", "operator": ">=", "value": 20}, rule_in_words="20 orders or more",
    )  # fmt: skip


def test_what_left_is_listed_found_again_and_its_manifest_told(
    open_page: Open, store: Store, records: Records
) -> None:
    google = leave(store, records, "Regulars <b>of</b> tea", "google")
    meta = leave(store, records, "Regulars", "meta")
    view = exports(store=store, records=records, access=MARKETER)
    first, second = view.table.iloc[0], view.table.iloc[1]
    assert [first["export_id"], second["export_id"]] == [meta.export_id, google.export_id]
    assert (first["user"], first["rows"]) == (MARKETER.user, meta.rows)
    assert first["left_out"] == sum(meta.excluded.values())
    found = view.found(kind=None, file_format="google", text="REGULARS <b>")
    assert list(found["export_id"]) == [google.export_id]
    assert view.found(kind="export_denied", file_format=None, text="").empty
    with pytest.raises(CrmError, match="privacy_denied"):
        exports(store=store, records=records, access=Access("viewer", "v"))
    screen = open_page("exports", role="marketer", warm=True)
    assert not screen.crashed, screen.failures
    assert b"Regulars <b>of</b> tea" in screen.sent
    screen.test.session_state["_export_opened"] = int(second["id"])
    opened = Screen(screen.test.run())
    assert not opened.failures
    (button,) = (each.proto for each in opened.test.get("download_button"))
    assert button.label == t("exports.manifest", "en")
    assert any(google.manifest["files"][0]["sha256"] in code.value for code in opened.test.code)


def test_the_file_for_a_tool_is_counted_before_the_click_as_it_is_written(
    open_page: Open, store: Store, records: Records
) -> None:
    screen = open_page("audiences", role="marketer", from_segment="champions", warm=True)
    screen.test.selectbox(key="audience_channel").set_value("ads").run()
    screen = Screen(screen.test)
    assert not screen.crashed, screen.failures
    told = {metric.label: metric.value for metric in screen.test.metric}
    table = store.table("rfm")
    champions = table.filter(table.segment == "champions")
    result = export_list(
        access=MARKETER, store=store, records=records, members=champions.select("customer_key"),
        name="x", contact_channel="ads", columns=(), file_format="meta", now=datetime.now(UTC),
        language="en", out=io.BytesIO(),
    )  # fmt: skip
    assert told[t("exports.ready_rows", "en")] == f"{result.rows:,}"
    (button,) = (each.proto for each in screen.test.get("download_button"))
    assert not button.disabled


@pytest.mark.slow
def test_google_holds_nobody_until_the_shop_says_what_its_consent_covers(open_page: Open) -> None:
    screen = open_page("audiences", from_segment="champions", warm=True)
    screen.test.selectbox(key="audience_channel").set_value("ads").run()
    screen.test.segmented_control(key="audience_format_ads").set_value("google").run()
    assert t("exports.nobody", "en") in [warning.value for warning in screen.test.warning]
    screen.test.toggle(key="audience_covers_google").set_value(True).run()
    assert t("exports.nobody", "en") not in [warning.value for warning in screen.test.warning]
