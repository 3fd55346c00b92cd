"""A question of the Explore page survives its address, and a bad address is no error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.metrics import DIMENSIONS, METRICS
from crm_core.metrics.exploration import SHOWS, Exploration, from_query, to_query
from tests.examples import examples

_DIMENSION = st.sampled_from(sorted(set(DIMENSIONS) - {"account"}))
_QUESTIONS = st.builds(
    Exploration,
    metrics=st.lists(st.sampled_from(sorted(METRICS)), min_size=1, max_size=6, unique=True).map(
        tuple
    ),
    by=st.lists(_DIMENSION, max_size=3, unique=True).map(tuple),
    where=st.lists(st.tuples(_DIMENSION, st.text(max_size=20)), max_size=5, unique=True).map(tuple),
    top=st.integers(1, 500),
    show=st.sampled_from(SHOWS),
)


@settings(max_examples=examples(50))
@given(asked=_QUESTIONS)
def test_a_link_asks_what_was_asked(asked: Exploration) -> None:
    assert from_query(to_query(asked)) == asked


def test_the_usual_question_needs_no_address() -> None:
    assert to_query(Exploration()) == {}
    assert from_query({}) == Exploration()


def test_no_rows_at_all_is_a_question_too() -> None:
    assert from_query(to_query(Exploration(by=()))).by == ()


def test_a_value_may_hold_the_sign_that_divides() -> None:
    asked = Exploration(where=(("product", "a:b"), ("region", "")))
    assert from_query(to_query(asked)) == asked


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"m": ["revenue", "profits"]}, Exploration(metrics=("revenue",))),
        ({"m": ["profits"]}, Exploration()),
        ({"by": ["colour"]}, Exploration()),
        ({"by": ["region"], "across": ["region"]}, Exploration(by=("region",))),
        ({"f": ["colour:red", "region"]}, Exploration()),
        ({"top": ["0"]}, Exploration(top=1)),
        ({"top": ["9" * 5000]}, Exploration()),
        ({"top": ["٣"], "show": ["pie"]}, Exploration()),
    ],
)
def test_what_is_unknown_is_dropped(query: dict[str, list[str]], kept: Exploration) -> None:
    assert from_query(query) == kept
