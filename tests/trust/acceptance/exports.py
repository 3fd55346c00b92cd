"""Formulas in whatever leaves as a file."""

from __future__ import annotations

from tests.trust.acceptance.case import ESCAPE, EXPORT, FILES, Case

_CELL = (
    f"{ESCAPE}::test_a_formula_becomes_text",
    f"{ESCAPE}::test_no_cell_starts_what_a_spreadsheet_runs_or_breaks_its_line",
    f"{ESCAPE}::test_a_formula_after_a_line_break_stays_on_the_line_before_it",
    f"{ESCAPE}::test_unescaping_gives_the_text_back_on_one_line",
    f"{EXPORT}::test_formulas_in_any_column_come_out_as_text",
    "tests/cli/test_exports.py::test_a_spreadsheet_holds_no_formula",
    "tests/privacy/test_platforms.py::test_no_file_holds_a_formula_and_no_value_is_altered",
    "tests/cli/test_quarantine.py::test_the_file_has_the_columns_it_came_with_and_says_why",
    "tests/privacy/test_set_aside.py::test_no_row_set_aside_starts_what_a_spreadsheet_runs",
    "tests/privacy/test_export_table.py::test_the_file_is_the_screen_and_the_log_has_its_total",
)

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
            f"{EXPORT}::test_formulas_in_any_column_come_out_as_text",
            f"{FILES}::test_a_file_name_is_a_name_and_no_path",
            f"{FILES}::test_a_sheet_name_is_one_a_spreadsheet_takes",
        ),
    ),
    12: Case(
        "-5.00 and +8613800000000 stay usable",
        (
            f"{ESCAPE}::test_what_cannot_run_stays_as_it_is",
            f"{EXPORT}::test_phone_numbers_and_ids_stay_usable",
            f"{FILES}::test_numbers_stay_numbers_and_text_stays_text",
        ),
    ),
}
