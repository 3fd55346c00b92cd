"""On the Imports page a file is checked before anything is merged; then it is taken, mended or let go."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import store_url, workspace
from crm_core.privacy.set_aside import write_rows
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.store import engine_of
from crm_core.store.imports.mapping import header_hash
from crm_core.store.quarantine import layouts, rows_of
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen
from tests.small_shop import Rows, SmallShop, line, order

FILE = """Order ID;Order Date;Customer ID;Email;Product;Quantity;Amount
1;2026-01-05;c1;ann@example.org;Tea;2;20,00
1;2026-01-05;c1;ann@example.org;Pot;1;30,00
2;2026-02-06;c2;bo@example.org;Tea;1;10,00
3;2026-02-07;;;Tea;1;10,00
4;2026-02-30;c2;bo@example.org;Tea;1;10,00
5;2026-03-01;c2;bo@example.org;Tea;two;10,00
"""


@pytest.fixture
def shop(
    shops: dict[str, Path], copy_demo: Callable[[Path], Path], tmp_path: Path
) -> Callable[[], Settings]:
    """An empty shop of its own, open as `bill`."""
    var = copy_demo(tmp_path / "var")
    (var / "active").write_text("shop", encoding="utf-8")
    shops["bill"] = var
    return lambda: Settings(var=var)


def given(screen: Screen, text: str = FILE, name: str = "mai.csv") -> Screen:
    """The page after a file was chosen."""
    return Screen(screen.test.file_uploader[0].upload(name, text.encode(), "text/csv").run())


def press(screen: Screen, key: str) -> Screen:
    """The page after a button was pressed."""
    after = Screen(screen.test.button(key=key).click().run())
    assert not after.failures
    return after


def words(screen: Screen) -> str:
    """Everything said: texts, alerts, and tables with their whole cells."""
    test = screen.test
    alerts = [str(alert.value) for alert in (*test.success, *test.info, *test.warning)]
    tables = [table.value.to_string(max_colwidth=None) for table in test.table]
    return "\n".join([*screen.words, *alerts, *tables]).replace("\\", "")


def uploads(settings: Settings) -> list[Path]:
    return [path for path in (settings.var / "uploads").rglob("*") if path.is_file()]


@pytest.mark.slow
def test_a_file_is_checked_let_go_mended_and_then_taken(
    open_page: Open, shop: Callable[[], Settings]
) -> None:
    settings = shop()
    url = store_url(settings.var / "shop")
    screen = given(open_page("imports", shop="bill"))
    screen.test.selectbox(key="import_currency").set_value("EUR").run()
    bill = press(screen, "import_check")
    said = words(bill)
    assert engine_of(url, settings).pointer().facts is None  # nothing is merged yet
    assert t("quality.adds_up", "en") in said
    for fact in ("€70.00", t("imports.aside.import_bad_date", "en"), "row 6", "row 7"):
        assert fact in said
    assert t("quality.no_buyer.remedy", "en") in said
    months = next(frame.value for frame in bill.test.dataframe if "gross" in frame.value.columns)
    assert list(months["month"]) == [t("imports.month_all", "en"), "2026-01", "2026-02"]
    assert list(months["net"]) == [70.0, 50.0, 20.0]
    assert t("imports.why_not.few_repeat_buyers", "en") in said

    mended = press(bill, "import_mend")
    assert t("imports.mapping", "en") in mended.words
    assert mended.test.selectbox(key="import_currency").value == "EUR"
    taken = press(mended, "import_load")
    assert t("imports.done", "en", rows="4") in words(taken)
    assert uploads(settings) == []
    assert t("telling.heading", "en") in taken.words
    assert t("telling.unknown_buyers.title", "en", share="14.3%", money="€10.00") in words(taken)
    assert t("imports.aside_title", "en") in taken.words
    assert t("imports.aside_download", "en") in taken.words
    back = given(taken, mended_rows(settings), "aside.csv")
    assert t("imports.mended", "en", rows="2") in words(back)
    assert t("imports.all_good", "en", rows="2") in words(back)


def mended_rows(settings: Settings) -> str:
    """The file of rows set aside, as downloaded and then put right."""
    store = engine_of(store_url(settings.var / "shop"), settings).open()
    (form,) = layouts(store)
    out = io.BytesIO()
    write_rows(out, form, store.stream(rows_of(store, form), purpose="export"), "en")
    store.close()
    text = out.getvalue().decode("utf-8-sig")
    return text.replace("2026-02-30", "2026-02-28").replace("two", "2")


@pytest.mark.slow
def test_what_was_checked_can_be_let_go(open_page: Open, shop: Callable[[], Settings]) -> None:
    settings = shop()
    screen = given(open_page("imports", shop="bill", language="zh"))
    assert uploads(settings)
    bill = press(screen, "import_check")
    assert not bill.keys_shown
    assert t("imports.checked_only", "zh") in words(bill)
    gone = press(bill, "import_cancel")
    assert uploads(settings) == []
    assert t("imports.bill", "zh") not in gone.words
    assert engine_of(store_url(settings.var / "shop"), settings).pointer().facts is None


@pytest.mark.slow
def test_databases_are_named_and_their_secrets_are_not(
    open_page: Open,
    shop: Callable[[], Settings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = shop()
    bare = open_page("imports", shop="bill")
    assert t("import_sources.none", "en") in bare.words
    assert "CLIENTELE_SOURCES" in words(bare)
    file = tmp_path / "sources.toml"
    address = "mysql://reader:hunter2@127.0.0.1:9/wordpress"
    file.write_text(f'[sources.web]\nkind = "woocommerce"\nurl = "{address}"\n', encoding="utf-8")
    monkeypatch.setenv("CLIENTELE_SOURCES", str(file))
    monkeypatch.setenv("CLIENTELE_SOURCE_HOSTS", "127.0.0.1:9")
    screen = open_page("imports", shop="bill")
    assert "web" in [text.value for text in screen.test.text]
    assert t("import_sources.never", "en") in screen.words
    failed = Screen(screen.test.button(key="source_pull_0").click().run())
    assert failed.failures == [t("error_source.unreachable", "en", name="woocommerce")]
    sent = failed.sent + json.dumps(words(failed)).encode()
    assert b"hunter2" not in sent
    assert engine_of(store_url(settings.var / "shop"), settings).pointer().facts is None


@pytest.mark.slow
def test_making_the_store_anew_is_offered_once_somebody_was_set_apart(
    open_page: Open, shop: Callable[[], Settings]
) -> None:
    settings = shop()
    url = store_url(settings.var / "shop")
    records = open_records(workspace(settings, url).records_url)
    own = SmallShop(settings, url, records, settings.var)
    rows: Rows = {
        "orders": [
            order("1", "c1", "2026-01-05T10:00:00", email="ann@example.org"),
            order("2", "c2", "2026-01-06T10:00:00", email="ann@example.org"),
        ],
        "order_lines": [line("1", "tea", "10"), line("2", "tea", "10")],
    }
    own.load(rows)
    screen = open_page("imports", shop="bill")
    assert "rebuild_run" not in [button.key for button in screen.test.button]
    records.set_apart("email", "ann@example.org", user="owner", now=datetime.now(UTC))
    offered = open_page("imports", shop="bill", warm=True)
    assert t("import_history.rebuild_pending", "en") in words(offered)
    done = press(offered, "rebuild_run")
    assert "rebuild_run" not in [button.key for button in done.test.button]
    store = engine_of(url, settings).open()
    buyers = store.fetch(store.table("order_facts"))["customer_key"].dropna().nunique()
    store.close()
    records.close()
    assert buyers == 2


UNKNOWN = "Zettel;Vom;Wer;Was;Summe\n1;03.06.2026;Ann;Tee;12,50\n"
SAID = """date_order = "dmy"
currency = "EUR"
[columns]
order_id = "Zettel"
ordered_at = "Vom"
customer_id = "Wer"
product_name = "Was"
amount = "Summe"
"""


@pytest.mark.slow
def test_what_columns_mean_is_asked_once_and_can_be_forgotten(
    open_page: Open, shop: Callable[[], Settings]
) -> None:
    settings = shop()
    records = open_records(workspace(settings, store_url(settings.var / "shop")).records_url)
    header = UNKNOWN.split("\n")[0].split(";")
    records.keep_mapping(header_hash(header), SAID, user="mia", now=datetime.now(UTC))
    screen = open_page("imports", shop="bill")
    assert t("imports.kept", "en") in screen.words
    asked = given(screen, UNKNOWN)
    assert t("imports.said_before", "en") in words(asked)
    assert t("imports.all_good", "en", rows="1") in words(asked)
    assert any('ordered_at = "Vom"' in code.value for code in asked.test.code)
    key = f"mapping_forget_{header_hash(header)[:12]}"
    press(open_page("imports", shop="bill"), key)
    assert records.kept_mappings() == []
    unknown = given(open_page("imports", shop="bill"), UNKNOWN)
    assert "import_check" not in [button.key for button in unknown.test.button]
    records.close()


@pytest.mark.slow
def test_every_sheet_nobody_knows_has_its_mapping(
    open_page: Open, shop: Callable[[], Settings]
) -> None:
    shop()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mai.csv", FILE)
        archive.writestr("zettel.csv", UNKNOWN)
        archive.writestr("zettel-juli.csv", UNKNOWN.replace(".06.", ".07."))
    opened = open_page("imports", shop="bill").test.file_uploader[0]
    screen = Screen(opened.upload("shop.zip", packed.getvalue(), "application/zip").run())
    assert not screen.failures
    together = "shop.zip › zettel.csv  ·  shop.zip › zettel-juli.csv"
    assert together in [str(text.value) for text in screen.test.text]
    (aside,) = [each for each in screen.test.toggle if str(each.key).startswith("leave_out")]
    assert aside.value
    assert "import_check" in [button.key for button in screen.test.button]  # left out
    asked = Screen(aside.set_value(False).run())
    assert "import_check" not in [button.key for button in asked.test.button]
    assert sum(str(each.key).startswith("table_") for each in asked.test.selectbox) == 2


@pytest.mark.slow
def test_who_would_be_joined_is_seen_before_anything_is_merged(
    open_page: Open, shop: Callable[[], Settings]
) -> None:
    settings = shop()
    # c1 and c2 have one address; that of c9 only looks like it: its first letter is Cyrillic.
    text = FILE.replace("bo@example.org", "ann@example.org").replace(
        "3;2026-02-07;;;", "3;2026-02-07;c9;\u0430nn@example.org;"
    )
    bill = press(given(open_page("imports", shop="bill"), text), "import_check")
    (people,) = [frame.value for frame in bill.test.dataframe if "rule" in frame.value.columns]
    counts = dict(zip(people["rule"], people["count"], strict=True))
    assert counts[t("imports.identity.email_exact", "en")] == 1
    assert counts[t("imports.identity.lookalike", "en")] == 1
    assert t("imports.lookalike", "en", count=1) in words(bill)
    assert engine_of(store_url(settings.var / "shop"), settings).pointer().facts is None
