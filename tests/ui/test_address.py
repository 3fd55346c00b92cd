from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from crm_core.selection import COMPARISONS, LANGUAGES, PERIODS
from crm_core.ui.address import Asked, from_query, to_query

CODES = st.lists(st.text(min_size=1, max_size=40), max_size=4, unique=True).map(tuple)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(
    st.builds(
        Asked,
        language=st.sampled_from(("", *LANGUAGES)),
        period=st.sampled_from([code for code in PERIODS if code != "custom"]),
        compare=st.sampled_from(COMPARISONS),
        sales_channel=CODES,
        category=CODES,
        region=CODES,
        segment=CODES,
    )
)
def test_a_link_says_exactly_what_was_asked(asked: Asked) -> None:
    assert from_query(to_query(asked)) == asked


@given(DAYS, DAYS)
def test_chosen_days_travel_in_the_link(start: date, end: date) -> None:
    asked = Asked(period="custom", start=start, end=end)
    assert from_query(to_query(asked)) == asked


def test_an_english_link_means_the_same_in_chinese() -> None:
    link = to_query(Asked(language="en", period="90d", category=("shoes",)))
    there = from_query({**link, "lang": ["zh"]})
    assert (there.language, there.period, there.category) == ("zh", "90d", ("shoes",))


def test_nothing_asked_is_an_empty_address() -> None:
    assert to_query(Asked()) == {}


def test_nonsense_in_an_address_is_the_default() -> None:
    asked = from_query({"period": ["<script>"], "lang": ["xx"], "from": ["2026-02-30"]})
    assert asked == Asked()


def test_an_address_cannot_ask_for_thousands_of_values() -> None:
    asked = from_query({"category": [f"c{number}" for number in range(10_000)] + ["x" * 10_000]})
    assert len(asked.category) == 50
    assert max(map(len, asked.category)) <= 200
