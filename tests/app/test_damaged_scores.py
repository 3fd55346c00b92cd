"""A shop whose scores' file was damaged is still open, and says what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.pipeline.scores import refresh_scores
from crm_core.pipeline.workspace import DEMO_DATA, LEARNED, demo_url
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import Open

WORDS = t("app.scores_damaged", "en")


@pytest.fixture
def damaged(copy_demo: Callable[[Path], Path], shops: dict[str, Path], tmp_path: Path) -> Settings:
    var = copy_demo(tmp_path / "var")
    scores = next((var / "demo").glob("scores-*.duckdb"))
    content = scores.read_bytes()[:50_000]
    scores.unlink()  # a link to what others read
    scores.write_bytes(content)
    shops["damaged"] = var
    return Settings(var=var)


@pytest.mark.slow
def test_pages_say_so_and_are_whole_again_after_a_refresh(
    damaged: Settings, open_page: Open
) -> None:
    for stem in ("overview", "segments", "customers", "value"):
        screen = open_page(stem, shop="damaged", warm=stem != "overview")
        assert not screen.crashed, screen.failures
        assert [warning.value for warning in screen.test.warning] == [WORDS]
        assert any(button.key == "scores_rebuild" for button in screen.test.button)
    refresh_scores(demo_url(damaged), settings=damaged, shipped=DEMO_DATA / LEARNED)
    screen = open_page("segments", shop="damaged", warm=True)
    assert not screen.failures
    assert not screen.test.warning


@pytest.mark.slow
def test_a_shop_imported_without_scores_opens_on_the_overview(
    copy_demo: Callable[[Path], Path], shops: dict[str, Path], tmp_path: Path, open_page: Open
) -> None:
    var = copy_demo(tmp_path / "var")
    pointer = var / "demo" / "current.json"
    told = json.loads(pointer.read_text(encoding="utf-8"))
    pointer.unlink()  # a link to what others read
    pointer.write_text(json.dumps(told | {"scores": None}), encoding="utf-8")
    next((var / "demo").glob("scores-*.duckdb")).unlink()
    shops["unscored"] = var
    screen = open_page("overview", shop="unscored")
    assert not screen.failures
    assert t("segments.empty_title", "en") in [header.value for header in screen.test.header]
