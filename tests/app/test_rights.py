"""A customer's rights on their page: told to everybody who opens it, decided by who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import Records, open_records
from crm_core.settings import Settings
from crm_core.text import t
from tests.app.conftest import NOW, Open, People


@pytest.fixture
def away(shops: dict[str, Path], people: People) -> Iterator[Records]:
    """The demo's records with the named customer restricted; lifted afterwards."""
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    said = {"reason": "asked by letter", "user": "owner", "now": NOW}
    records.set_restricted(people.named_key, holds=True, **said)
    yield records
    records.set_restricted(people.named_key, holds=False, **said)
    records.close()


@pytest.mark.slow
@pytest.mark.parametrize("role", ["care", "viewer"])
def test_who_opens_a_restricted_customer_is_told_first(
    open_page: Open, away: Records, code: str, role: str
) -> None:
    screen = open_page("customer", role=role, id=code)
    assert not screen.crashed, screen.failures
    words = [str(each.value) for each in screen.test.warning]
    assert any("in no list, file or score" in each for each in words)
    assert not [box for box in screen.test.expander if box.label == t("rights.title", "en")]


@pytest.mark.slow
def test_an_administrator_restricts_and_lifts(open_page: Open, code: str) -> None:
    screen = open_page("customer", role="admin", id=code)
    test = screen.test
    test.text_input(key="rights_restriction_reason").set_value("asked by phone")
    next(b for b in test.button if b.label == t("rights.restrict", "en")).click().run()
    assert any("Restricted since" in str(each.value) for each in test.warning)
    test.text_input(key="rights_restriction_reason").set_value("agreed again")
    next(b for b in test.button if b.label == t("rights.lift", "en")).click().run()
    assert not any("Restricted since" in str(each.value) for each in test.warning)


def test_the_privacy_page_tells_each_table_and_who_sees_it(open_page: Open) -> None:
    screen = open_page("privacy", role="admin")
    assert not screen.crashed, screen.failures
    cells = [cell for table in screen.test.table for cell in table.value.to_numpy().ravel()]
    words = " ".join(map(str, cells))
    assert t("held.identities", "en")[:30] in words
    assert t("privacy.role.care", "en") in words
