"""Periods and what they are compared with."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm_core.selection import Period, Selection

AS_OF = date(2026, 6, 30)
LONG_AGO = date(2000, 1, 1)

periods = st.builds(
    lambda start, days: Period(start, start + timedelta(days)),
    st.dates(date(2016, 1, 1), date(2026, 1, 1)),
    st.integers(0, 1_000),
)


@given(period=periods)
def test_a_period_and_the_year_before_share_no_day_and_are_of_one_length(period: Period) -> None:
    before = period.year_before()
    assert before.end < period.start
    assert before.days == period.days
    if period.days <= 364:  # Mondays meet Mondays, a year ago
        assert period.start - before.start == timedelta(52 * 7)


def test_twelve_months_are_compared_with_the_twelve_before() -> None:
    twelve = Selection(period="12m", compare="year")
    assert twelve.compared(LONG_AGO, AS_OF) == Period(date(2024, 7, 1), date(2025, 6, 30))
    this_year = Selection(period="ytd", compare="year")
    assert this_year.compared(LONG_AGO, AS_OF) == Period(date(2025, 1, 2), date(2025, 7, 1))
