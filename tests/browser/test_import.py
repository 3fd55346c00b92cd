"""A file nobody has seen before: its columns are named on the page, it is checked, and it comes in."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError

from crm_core.text import t
from tests.browser.chromium import WAIT_MS, settle
from tests.browser.screens import MODES, opened, visit
from tests.browser.server import running_app

# German and French by turns, and words of nobody's.
HEADER = ("Beleg Réf.", "Vom Jour", "Abnehmer-Code", "Désignation", "Menge", "Somme Zeile")
LINES = (
    ("F-1", "03.02.2026", "Q7", "Tee, grün", "2", "25,00"),
    ("F-1", "03.02.2026", "Q7", "Kanne", "1", "1.039,50"),
    ("F-2", "17.02.2026", "Q8", "Tee, grün", "1", "12,50"),
    ("F-3", "28.02.2026", "Q7", "Tasse", "x", "8,00"),
    ("F-4", "28.02.2026", "Q9", "Tasse", "3", "24,00"),
)
# What nothing on the page can guess, by its row in the editor.
FIELDS = {0: "order_id", 2: "customer_id", 5: "amount"}
TRIES = 3
ROW = 31  # pixels of a row of the editor, the heading as well
TOTAL = "€1,101"  # 25.00 + 1,039.50 + 12.50 + 24.00: the row with x pieces is set aside


@pytest.fixture
def page(
    browser: Browser, copy_demo: Callable[[Path], Path], tmp_path: Path
) -> Iterator[tuple[Page, str]]:
    """A tab on an app whose own shop is empty."""
    var = copy_demo(tmp_path / "var")
    (var / "active").write_text("shop", encoding="utf-8")
    with (
        running_app(var, tmp_path / "log") as url,
        opened(browser, MODES["light"]) as tab,
    ):
        yield tab, url


@pytest.mark.slow
def test_an_unknown_file_is_mapped_checked_and_imported(
    page: tuple[Page, str], tmp_path: Path
) -> None:
    tab, url = page
    file = tmp_path / "umsatz-ventes.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=";").writerows([HEADER, *LINES])
    visit(tab, url, "imports", "en")
    tab.locator("input[type=file]").set_input_files(str(file))
    heading(tab, "imports.mapping")
    choose(tab, "table_umsatz-ventes-csv", t("imports.table.order_lines", "en"))
    for row, field in FIELDS.items():
        name_column(tab, row, t(f"imports.field.{field}", "en"))
    button(tab, "imports.check").wait_for(timeout=WAIT_MS)
    choose(tab, "import_currency", "EUR")
    button(tab, "imports.check").click()
    button(tab, "app.job.cancel").click(timeout=WAIT_MS)
    settle(tab)
    assert button(tab, "imports.accept").count() == 0
    assert button(tab, "app.job.cancel").count() == 0
    button(tab, "imports.check").click()
    button(tab, "imports.accept").wait_for(timeout=WAIT_MS)
    settle(tab)
    assert tab.get_by_text(t("quality.adds_up", "en")).is_visible()
    tab.get_by_text("1,101.00").first.wait_for(timeout=WAIT_MS)
    assert tab.get_by_text(t("imports.aside.import_bad_number", "en")).is_visible()
    button(tab, "imports.accept").click()
    heading(tab, "imports.report")
    assert tab.get_by_text(t("imports.done", "en", rows="4")).is_visible()
    visit(tab, url, "overview", "en", "&period=all")
    assert TOTAL in tab.get_by_test_id("stMetricValue").first.inner_text()
    again = tmp_path / "umsatz-juli.csv"
    again.write_text(file.read_text(encoding="utf-8").replace(".02.", ".03."), encoding="utf-8")
    visit(tab, url, "imports", "en")
    tab.locator("input[type=file]").set_input_files(str(again))
    heading(tab, "imports.mapping")
    assert tab.get_by_text(t("imports.said_before", "en")).is_visible()
    assert button(tab, "imports.check").is_visible()  # nothing is left to say


def heading(tab: Page, key: str) -> None:
    """Waits until a panel is there and the page stands still."""
    tab.get_by_role("heading", name=t(key, "en"), exact=True).wait_for(timeout=WAIT_MS)
    settle(tab)


def button(tab: Page, key: str) -> Locator:
    """A button by its words, which follow the name of its icon."""
    words = re.escape(t(key, "en"))
    return tab.get_by_role("button", name=re.compile(rf"^(\w+ )?{words}$"))


def name_column(tab: Page, row: int, field: str) -> None:
    """Says what a column of the file is: in its row's second cell, as a person would."""
    wanted = tab.get_by_role("option", name=field, exact=True)
    for _ in range(TRIES):
        box = tab.get_by_test_id("stDataFrame").first.bounding_box()
        assert box is not None
        tab.mouse.dblclick(box["x"] + box["width"] * 0.35, box["y"] + ROW * (row + 1.5))
        tab.keyboard.type(field)
        try:
            wanted.click(timeout=2_000)
            break
        except TimeoutError:  # the table was drawn anew while its cell opened
            tab.keyboard.press("Escape")
    settle(tab)


def choose(tab: Page, key: str, value: str) -> None:
    field = tab.locator(f".st-key-{key} input")
    field.click()
    field.fill(value)
    tab.keyboard.press("Enter")
    settle(tab)
