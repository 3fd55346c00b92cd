"""A campaign from playbook to lift: drawn, sealed, taken along for two tools, and measured."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from crm_core.audiences.campaign_members import assigned
from crm_core.pipeline.workspace import Workspace, open_workspace, store_url, workspace
from crm_core.privacy.gate import customer_code
from crm_core.records import Campaign
from crm_core.settings import Settings
from crm_core.text import t
from tests.browser.chromium import WAIT_MS, settle
from tests.browser.screens import MODES, opened, visit
from tests.browser.server import running_app
from tests.browser.test_journey import clicked
from tests.cli.conftest import command

PLAY = "win_back"
EMAIL, CODE = t("privacy.column.email", "en"), t("privacy.column.customer", "en")
SHARED = "counter@juniper-jade.example.com"  # of many: an order with it is nobody's
MAPPING = """
name = "later"
amount_is = "line_total"
currency = "EUR"
timezone = "Europe/Berlin"

[columns]
order_id = "Order"
ordered_at = "Date"
email = "Mail"
product_name = "Product"
amount = "Total"
"""


@dataclass
class OwnShop:
    """The demo's data as a shop of one's own, which takes files."""

    var: Path

    @property
    def settings(self) -> Settings:
        return Settings(var=self.var)

    @property
    def place(self) -> Workspace:
        return workspace(self.settings, store_url(self.var / "shop"))

    def drawn(self) -> Drawn:
        """The one campaign, and the people of its arms."""
        store, records = open_workspace(self.settings, self.place)
        with closing(store), closing(records):
            (campaign,) = records.campaigns()
            told = store.fetch(assigned(store, campaign.id), limit=10_000)
            people = store.table("identities").select("customer_key", "email")
            mails = store.fetch(people.semi_join(assigned(store, campaign.id), "customer_key"))
            key = records.secret("url_key")
        return Drawn(
            campaign,
            dict(zip(told["customer_key"], told["arm"], strict=True)),
            {int(k): mail.lower() for k, mail in mails.itertuples(index=False)},
            key,
        )

    def withdraw(self, customer: int) -> None:
        """Somebody follows the link at the end of an e-mail."""
        store, records = open_workspace(self.settings, self.place)
        with closing(store), closing(records):
            records.record_consent(customer, "email", "denied", at=datetime.now(UTC), source="link")


@dataclass(frozen=True)
class Drawn:
    """A sealed campaign: arm and e-mail address of each member."""

    campaign: Campaign
    arms: dict[int, str]
    mails: dict[int, str]
    secret: bytes

    def of(self, arm: str) -> list[int]:
        return sorted(key for key, own in self.arms.items() if own == arm)

    def taken_by_mailchimp(self, keys: list[int]) -> list[int]:
        """Those whose address Mailchimp takes: the demo has one with a Cyrillic letter."""
        return [key for key in keys if self.mails[key].isascii()]

    def codes(self, keys: list[int]) -> set[str]:
        return {customer_code(self.secret, key) for key in keys}


@pytest.fixture
def shop(copy_demo: Callable[[Path], Path], tmp_path: Path) -> OwnShop:
    var = copy_demo(tmp_path / "var")
    shutil.copytree(var / "demo", var / "shop", ignore=shutil.ignore_patterns("source.sha256"))
    (var / "active").write_text("shop", encoding="utf-8")
    return OwnShop(var)


@pytest.fixture
def page(browser: Browser, shop: OwnShop, tmp_path: Path) -> Iterator[tuple[Page, str]]:
    with running_app(shop.var, tmp_path / "log") as url, opened(browser, MODES["light"]) as tab:
        yield tab, url


@pytest.mark.slow
def test_from_a_playbook_to_the_lift_of_later_orders(
    page: tuple[Page, str], shop: OwnShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab, url = page
    begin_and_seal(tab, url)
    drawn = shop.drawn()
    written, held = drawn.of("treatment"), drawn.of("holdout")
    assert held
    taken = drawn.taken_by_mailchimp(written)
    leaver = taken[0]

    choose_format(tab, "mailchimp")
    assert int(metric(tab, "exports.ready_rows").replace(",", "")) == len(taken)
    shop.withdraw(leaver)  # after the page has told how many rows there will be
    stay = [key for key in written if key != leaver]
    rows = read(download(tab, "campaign.list.button", tmp_path))
    assert sorted(row["Email Address"].lower() for row in rows) == mails(drawn, taken[1:])
    choose_format(tab, "klaviyo")
    rows = read(download(tab, "campaign.list.button", tmp_path))
    assert sorted(row["Email Address"].lower() for row in rows) == mails(drawn, stay)
    choose_format(tab, "csv")
    rows = read(download(tab, "campaign.list.button", tmp_path))
    assert {row[CODE] for row in rows} == drawn.codes(stay)
    assert sorted(row[EMAIL].lower() for row in rows) == mails(drawn, stay)
    for reason, people in (("holdout", len(held)), ("opted_out", 1)):
        line = t("app.export.left_out", "en", rows=people, reason=excluded(reason))
        said = tab.get_by_test_id("stAlertContentSuccess").filter(has_text=line).first
        said.wait_for(timeout=WAIT_MS)
    rows = read(download(tab, "campaign.list.exclusion", tmp_path))
    assert {row[CODE] for row in rows} == drawn.codes(held)

    known = [key for key in stay if drawn.mails[key] != SHARED]
    bought = known[::2], held[::3]
    import_orders(shop, tmp_path, drawn, [*bought[0], *bought[1]], monkeypatch)
    visit(tab, url, "campaign", "en")
    lift = len(bought[0]) / len(written) - len(bought[1]) / len(held)
    assert metric(tab, "campaign_results.lift").startswith(f"{lift * 100:+.1f}")
    assert tab.get_by_text(t("campaign_results.outcome.spend", "en")).first.is_visible()


def begin_and_seal(tab: Page, url: str) -> None:
    """A draft of the playbook; the arms are drawn after a yes."""
    visit(tab, url, "playbooks", "en")
    tab.locator(f".st-key-play_{PLAY} button").click()
    heading = tab.get_by_role("heading", name=t("campaign.title", "en"), level=1, exact=True)
    heading.wait_for(timeout=WAIT_MS)
    settle(tab)
    tab.get_by_text(t("campaign.seal.sure", "en")).click()
    settle(tab)
    tab.locator(".st-key-campaign_seal button").click()
    panel = tab.get_by_role("heading", name=t("campaign.list.title", "en"), exact=True)
    panel.wait_for(timeout=WAIT_MS)
    settle(tab)


def choose_format(tab: Page, name: str) -> None:
    tab.get_by_role("radio", name=t(f"exports.format.{name}", "en"), exact=True).click()
    settle(tab)


def metric(tab: Page, label: str) -> str:
    """The value of a figure, by its label."""
    figure = tab.get_by_test_id("stMetric").filter(has_text=t(label, "en")).first
    figure.wait_for(timeout=WAIT_MS)
    return figure.get_by_test_id("stMetricValue").inner_text().strip()


def download(tab: Page, label: str, folder: Path) -> Path:
    told = clicked(tab, tab.get_by_role("button", name=t(label, "en")))
    file = folder / told.suggested_filename
    told.save_as(file)
    settle(tab)
    return file


def read(file: Path) -> list[dict[str, str]]:
    """The rows of a file, or of all files of a list that left in several."""
    if not zipfile.is_zipfile(file):
        return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    with zipfile.ZipFile(file) as parts:
        texts = [
            parts.read(name).decode("utf-8-sig") for name in parts.namelist() if ".csv" in name
        ]
    return [row for text in texts for row in csv.DictReader(io.StringIO(text))]


def mails(drawn: Drawn, keys: list[int]) -> list[str]:
    return sorted(drawn.mails[key] for key in keys)


def excluded(reason: str) -> str:
    return t(f"privacy.excluded.{reason}", "en")


def import_orders(
    shop: OwnShop, folder: Path, drawn: Drawn, buyers: list[int], patch: pytest.MonkeyPatch
) -> None:
    """A file of what members ordered in the window, and somebody days after it."""
    plan = drawn.campaign.plan
    first, after = plan.starts_on + timedelta(days=3), plan.ends_on + timedelta(days=3)
    days: list[tuple[int, date]] = [*((key, first) for key in buyers), (buyers[0], after)]
    file, mapping = folder / "later.csv", folder / "later.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["Order", "Date", "Mail", "Product", "Total"])
        for number, (key, day) in enumerate(days):
            rows.writerow([f"L{number}", f"{day} 10:00", drawn.mails[key], "Gift box", "30.00"])
    later = datetime.combine(after, datetime.min.time(), UTC) + timedelta(days=7)
    patch.setattr("crm_core.cli.now", lambda: later)  # the window is over by then
    said = command(
        shop.var, "import", file, "--mapping", mapping, "--store", shop.place.url,
        "--no-refresh", "--json",
    )  # fmt: skip
    assert (said.code, said.answer["rows"]["loaded"]) == (0, len(days)), said.err
