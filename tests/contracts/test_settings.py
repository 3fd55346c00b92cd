"""The server's settings keep data in: no traceback, no foreign origin, no second way out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tests.contracts.tree import ROOT, repository_files


def config() -> dict[str, Any]:
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_failures_show_neither_message_nor_traceback() -> None:
    client = config()["client"]
    assert client["showErrorDetails"] == "none"
    assert client["showErrorLinks"] is False


def test_tables_offer_no_export_of_their_own() -> None:
    assert config()["client"]["disableDataExport"] is True


def test_the_server_is_closed_to_strangers() -> None:
    server = config()["server"]
    assert server.get("enableXsrfProtection", True) is True
    assert server.get("enableCORS", True) is True
    assert server.get("enableAgentApi", False) is False
    assert not server.get("trustedUserHeaders")
    assert server["maxUploadSize"] <= 50


def test_nothing_is_reported_to_anyone() -> None:
    assert config()["browser"]["gatherUsageStats"] is False


def test_only_fonts_and_the_icon_are_served_as_files() -> None:
    served = {Path(name).suffix for name in repository_files() if name.startswith("static/")}
    assert served <= {".woff2", ".svg", ".png", ".ico", ".txt", ".md"}


def test_charts_have_ten_colours_and_fonts_are_our_own() -> None:
    theme = config()["theme"]
    for scheme in ("light", "dark"):
        assert len(theme[scheme]["chartCategoricalColors"]) >= 10
        assert len(theme[scheme]["chartSequentialColors"]) == 10
    urls = [face["url"] for face in theme["fontFaces"]]
    files = set(repository_files())
    assert urls
    assert [url for url in urls if url.replace("app/static/", "static/") not in files] == []


def test_no_secrets_are_kept() -> None:
    assert [name for name in repository_files() if name.endswith("secrets.toml")] == []
