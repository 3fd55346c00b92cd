"""Who may see names: on every page, from a warm cache, and with identities hidden."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.privacy.gate import customer_code
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.text import t
from crm_core.ui.navigation import PAGES
from tests.app.conftest import Open
from tests.app.screen import Screen

EMAIL = re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
SHORTEST_NAME = 6  # bytes; shorter ones turn up in other words
STEMS = [spec.stem for spec in PAGES]
#: Pages that show single customers to somebody; the others are looked at in the slow tests.
OF_PEOPLE = ("customer", "customers", "audiences", "churn", "value", "privacy")


@dataclass(frozen=True)
class People:
    """The demo shop's customers, as nobody but a test may read them."""

    emails: frozenset[bytes]
    phones: frozenset[bytes]
    names: frozenset[bytes]
    named_key: int

    def seen_on(self, screen: Screen) -> set[bytes]:
        """What of them, unmasked, was sent to the browser."""
        sent = screen.sent
        emails = self.emails & set(EMAIL.findall(sent))
        return emails | {word for word in self.names | self.phones if word in sent}


@pytest.fixture(scope="session")
def people(store: Store) -> People:
    table = store.table("identities")
    named = table.filter(table.name.notnull(), table.email.notnull())
    frame = store.fetch(named.select("customer_key", "name", "email", "phone").limit(50_000))
    names = {str(name).encode() for name in frame["name"]}
    return People(
        emails=frozenset(str(email).encode() for email in frame["email"]),
        phones=frozenset(str(phone).encode() for phone in frame["phone"].dropna()),
        names=frozenset(name for name in names if len(name) >= SHORTEST_NAME),
        named_key=int(frame["customer_key"].iloc[0]),
    )


@pytest.fixture
def code(people: People, shops: dict[str, Path]) -> str:
    """The address of one named customer's page."""
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    secret = records.secret("url_key")
    records.close()
    return customer_code(secret, people.named_key)


@pytest.mark.parametrize(
    "stem",
    [pytest.param(stem, marks=[] if stem in OF_PEOPLE else pytest.mark.slow) for stem in STEMS],
)
def test_a_viewer_never_sees_who_a_customer_is(
    stem: str, open_page: Open, people: People, code: str
) -> None:
    screen = open_page(stem, role="viewer", id=code)
    assert not screen.crashed, screen.failures
    assert people.seen_on(screen) == set()


@pytest.mark.slow
def test_a_marketer_sees_names_and_then_a_viewer_does_not(
    open_page: Open, people: People, code: str
) -> None:
    marketer = open_page("customer", role="marketer", id=code)
    assert people.seen_on(marketer)
    viewer = open_page("customer", role="viewer", id=code, warm=True)
    assert people.seen_on(viewer) == set()


@pytest.mark.slow
@pytest.mark.parametrize("stem", STEMS)
def test_hiding_identities_hides_them_from_the_owner_too(
    stem: str, open_page: Open, people: People, code: str
) -> None:
    screen = open_page(stem, id=code)
    screen.test.toggle(key="present").set_value(True).run()
    hidden = Screen(screen.test)
    assert not hidden.crashed, hidden.failures
    assert people.seen_on(hidden) == set()


def test_the_overview_names_nobody(open_page: Open, people: People) -> None:
    assert people.seen_on(open_page("overview")) == set()


def test_a_made_up_code_opens_nobody(open_page: Open, people: People) -> None:
    screen = open_page("customer", id="a" * 26)
    assert not screen.crashed
    assert t("customer.nobody.title", "en") in [title.value for title in screen.test.title]
    assert people.seen_on(screen) == set()
