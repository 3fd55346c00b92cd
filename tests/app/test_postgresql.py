"""Every page of a shop whose store and records are in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.pipeline.scores import refresh_scores
from crm_core.privacy.gate import customer_code
from crm_core.records import open_records
from crm_core.store import engine_of
from crm_core.ui.navigation import PAGES
from tests.app.conftest import Open
from tests.app.screen import Screen
from tests.small_shop import small_shop
from tests.spring_shop import spring_rows

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.mark.slow
def test_every_page_shows_what_it_shows_of_a_folder(
    open_page: Open, shops: dict[str, Path], database: str, tmp_path: Path
) -> None:
    shop = small_shop(tmp_path, spring_rows(60))
    refresh_scores(shop.url, settings=shop.settings)
    shops["own"] = shop.settings.var
    folder = engine_of(shop.url, shop.settings)
    pointer = folder.pointer()
    with engine_of(database, shop.settings).writing() as change:
        change.adopt("facts", folder.folder / str(pointer.facts))
        change.adopt("scores", folder.folder / str(pointer.scores))
    records = open_records(database)
    secret = records.secret("url_key")
    records.close()
    for spec in PAGES:
        query = {"id": customer_code(secret, 7)} if spec.stem == "customer" else {}
        screen = open_page(spec.stem, shop="own", store=database, warm=True, **query)
        assert not screen.crashed, (spec.stem, screen.failures)
        assert screen.page == spec.stem
        assert (spec.stem, screen.keys_shown) == (spec.stem, [])
        if spec.stem in ("overview", "forecast", "changes"):  # too young to forecast or compare
            assert figures(screen) or spec.stem != "overview"
            same = open_page(spec.stem, shop="own", store=shop.url, warm=True)
            assert (figures(screen), screen.failures) == (figures(same), same.failures)
        else:
            assert not screen.failures, spec.stem


def figures(screen: Screen) -> list[tuple[str, str, str]]:
    """Every figure of a page, with its change."""
    return [(each.label, str(each.value), str(each.delta)) for each in screen.test.metric]
