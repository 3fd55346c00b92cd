"""Every number of the program is the same on every engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crm_core.audiences import size
from crm_core.metrics import DIMENSIONS
from crm_core.models import bg_nbd, gamma_gamma
from crm_core.models import rfm as segments
from crm_core.models.holdout import read_holdout
from crm_core.privacy.gate import identities, search
from crm_core.privacy.policy import Access
from crm_core.rules import Condition
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.costs import costs
from crm_core.views.customer import customer
from crm_core.views.customers import customers
from crm_core.views.history import history
from crm_core.views.overview import overview
from crm_core.views.segments import segments as segments_view
from crm_core.views.value import value
from tests.engines.alike import answers, differences
from tests.engines.questions import EARLIER, END, QUESTIONS, measured

pytestmark = [pytest.mark.xdist_group("postgres")]
OWNER = Access("single_user", "owner")


@pytest.fixture(params=["postgres"])
def other(request: pytest.FixtureRequest) -> Store:
    """The store on another engine."""
    store: Store = request.getfixturevalue(f"on_{request.param}")
    return store


def test_every_table_is_there_whole(reference: Store, other: Store) -> None:
    names = sorted(reference._schemas)
    assert sorted(other._schemas) == names
    wrong = [
        said
        for name in names
        if name != "meta"
        for said in differences(
            answers(reference, reference.table(name)), answers(other, other.table(name)), name
        )
    ]
    assert wrong == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_expression(reference: Store, other: Store, name: str) -> None:
    question = QUESTIONS[name]
    assert (
        differences(answers(reference, question(reference)), answers(other, question(other))) == []
    )


@pytest.mark.parametrize("by", DIMENSIONS)
@pytest.mark.parametrize("segment", ["", "champions"])
def test_every_metric(reference: Store, other: Store, by: str, segment: str) -> None:
    assert differences(measured(reference, by, segment), measured(other, by, segment)) == []


VIEWS: dict[str, Any] = {
    "overview": (overview, {}),
    "segments": (segments_view, {}),
    "customers": (customers, {}),
    "value": (value, {}),
    "costs": (costs, {}),
    "customer": (customer, {"key": 7}),
    "history": (history, {"key": 7}),
}
SELECTIONS = {
    "all": Selection(),
    "narrow": Selection(segment=("champions", "loyal"), sales_channel=("web", "app")),
}


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("name", VIEWS)
def test_a_page(reference: Store, other: Store, name: str, selection: str) -> None:
    view, more = VIEWS[name]
    asked = replace(SELECTIONS[selection], language="en")
    shown = [view(asked, store=store, access=OWNER, **more) for store in (reference, other)]
    assert differences(*shown) == []


def test_models_learn_the_same(reference: Store, other: Store) -> None:
    for fit in (bg_nbd.fit, gamma_gamma.fit, segments.fit):
        one, two = fit(reference, as_of=END), fit(other, as_of=END)
        assert one.fingerprint == two.fingerprint
        assert one.parameters == pytest.approx(two.parameters)
    one, two = (read_holdout(store, EARLIER, 91) for store in (reference, other))
    assert (one.next_cents == two.next_cents).all()


@pytest.mark.parametrize("words", ["émile", "ZOË", "李", "o'neill", "%", "_", "\\", "3045", "köln"])
def test_a_search_finds_the_same_people(reference: Store, other: Store, words: str) -> None:
    one, two = (search(store, OWNER, words, secret=bytes(32)) for store in (reference, other))
    assert one == two
    if one:
        assert differences(identities(reference, OWNER, one), identities(other, OWNER, two)) == []


def test_a_list_has_the_same_size_and_reach(reference: Store, other: Store) -> None:
    for rule in (Condition("segment", "in", ("champions", "loyal")), Condition("orders", ">", 0)):
        assert differences(size(reference, rule), size(other, rule)) == []
