"""Every number of the program is the same on every engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from crm_core.audiences import size
from crm_core.errors import CrmError
from crm_core.metrics import DIMENSIONS
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore import explore
from crm_core.models import bg_nbd, gamma_gamma, lifecycle
from crm_core.models import rfm as segments
from crm_core.models.holdout import read_holdout
from crm_core.models.snapshots import read_snapshot
from crm_core.privacy.gate import IDENTITY_COLUMNS, identities, search
from crm_core.privacy.policy import Access
from crm_core.rules import Condition
from crm_core.schema import TABLES
from crm_core.selection import Period, Selection
from crm_core.settings import Settings
from crm_core.store import Store, engine_of
from crm_core.views.changes import changes
from crm_core.views.churn import churn, win_back
from crm_core.views.compare import compare
from crm_core.views.costs import costs
from crm_core.views.customer import customer
from crm_core.views.customers import customers
from crm_core.views.history import history
from crm_core.views.overview import overview
from crm_core.views.segments import segments as segments_view
from crm_core.views.value import value
from tests.engines.alike import answers, differences
from tests.engines.care_questions import OF_WORDS
from tests.engines.questions import (
    EARLIER,
    END,
    OF_PEOPLE,
    QUESTIONS,
    Question,
    measured,
)
from tests.examples import fast

pytestmark = [pytest.mark.xdist_group("postgres")]
OWNER = Access("single_user", "owner")
PERSONAL = {column.name for table in TABLES.values() for column in table.stored() if column.pii}
UNSHARED = {
    "identities", "key_moves", "keys_given", "shared_addresses", "import_batches", "quarantine",
    "meta", "members_meta",
}  # fmt: skip


@pytest.fixture(
    params=["postgres", pytest.param("spark", marks=[pytest.mark.slow, pytest.mark.spark])]
)
def other(request: pytest.FixtureRequest) -> Store:
    """The store on another engine."""
    store: Store = request.getfixturevalue(f"on_{request.param}")
    return store


@pytest.fixture
def named(other: Store) -> Store:
    """The same, where it knows people by name: files for Spark do not."""
    if not other.has("identities"):
        pytest.skip("no identities")
    return other


def _shared(table: ir.Table, other: Store) -> ir.Table:
    """What another engine has the same values of: files that name nobody number the browsers."""
    numbered = "visitor_id" in table.columns and not other.has("identities")
    return table.drop("visitor_id") if numbered else table


def test_every_table_is_there_whole(reference: Store, other: Store) -> None:
    names = reference.names()
    assert other.names() == (names if other.has("identities") else names - UNSHARED)
    wrong = [
        said
        for name in sorted(other.names())
        if name != "meta"
        for said in asked(
            lambda store, name=name: _shared(store.table(name), other), reference, other
        )
    ]
    assert wrong == []


#: What differs in kind: marts with and without the shop's own rules, money in decimals, people on
#: a day, who moved, texts and days in conditions, behaviour in order, campaigns, parts, visits.
AT_GATE = (
    "plain refunds", "elaborate sales", "elaborate sold_lines", "elaborate customer_facts",
    f"features {END}", f"rfm {END}", f"spend_history {EARLIER}", "flows stage",
    "rule contains %", "rule is Émile", "rule in", "rule >", "rule in_last_days", "rule did order",
    "rule soon after", "tenths revenue", "sums", "profit segment", "losing",
    "funnel sessions", "empty shelves True", "beside contact",
)  # fmt: skip
BY_AT_GATE = ("day", "week", "account", "product", "cohort", "new_returning")


@pytest.mark.parametrize(
    "name",
    fast(list(QUESTIONS), *AT_GATE),
)
def test_an_expression(reference: Store, other: Store, name: str) -> None:
    assert asked(QUESTIONS[name], reference, other) == []


@pytest.mark.slow
def test_every_question_can_be_asked(reference: Store) -> None:
    """The answers of most are held against other engines among the slow tests only."""
    for question in (*QUESTIONS.values(), *OF_WORDS.values(), *OF_PEOPLE.values()):
        assert question(reference).columns


PEOPLE_AT_GATE = ("contact email", "contact ads", "judged")


@pytest.mark.parametrize("name", sorted(OF_WORDS))
def test_an_expression_about_words(reference: Store, named: Store, name: str) -> None:
    assert asked(OF_WORDS[name], reference, named) == []


@pytest.mark.parametrize("name", fast(list(OF_PEOPLE), *PEOPLE_AT_GATE))
def test_an_expression_about_people(reference: Store, named: Store, name: str) -> None:
    assert asked(OF_PEOPLE[name], reference, named) == []


def asked(question: Question, reference: Store, other: Store) -> list[str]:
    """Where two engines' answers differ; columns that name somebody may be missing."""
    one, two = question(reference), question(other)
    missing = set(one.columns) - set(two.columns)
    allowed: set[str] = set() if other.has("identities") else PERSONAL
    if not missing <= allowed:
        return [f"lacks {sorted(missing)}"]
    kept = one.select(*two.columns) if missing else one  # a selection would forget the order
    return differences(answers(reference, kept), answers(other, two))


#: The shop has too few people for groups (`cluster`). The gate asks one of each kind.
SPLITS = fast([by for by in DIMENSIONS if by != "cluster"], *BY_AT_GATE)
EXPLORATIONS = {
    "others": Exploration(("net_revenue", "orders", "buyers"), ("category", "weekday"), top=2),
    "others of two": Exploration(("buyers", "margin_rate"), ("region", "payment_method"), top=3),
    "columns": Exploration(("revenue", "buyers"), ("month",), across="new_returning"),
    "change": Exploration(("revenue",), ("week",), show="change", where=(("coupon", ""),)),
    "cohorts": Exploration(("orders",), ("cohort", "first_category"), where=(("weekday", "1"),)),
}


