"""Files that are not what they seem, too large, or written by other programs."""

from __future__ import annotations

from tests.trust.acceptance.case import BOOKS, CORPUS, LINES, Case

_BAD = "tests/store/imports/test_bad_files.py"
_PACKED = "tests/store/imports/test_archives.py"
_TITLES = "tests/store/imports/test_titles_and_totals.py"
_MARKS = "tests/store/imports/test_open_marks.py"
_BAD_ROW = f"{LINES}::test_a_bad_row_is_set_aside_and_its_neighbours_stay"
_IN_WORDS = f"{_BAD}::test_each_says_what_to_do_in_both_languages"
_NO_ROW_LOST = f"{CORPUS}::test_bad_files_lose_no_good_row_and_say_why"
_TWO_HUNDRED = "tests/store/imports/test_two_hundred_bad_files.py::test_two_hundred"

CASES = {
    31: Case(
        "a workbook or archive that unpacks without end",
        (
            f"{BOOKS}::test_a_workbook_that_unpacks_without_end_is_not_opened",
            f"{BOOKS}::test_refused_workbooks",
            f"{_PACKED}::test_bombs_name_their_limit_and_the_way_round_it",
            f"{_PACKED}::test_a_file_may_not_grow_beyond_what_tables_do",
            f"{_PACKED}::test_a_directory_of_a_million_names_is_not_read",
        ),
    ),
    32: Case(
        "an upload of two gigabytes",
        (
            "tests/browser/test_uploads.py::test_an_endless_upload_is_refused_and_kept_nowhere",
            "tests/contracts/test_settings.py::test_the_server_is_closed_to_strangers",
        ),
    ),
    33: Case("ten thousand columns", (_IN_WORDS, _NO_ROW_LOST, _TWO_HUNDRED)),
    34: Case("NUL in a value", (_BAD_ROW, _NO_ROW_LOST)),
    35: Case(
        "UTF-16, a byte order mark, GB18030: told, shown, confirmed",
        (
            "tests/store/imports/test_encodings.py::test_encodings_are_told",
            f"{LINES}::test_chinese_files_of_every_encoding",
            "tests/store/imports/test_propose.py"
            "::test_the_preview_shows_ten_rows_and_what_would_be_set_aside",
            "tests/app/test_import_bill.py::test_a_file_is_checked_let_go_mended_and_then_taken",
        ),
    ),
    36: Case(
        "two encodings in one file",
        (
            f"{LINES}::test_one_row_in_another_encoding_is_set_aside",
            f"{_BAD}::test_a_demanded_encoding_that_does_not_fit_names_the_row",
            _NO_ROW_LOST,
        ),
    ),
    37: Case(
        "headings given twice, empty, or of spaces",
        (
            f"{_TITLES}::test_names_of_columns",
            f"{_TITLES}::test_columns_without_a_name_stay_when_they_hold_something",
            _NO_ROW_LOST,
        ),
    ),
    38: Case(
        "rows shorter or longer than the header",
        (
            f"{LINES}::test_a_first_row_longer_than_the_header_shifts_nothing",
            _BAD_ROW,
            _NO_ROW_LOST,
        ),
    ),
    39: Case(
        "a quotation mark left open, a cell of a megabyte",
        (
            f"{_MARKS}::test_row_500_of_a_thousand_is_named_and_alone",
            f"{_MARKS}::test_however_many_marks_are_open_the_good_rows_stay",
            f"{LINES}::test_long_ids_and_a_megabyte_of_text_survive",
        ),
    ),
    40: Case(
        "empty, header only, binary, renamed, a page called .csv",
        (
            _IN_WORDS,
            f"{_BAD}::test_other_kinds_of_files_are_called_by_their_kind",
            f"{BOOKS}::test_a_workbook_is_read_whatever_its_name_says",
            "tests/store/imports/test_tables_in_disguise.py"
            "::test_a_page_with_a_table_is_read_in_any_encoding",
            _NO_ROW_LOST,
        ),
    ),
    41: Case(
        "a workbook with formulas, hidden sheets, days from 1904, an entity of a file",
        (
            f"{BOOKS}::test_merged_errors_and_numbers_cut_short_are_told",
            f"{BOOKS}::test_sheets_of_one_layout_are_one_log_and_others_are_told",
            f"{BOOKS}::test_days_counted_from_1904_are_the_days_they_were",
            f"{BOOKS}::test_a_workbook_reads_no_file_of_the_machine",
        ),
    ),
}
