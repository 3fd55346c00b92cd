"""The acceptance cases of trust, by number, each with the tests that prove it.

A test may prove several cases, a case may need several tests. What a real browser asks for and
draws is shown in tests/browser; the rest needs none.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.trust.conftest import ATTACKS

ROOT = Path(__file__).parents[2]

_ESCAPE = "tests/privacy/test_escape.py"
_EXPORT = "tests/privacy/test_export.py"
_FILES = "tests/privacy/test_files.py"
_SHOWN = "tests/trust/test_rendering.py"
_RULES = "tests/rules/test_attacks.py"
_LINES = "tests/store/imports/test_order_lines.py"
_MERGE = "tests/store/test_merge.py"
_BROWSER = "tests/browser/test_every_page.py"

_CELL = (
    f"{_ESCAPE}::test_a_formula_becomes_text",
    f"{_ESCAPE}::test_no_cell_starts_what_a_spreadsheet_runs_or_breaks_its_line",
    f"{_ESCAPE}::test_unescaping_gives_the_text_back_on_one_line",
    f"{_EXPORT}::test_formulas_in_any_column_come_out_as_text",
    "tests/cli/test_exports.py::test_a_spreadsheet_holds_no_formula",
    "tests/privacy/test_platforms.py::test_no_file_holds_a_formula_and_no_value_is_altered",
)
_MARKDOWN = (
    f"{_ESCAPE}::test_markdown_has_no_mark_left_that_is_not_escaped",
    f"{_SHOWN}::test_no_attack_reaches_what_reads_markdown",
    f"{_SHOWN}::test_every_attack_is_a_customer_one_can_look_at",
    "tests/app/test_customer_pages.py::test_a_hostile_name_is_only_a_name",
)
_DRAWN = (*_MARKDOWN, f"{_BROWSER}::test_page")


@dataclass(frozen=True)
class Case:
    """What is attempted or goes wrong, and the tests that show what happens then."""

    about: str
    tests: tuple[str, ...]


CASES = {
    1: Case("=1+1 in a cell", _CELL),
    2: Case("+1+1 in a cell", _CELL),
    3: Case("-1+1 in a cell", _CELL),
    4: Case("@SUM(1) in a cell", _CELL),
    5: Case("a formula after a tab", _CELL),
    6: Case("a formula after a carriage return", _CELL),
    7: Case("a formula after a line break, and one that breaks a row in two", _CELL),
    8: Case("a formula in full-width letters", _CELL),
    9: Case("a formula after spaces that are not seen", _CELL),
    10: Case("HYPERLINK and cmd in a cell", _CELL),
    11: Case(
        "a formula as heading, sheet name or file name",
        (
            f"{_EXPORT}::test_formulas_in_any_column_come_out_as_text",
            f"{_FILES}::test_a_file_name_is_a_name_and_no_path",
            f"{_FILES}::test_a_sheet_name_is_one_a_spreadsheet_takes",
        ),
    ),
    12: Case(
        "-5.00 and +8613800000000 stay usable",
        (
            f"{_ESCAPE}::test_what_cannot_run_stays_as_it_is",
            f"{_EXPORT}::test_phone_numbers_and_ids_stay_usable",
            f"{_FILES}::test_numbers_stay_numbers_and_text_stays_text",
        ),
    ),
    13: Case(
        "script, onerror and svg in names",
        (*_DRAWN, "tests/contracts/test_door.py::test_nothing_draws_raw_html_or_tracebacks"),
    ),
    14: Case("a picture of another host in a name: nothing is fetched", _DRAWN),
    15: Case("a link in a name is shown, not followed", _DRAWN),
    16: Case(
        "iframe and style in names",
        (*_DRAWN, "tests/contracts/test_door.py::test_nothing_draws_raw_html_or_tracebacks"),
    ),
    17: Case("maths, icons and colours in names", _MARKDOWN),
    18: Case(
        "tags and endless names in charts",
        (
            f"{_ESCAPE}::test_a_chart_label_holds_no_tag_link_or_placeholder",
            f"{_ESCAPE}::test_long_text_is_cut",
            f"{_SHOWN}::test_charts_hold_no_tag_and_no_endless_label",
            "tests/charts/test_bars.py::test_a_name_from_the_shop_cannot_become_a_link",
            "tests/charts/test_base.py::test_a_label_is_inert_and_short",
        ),
    ),
    19: Case(
        "direction marks, zero-width letters, emoji, right to left",
        (
            f"{_ESCAPE}::test_lines_controls_and_direction_marks_are_gone",
            f"{_SHOWN}::test_every_attack_is_a_customer_one_can_look_at",
        ),
    ),
    20: Case(
        "javascript: and data: addresses are no links",
        (
            f"{_SHOWN}::test_nothing_turns_a_cell_into_a_link_or_a_picture",
            f"{_SHOWN}::test_every_attack_is_a_customer_one_can_look_at",
        ),
    ),
    21: Case(
        "an upload named like a path and a tag",
        (f"{_SHOWN}::test_an_uploaded_file_is_shown_as_text_and_never_taken_for_a_path",),
    ),
    22: Case(
        "' OR 1=1-- as a value",
        (
            f"{_RULES}::test_text_is_only_ever_a_value",
            f"{_RULES}::test_an_attacking_text_finds_the_customer_who_has_it",
            "tests/privacy/test_gate.py::test_text_is_looked_for_as_it_stands",
        ),
    ),
    23: Case(
        "SQL as a field's name",
        (
            f"{_RULES}::test_a_field_that_is_not_on_the_list_is_refused",
            "tests/cli/test_exports.py::test_a_list_that_may_not_be_leaves_no_file",
        ),
    ),
    46: Case(
        "two currencies are never added up",
        (
            f"{_LINES}::test_currencies_are_never_added_up",
            f"{_LINES}::test_a_mapping_in_another_currency_than_the_store_is_refused",
            "tests/pipeline/test_imports.py::test_what_was_said_of_a_shop_once_stays_said",
        ),
    ),
    47: Case(
        "NaN, infinity, 1e999 and 1.234,50 as prices",
        (f"{_LINES}::test_a_bad_row_is_set_aside_and_its_neighbours_stay",),
    ),
    48: Case(
        "ids like 00123, 12345.0, 1.2E+05 and 23 digits",
        (
            f"{_LINES}::test_a_plain_order_file_needs_no_mapping",
            f"{_LINES}::test_long_ids_and_a_megabyte_of_text_survive",
            f"{_EXPORT}::test_awkward_names_stay_as_they_are",
        ),
    ),
    49: Case(
        "people called Null, NA, None, NaN, O'Brien, 王芳",
        (
            f"{_LINES}::test_names_that_look_like_nothing_are_names",
            f"{_EXPORT}::test_awkward_names_stay_as_they_are",
        ),
    ),
    50: Case(
        "guests: their revenue counts, no list reaches them",
        ("tests/trust/test_people.py::test_a_guests_revenue_counts_but_nobody_writes_to_a_guest",),
    ),
    51: Case(
        "e-mails that are one person's, and those that only look so",
        (
            "tests/trust/test_people.py::test_an_email_is_one_person_only_by_the_stated_rule",
            f"{_MERGE}::test_the_same_email_is_one_person_and_a_lookalike_is_not",
        ),
    ),
    52: Case(
        "the same file again, shuffled, or overlapping",
        (
            f"{_MERGE}::test_the_same_rows_again_change_nothing",
            f"{_MERGE}::test_overlapping_and_shuffled_files_give_the_same_rows",
            f"{_LINES}::test_shuffled_and_overlapping_files_give_the_same_rows",
            "tests/store/imports/test_cdnow.py"
            "::test_a_shuffled_log_and_overlapping_halves_give_the_same_rows",
            "tests/cli/test_loading.py::test_the_published_cdnow_sample_and_once_more",
        ),
    ),
    54: Case(
        "opted out on one channel, or between preview and click",
        (
            f"{_EXPORT}::test_opted_out_of_mail_only_is_still_in_the_text_message_list",
            f"{_EXPORT}::test_an_opt_out_between_preview_and_click_counts",
            f"{_EXPORT}::test_an_opt_out_while_the_list_is_written_counts",
            "tests/pipeline/test_decisions.py"
            "::test_an_opt_out_follows_the_person_into_the_joined_customer",
        ),
    ),
    56: Case(
        "a viewer who wants a list: button, call, agent, guessed address",
        (
            f"{_EXPORT}::test_a_viewer_gets_nothing_and_the_log_says_who_tried",
            "tests/trust/test_people.py::test_who_may_take_a_list_along",
            "tests/trust/test_door.py::test_a_viewer_is_offered_no_list_on_any_page",
            "tests/trust/test_door.py::test_a_list_has_no_address_and_no_bytes_before_the_click",
            "tests/contracts/test_settings.py::test_the_server_is_closed_to_strangers",
            f"{_EXPORT}::test_two_lists_of_the_same_length_have_different_names",
        ),
    ),
    58: Case(
        "a viewer after somebody who may see names, from a warm cache",
        ("tests/app/test_privacy.py::test_a_marketer_sees_names_and_then_a_viewer_does_not",),
    ),
    61: Case(
        "kill -9 at any moment of an import",
        (
            "tests/pipeline/test_kills.py::test_a_killed_import_is_wholly_there_or_not_at_all",
            "tests/pipeline/test_kills.py::test_a_first_import_that_is_killed_leaves_an_empty_store",
        ),
    ),
    63: Case(
        "a flipped bit, a cut-off or missing file",
        (
            "tests/store/test_connection.py"
            "::test_one_flipped_bit_is_noticed_and_never_a_wrong_number",
            "tests/store/test_connection.py::test_a_cut_off_file_is_noticed",
            "tests/store/test_connection.py"
            "::test_a_missing_file_is_named_and_no_empty_shop_is_shown",
            "tests/cli/test_loading.py::test_a_damaged_store_says_how_to_go_on",
        ),
    ),
}


@pytest.mark.parametrize("number", CASES)
def test_case_is_proved(number: int) -> None:
    assert CASES[number].tests
    missing = [name for name in CASES[number].tests if not is_collected(name)]
    assert missing == []


def is_collected(name: str) -> bool:
    """Whether a test of that name is at the top of its file, and runs."""
    file, _, function = name.partition("::")
    path = ROOT / file
    if not (path.is_file() and path.name.startswith("test_") and function.startswith("test_")):
        return False
    found = [
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    marks = " ".join(ast.unparse(mark) for node in found for mark in node.decorator_list)
    return len(found) == 1 and "skip" not in marks and "xfail" not in marks


def test_no_case_of_the_foundation_is_left_out() -> None:
    wanted = {*range(1, 24), *range(46, 53), 54, 56, 58, 61}
    assert wanted <= set(CASES)


def test_the_attacks_cover_every_case_of_rendering() -> None:
    together = "\n".join(ATTACKS)
    marks = ("<script>", "onerror", "<svg", "![x](http", "](http", "<iframe", "<style>", "$x^2$")
    marks += (":material/home:", ":red[x]", "# big", "<a href", "<b>", "\u202e", "\u200b")
    assert [mark for mark in (*marks, "javascript:", "data:") if mark not in together] == []
    assert max(map(len, ATTACKS)) == 5_000
