"""One shopkeeper's way: look, filter, drill to a customer, leave with a list, read the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from openpyxl import load_workbook
from playwright.sync_api import Download, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.browser.chromium import WAIT_MS, settle
from tests.browser.conftest import Watched
from tests.browser.screens import MODES, Mode

FILE_NAME = re.compile(r"^[\w-]+\.(csv|xlsx)$")
EXPORT = t("audiences.export_button", "en")
_BEGUN_MS = 30_000  # a list of the demo is written in a second or two
_SECOND_ROW = {"x": 60, "y": 36 + 36 + 18}  # pixels inside a table: below the heading row


def words(key: str, **facts: object) -> str:
    return t(key, "en", **facts)


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def records_of(var: Path) -> Records:
    settings = Settings(var=var)
    return open_records(workspace(settings, demo_url(settings)).records_url)


def test_from_the_first_screen_to_a_list(
    tab: Callable[[Mode], Watched], app_var: Path, tmp_path: Path
) -> None:
    watched = tab(MODES["light"])
    page = watched.page
    start(watched)
    filter_by_period(page)
    drill_to_a_segment(page)
    open_a_customer(page)
    file = export(page, tmp_path, app_var)
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"))))
    assert_usable(rows)
    book = export_spreadsheet(page, tmp_path)
    assert sorted(book) == sorted(tuple(row.values())[:1] for row in rows)
    assert watched.foreign == []
    assert watched.complaints == []


def start(watched: Watched) -> None:
    watched.page.goto(f"{watched.url}/?lang=en", timeout=WAIT_MS)
    arrive(watched.page, "overview")
    assert watched.page.get_by_test_id("stMetric").count() == 5


def arrive(page: Page, stem: str) -> None:
    title = page.get_by_role("heading", name=words(f"{stem}.title"), level=1, exact=True)
    title.wait_for(timeout=WAIT_MS)
    settle(page)


def filter_by_period(page: Page) -> None:
    before = page.get_by_test_id("stMetricValue").all_inner_texts()
    page.get_by_role("radio", name=words("filters.period.90d")).click()
    page.wait_for_url("**period=90d**")
    settle(page)
    assert page.get_by_test_id("stMetricValue").all_inner_texts() != before


def drill_to_a_segment(page: Page) -> None:
    """A click on the longest bar of the segments opens that segment's customers."""
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_role("link", name=words("nav.group.customers")).click()
    arrive(page, "segments")
    bar = page.locator(".js-plotly-plot .barlayer .point path").first
    box = bar.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    arrive(page, "customers")
    assert query(page)["segment"]
    assert query(page).get("period", ["90d"]) == ["90d"]


def open_a_customer(page: Page) -> None:
    """A click on a row opens the person; the address names nobody."""
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    # What is drawn is a canvas under the layer that scrolls: only a place can be clicked.
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + _SECOND_ROW["x"], box["y"] + _SECOND_ROW["y"])
    page.wait_for_url("**/customer?**", timeout=WAIT_MS)
    settle(page)
    assert re.fullmatch(r"[a-z2-7]{26}", query(page)["id"][0])
    assert page.get_by_text(words("customer.who")).first.is_visible()


def export(page: Page, folder: Path, var: Path) -> Path:
    """Takes the list of the first segment for e-mail, and finds the export in the log."""
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_role("link", name=words("nav.group.campaigns")).click()
    arrive(page, "audiences")
    file = download(page, folder)
    said = page.get_by_test_id("stAlertContentSuccess").first
    said.wait_for(timeout=WAIT_MS)
    records = records_of(var)
    (line, *_) = records.audit_lines(action="export")
    records.close()
    assert line.export_id is not None
    assert line.export_id in file.name
    assert line.export_id in said.inner_text()
    assert line.sha256 == sha256(file.read_bytes()).hexdigest()
    return file


def export_spreadsheet(page: Page, folder: Path) -> list[tuple[object, ...]]:
    """The same list as a spreadsheet: its first column, read as a spreadsheet program would."""
    page.get_by_role("radio", name=re.compile("XLSX")).click()
    settle(page)
    sheet = load_workbook(download(page, folder)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    return [(row[0],) for row in sheet.iter_rows(min_row=2, values_only=True)]


def clicked(page: Page, button: Locator) -> Download:
    """The file of a click. A page that was being drawn may have let it go: it then says so, and
    asks for another click."""
    try:
        with page.expect_download(timeout=_BEGUN_MS) as waiting:
            button.click()
    except PlaywrightTimeout:
        page.get_by_text(words("error.export_not_begun")).wait_for(timeout=WAIT_MS)
        with page.expect_download(timeout=WAIT_MS) as waiting:
            button.click()
    return waiting.value


def download(page: Page, folder: Path) -> Path:
    file = clicked(page, page.get_by_role("button", name=EXPORT))
    name = file.suggested_filename
    assert FILE_NAME.fullmatch(name)
    file.save_as(folder / name)
    settle(page)
    return folder / name


def assert_usable(rows: list[dict[str, str]]) -> None:
    """Every row can be written to, nobody is in it twice, and no cell is a formula."""
    assert rows
    emails = [next(value for value in row.values() if "@" in value) for row in rows]
    assert len(set(emails)) == len(emails)
    cells = [cell for row in rows for cell in row.values()]
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []
