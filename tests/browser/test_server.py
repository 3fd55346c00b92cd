"""The server itself: small enough for a free host, and content with a disk it cannot write."""

from __future__ import annotations

import re
import subprocess
import urllib.request
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from crm_core.text import t
from tests.browser.chromium import WAIT_MS, settle
from tests.browser.screens import MODES, opened, page_names, visit
from tests.browser.server import MOST_MB, ROOT, resident_mb, running_app


def changes() -> str:
    """What differs in the checkout from what was committed, ignored files left out."""
    status = ["git", "status", "--porcelain"]
    return subprocess.run(status, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_every_page_fits_a_small_host(browser: Browser, tmp_path: Path) -> None:
    """From nothing: the demo is built by the first visit, then every page is opened."""
    with (
        running_app(tmp_path / "var", tmp_path / "log") as url,
        opened(browser, MODES["light"]) as page,
    ):
        for name in page_names():
            visit(page, url, name, "en")
        held = resident_mb(url)
    print(f"resident after every page: {held:.0f} MB")
    assert held < MOST_MB


@pytest.mark.slow
def test_a_disk_that_cannot_be_written_is_said_and_survived(
    browser: Browser, tmp_path: Path
) -> None:
    before = changes()
    with (
        running_app(Path("/proc/nowhere"), tmp_path / "log") as url,
        opened(browser, MODES["light"]) as page,
    ):
        page.goto(f"{url}/?lang=en", timeout=WAIT_MS)
        settle(page)
        assert page.get_by_text(t("app.not_lasting", "en")).is_visible()
        assert page.get_by_test_id("stMetric").count() == 5
    assert changes() == before


def test_answers_carry_what_keeps_data_in(app_url: str) -> None:
    with urllib.request.urlopen(app_url, timeout=10) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "http" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_health_check_of_the_image_is_answered_whatever_name_it_asks_for(app_url: str) -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    path = re.search(r"127\.0\.0\.1:8501(/\S+?)'", dockerfile)
    assert path
    asked = urllib.request.Request(app_url + path[1], headers={"Host": "elsewhere.example"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.status == 200
        assert answer.read() == b"ok"


@pytest.mark.parametrize(
    "path",
    ["app.py", "data/customers.parquet", ".streamlit/config.toml", "crm_core/cli/__init__.py"],
)
@pytest.mark.parametrize("prefix", ["/", "/app/static/", "/app/static/../", "/app/static/%2e%2e/"])
def test_no_code_and_no_data_is_served(prefix: str, path: str, app_url: str) -> None:
    """An unknown address answers with a refusal or the app's empty frame, never with a file."""
    address = urlsplit(app_url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.request("GET", prefix + path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    is_frame = b'<div id="root"></div>' in body
    assert answer.status >= 400 or is_frame