@pytest.mark.parametrize(
    "name", [n if n == "others" else pytest.param(n, marks=pytest.mark.slow) for n in EXPLORATIONS]
)
def test_an_exploration(reference: Store, other: Store, name: str) -> None:
    period = Period(date(2026, 7, 1), date(2026, 9, 30))
    found = [
        explore(store, Selection(), EXPLORATIONS[name], period=period, compared=period.before())
        for store in (reference, other)
    ]
    assert differences(*found) == []


@pytest.mark.parametrize("by", SPLITS)
@pytest.mark.parametrize("segment", ["", pytest.param("champions", marks=pytest.mark.slow)])
def test_every_metric(reference: Store, other: Store, by: str, segment: str) -> None:
    assert differences(measured(reference, by, segment), measured(other, by, segment)) == []


VIEWS: dict[str, Any] = {
    "overview": (overview, {}),
    "changes": (changes, {"by": "sales_channel", "name": "margin"}),
    "changes_of_segments": (changes, {"by": "segment"}),
    "segments": (segments_view, {}),
    "segments_rfm": (segments_view, {"by": "rfm"}),
    "segments_loyalty": (segments_view, {"by": "loyalty"}),
    "compare": (compare, {"left": "stage.active", "right": "loyalty.gold"}),
    "customers": (customers, {}),
    "value": (value, {}),
    "churn": (churn, {}),
    "win_back": (win_back, {}),
    "costs": (costs, {}),
    "customer": (customer, {"key": 7}),
    "history": (history, {"key": 7}),
}
SELECTIONS = {
    "all": Selection(),
    "narrow": Selection(segment=("champions", "loyal"), sales_channel=("web", "app")),
}


@pytest.mark.slow
@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("name", VIEWS)
def test_a_page(reference: Store, other: Store, name: str, selection: str) -> None:
    view, more = VIEWS[name]
    asked = replace(SELECTIONS[selection], language="en")
    shown = [view(asked, store=store, access=OWNER, **more) for store in (reference, other)]
    assert differences(*shown) == []


@pytest.mark.slow
def test_models_learn_the_same(reference: Store, other: Store) -> None:
    for fit in (bg_nbd.fit, gamma_gamma.fit, lifecycle.fit, segments.fit):
        one, two = fit(reference, as_of=END), fit(other, as_of=END)
        assert one.fingerprint == two.fingerprint
        assert one.parameters == pytest.approx(two.parameters)
    one, two = (read_holdout(store, EARLIER, 91) for store in (reference, other))
    assert (one.next_cents == two.next_cents).all()
    seen, same = (read_snapshot(store, EARLIER, 91) for store in (reference, other))
    assert all((seen[name] == same[name]).all() for name in seen.past)
    assert (seen.next_orders == same.next_orders).all()


@pytest.mark.parametrize("words", ["émile", "ZOË", "李", "o'neill", "%", "_", "\\", "3045", "köln"])
def test_a_search_finds_the_same_people(reference: Store, named: Store, words: str) -> None:
    one, two = (search(store, OWNER, words, secret=bytes(32)) for store in (reference, named))
    assert one == two
    if one:
        assert differences(identities(reference, OWNER, one), identities(named, OWNER, two)) == []


def test_a_list_has_the_same_size_and_reach(reference: Store, other: Store) -> None:
    for rule in (Condition("segment", "in", ("champions", "loyal")), Condition("orders", ">", 0)):
        one, two = size(reference, rule), size(other, rule)
        if not other.has("identities"):
            assert set(two.reachable.values()) == {0}
            two = replace(two, reachable=one.reachable)
        assert differences(one, two) == []


@pytest.mark.slow
@pytest.mark.spark
def test_spark_knows_nobody_by_name_and_takes_nothing_in(
    on_spark: Store, lake: Path, settings: Settings
) -> None:
    assert search(on_spark, OWNER, "émile", secret=bytes(32)) == []
    assert identities(on_spark, OWNER, [7]).columns.tolist() == ["customer_key", *IDENTITY_COLUMNS]
    assert identities(on_spark, OWNER, [7])["name"].isna().all()
    engine = engine_of(f"spark-local:///{lake}", settings)
    with pytest.raises(CrmError, match="store_read_only_engine"), engine.writing():
        raise AssertionError


@pytest.mark.slow
@pytest.mark.spark
def test_spark_gives_all_rows_and_stops_what_takes_too_long(
    reference: Store, on_spark: Store
) -> None:
    keys = ["order_key", "entry", "line_id", "day"]
    for name in ("order_facts", "ledger"):
        one, two = (
            pa.Table.from_batches(list(store.stream(store.table(name), 700, purpose="score")))
            for store in (reference, on_spark)
        )
        order = [(key, "ascending") for key in keys if key in one.column_names]
        assert one.sort_by(order).equals(two.sort_by(order))
    ledger = on_spark.table("ledger")
    units = ledger.select(one="units").cross_join(ledger.select(two="units"))
    units = units.cross_join(ledger.select(three="units").limit(40))
    with pytest.raises(CrmError, match="query_timeout"):
        on_spark.fetch(units.agg(n=(units.one * units.two + units.three).sum()), seconds=1)
    with pytest.raises(CrmError, match="too_many_rows"):
        on_spark.fetch(ledger, limit=10)
