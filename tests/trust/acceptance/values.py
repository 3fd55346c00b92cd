"""Values that are odd, wrong, or only look so."""

from __future__ import annotations

from tests.trust.acceptance.case import EXPORT, LINES, MERGE, Case

_VALUES = "tests/store/imports/test_values.py"
_LEDGER = "tests/store/test_ledger.py"
_PEOPLE = "tests/trust/test_people.py"
_BAD_ROW = f"{LINES}::test_a_bad_row_is_set_aside_and_its_neighbours_stay"

CASES = {
    42: Case(
        "a negative quantity is a return of its order",
        (
            f"{LINES}::test_a_return_becomes_a_refund_of_its_order",
            f"{_LEDGER}::test_a_refund_has_its_own_day_and_is_no_order",
            f"{_LEDGER}::test_an_order_given_back_whole_leaves_nothing_also_with_tax_in_prices",
            "tests/pipeline/test_imports.py"
            "::test_goods_sent_back_in_a_later_file_are_a_refund_of_the_order_before",
        ),
    ),
    43: Case(
        "1900-01-01, a year ahead, 9999-12-31, 2026-02-30",
        (_BAD_ROW, f"{_VALUES}::test_dates_are_read_in_one_order_or_not_at_all"),
    ),
    44: Case(
        "01/02/2026 without a word which is the month",
        (
            f"{_VALUES}::test_an_order_is_never_guessed",
            "tests/cli/test_loading.py::test_day_or_month_first_is_asked_and_answered",
            "tests/store/imports/test_bad_files.py::test_a_date_order_settles_ambiguous_dates",
        ),
    ),
    45: Case(
        "the hours when clocks change, with an offset and without",
        (
            f"{_VALUES}::test_the_day_is_the_shops_day_also_when_clocks_change",
            f"{_LEDGER}::test_a_day_is_the_shops_day",
        ),
    ),
    46: Case(
        "two currencies are never added up",
        (
            f"{LINES}::test_currencies_are_never_added_up",
            f"{LINES}::test_a_mapping_in_another_currency_than_the_store_is_refused",
            "tests/pipeline/test_imports.py::test_what_was_said_of_a_shop_once_stays_said",
        ),
    ),
    47: Case(
        "NaN, infinity, 1e999 and 1.234,50 as prices",
        (_BAD_ROW, f"{_VALUES}::test_numbers_are_read_in_one_style_or_not_at_all"),
    ),
    48: Case(
        "ids like 00123, 12345.0, 1.2E+05 and 23 digits",
        (
            f"{LINES}::test_a_plain_order_file_needs_no_mapping",
            f"{LINES}::test_long_ids_and_a_megabyte_of_text_survive",
            f"{EXPORT}::test_awkward_names_stay_as_they_are",
        ),
    ),
    49: Case(
        "people called Null, NA, None, NaN, O'Brien, 王芳",
        (
            f"{LINES}::test_names_that_look_like_nothing_are_names",
            f"{EXPORT}::test_awkward_names_stay_as_they_are",
        ),
    ),
    50: Case(
        "guests: their revenue counts, no list reaches them",
        (f"{_PEOPLE}::test_a_guests_revenue_counts_but_nobody_writes_to_a_guest",),
    ),
    51: Case(
        "e-mails that are one person's, and those that only look so",
        (
            f"{_PEOPLE}::test_an_email_is_one_person_only_by_the_stated_rule",
            f"{MERGE}::test_the_same_email_is_one_person_and_a_lookalike_is_not",
            "tests/store/test_people_rules.py::test_a_look_alike_is_flagged_and_never_merged",
        ),
    ),
}
