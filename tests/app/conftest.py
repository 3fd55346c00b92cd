"""Opens pages as a visitor's browser would, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from crm_core.pipeline.workspace import demo_url, store_url, workspace
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.ui import opening
from tests.app.screen import MAIN, Screen
from tests.contracts.tree import ROOT

ROLES = ("single_user", "viewer", "care", "marketer", "admin")
STORES = ("demo", "empty")
LANGUAGES = ("en", "zh")
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

Open = Callable[..., Screen]


@pytest.fixture(scope="session")
def shops(
    copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A CLIENTELE_VAR with the demo open, and one whose own shop is open and still empty."""
    demo = copy_demo(tmp_path_factory.mktemp("demo"))
    empty = copy_demo(tmp_path_factory.mktemp("empty"))
    (empty / "active").write_text("shop", encoding="utf-8")
    for var in (demo, empty):
        settings = Settings(var=var)
        for url in (demo_url(settings), store_url(var / "shop")):
            records = open_records(workspace(settings, url).records_url)
            for role in ROLES[1:]:
                records.save_user(f"{role}@example.test", role, NOW)
            records.close()
    return {"demo": demo, "empty": empty}


@pytest.fixture
def open_page(shops: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page on a server that has served nobody before, or, `warm`, just others.

    `store` is the address that the settings name, if they name one.
    """

    def open_(
        stem: str = "",
        *,
        role: str = "single_user",
        shop: str = "demo",
        language: str = "en",
        warm: bool = False,
        store: str = "",
        **query: str,
    ) -> Screen:
        monkeypatch.chdir(ROOT)
        monkeypatch.setenv("CLIENTELE_VAR", str(shops[shop]))
        monkeypatch.setenv("CLIENTELE_SINGLE_USER", "1" if role == "single_user" else "")
        monkeypatch.setenv("CLIENTELE_STORE", store)
        monkeypatch.delenv("CLIENTELE_RECORDS", raising=False)
        if not warm:
            st.cache_resource.clear()
            st.cache_data.clear()
        opening._settings.clear()  # the environment is read once a process
        test = AppTest.from_file(str(MAIN), default_timeout=120)
        test.query_params["lang"] = language
        for name, value in query.items():
            test.query_params[name] = value
        if role != "single_user":
            sign_in(test, role)
        if stem:
            test.switch_page(str(ROOT / "pages" / f"{stem}.py"))
        return Screen(test.run())

    return open_


def sign_in(test: AppTest, role: str) -> None:
    """Someone who just came back from the sign-in provider."""
    test.secrets["auth"] = {"redirect_uri": "http://localhost/oauth2callback"}
    test.user = {
        "is_logged_in": True,
        "email": f"{role}@example.test",
        "auth_time": int(datetime.now(UTC).timestamp()),
    }
