"""Who talks to customers sees one at a time, and nothing a customer is rated by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.privacy.gate import customer_code
from crm_core.records import AuditLine, open_records
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.text import t
from tests.app.conftest import Open
from tests.app.screen import Screen

Shown = Callable[[str], Screen]


@pytest.fixture(scope="session")
def person(store: Store) -> dict[str, str]:
    """A customer with a name, an e-mail and orders; `key` too."""
    people, facts = store.table("identities"), store.table("customer_facts")
    known = people.filter(people.name.notnull(), people.email.notnull(), people.city.notnull())
    bought = known.semi_join(facts, "customer_key").order_by("customer_key").limit(1)
    return {str(name): str(value) for name, value in store.fetch(bought).iloc[0].items()}


@pytest.fixture
def code(person: dict[str, str], shops: dict[str, Path]) -> str:
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    secret = records.secret("url_key")
    records.close()
    return customer_code(secret, int(person["customer_key"]))


def reveals(shops: dict[str, Path]) -> list[AuditLine]:
    settings = Settings(var=shops["demo"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    try:
        return records.audit_lines(action="revealed")
    finally:
        records.close()


def test_care_opens_a_record_without_value_and_the_log_says_so(
    open_page: Open, code: str, person: dict[str, str], shops: dict[str, Path]
) -> None:
    before = len(reveals(shops))
    screen = open_page("customer", role="care", id=code, warm=True)
    assert not screen.failures
    assert person["email"].encode() in screen.sent
    words = "\n".join(screen.words)
    rated = ("metric.contribution.label", "feature.expected_contribution.label", "customer.value",
             "customer.risk", "customer.why", "customer.money")  # fmt: skip
    assert [key for key in rated if t(key, "en") in words] == []
    (line,) = reveals(shops)[: len(reveals(shops)) - before]
    assert (line.user, line.subject) == ("care@example.test", {"customer": code})
    screen.test.run()
    assert len(reveals(shops)) == before + 1  # once a visit, not once a click


def test_a_search_gives_care_names_and_no_whole_address(
    open_page: Open, person: dict[str, str]
) -> None:
    screen = open_page("customers", role="care", warm=True)
    assert not screen.failures
    assert not screen.test.dataframe
    screen.test.text_input(key="customers_search").set_value(person["email"]).run()
    found = Screen(screen.test)
    assert not found.failures
    assert person["name"].encode() in found.sent
    (table,) = found.test.dataframe
    assert list(table.value["email"]) != [person["email"]]
    assert person["phone"].encode() not in found.sent


@pytest.mark.slow
def test_a_marketer_shows_contacts_by_a_click_that_is_logged(
    open_page: Open, code: str, person: dict[str, str], shops: dict[str, Path]
) -> None:
    before = len(reveals(shops))
    screen = open_page("customer", role="marketer", id=code, warm=True)
    assert not screen.failures
    assert person["name"].encode() in screen.sent
    assert person["email"].encode() not in screen.sent
    assert len(reveals(shops)) == before
    screen.test.button(key="reveal").click().run()
    shown = Screen(screen.test)
    assert not shown.failures
    assert person["email"].encode() in shown.sent
    assert reveals(shops)[0].user == "marketer@example.test"
    assert len(reveals(shops)) == before + 1


def test_while_presenting_care_reveals_nobody(
    open_page: Open, code: str, person: dict[str, str], shops: dict[str, Path]
) -> None:
    before = len(reveals(shops))
    screen = open_page("customers", role="care", warm=True, id=code)
    screen.test.toggle(key="present").set_value(True).run()
    screen.test.switch_page(str(Path(__file__).parents[2] / "pages" / "customer.py")).run()
    hidden = Screen(screen.test)
    assert not hidden.failures
    assert person["email"].encode() not in hidden.sent
    assert person["name"].encode() not in hidden.sent
    assert len(reveals(shops)) == before
