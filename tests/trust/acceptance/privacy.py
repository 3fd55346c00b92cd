"""The same file again, and what is nobody else's to see."""

from __future__ import annotations

from tests.trust.acceptance.case import (
    DOOR,
    ERASING,
    EXPORT,
    GATE,
    LINES,
    MATRIX,
    MERGE,
    SIGN_IN,
    Case,
)

_SMALL = "tests/metrics/test_small_groups.py"
_SUBJECT = "tests/privacy/test_subject.py"

CASES = {
    52: Case(
        "the same file again, shuffled, or overlapping",
        (
            f"{MERGE}::test_the_same_rows_again_change_nothing",
            f"{MERGE}::test_overlapping_and_shuffled_files_give_the_same_rows",
            f"{LINES}::test_shuffled_and_overlapping_files_give_the_same_rows",
            "tests/store/imports/test_cdnow.py"
            "::test_a_shuffled_log_and_overlapping_halves_give_the_same_rows",
            "tests/cli/test_loading.py::test_the_published_cdnow_sample_and_once_more",
        ),
    ),
    53: Case(
        "two customers who are one, and the first one's file once more",
        (
            "tests/store/test_people.py"
            "::test_people_once_joined_stay_joined_and_keep_the_oldest_key",
            "tests/store/test_people.py"
            "::test_a_whole_import_again_changes_nothing_however_people_are_tangled",
            f"{MERGE}::test_the_older_key_survives_when_a_later_file_joins_two_people",
            "tests/privacy/test_separation.py"
            "::test_two_numbers_are_one_customer_once_somebody_said_so",
        ),
    ),
    54: Case(
        "opted out on one channel, or between preview and click",
        (
            f"{EXPORT}::test_opted_out_of_mail_only_is_still_in_the_text_message_list",
            f"{EXPORT}::test_an_opt_out_between_preview_and_click_counts",
            f"{EXPORT}::test_an_opt_out_while_the_list_is_written_counts",
            "tests/pipeline/test_decisions.py"
            "::test_an_opt_out_follows_the_person_into_the_joined_customer",
        ),
    ),
    55: Case(
        "a person who was erased, in the same files again",
        (
            f"{ERASING}::test_the_same_files_again_bring_nobody_back",
            f"{ERASING}::test_a_file_with_a_new_id_and_her_address_is_hers_too",
            f"{ERASING}::test_nothing_that_makes_the_store_anew_brings_her_back",
            f"{ERASING}::test_tombstones_tell_nobody_without_the_key",
        ),
    ),
    56: Case(
        "a viewer who wants a list: button, call, agent, guessed address",
        (
            f"{EXPORT}::test_a_viewer_gets_nothing_and_the_log_says_who_tried",
            "tests/trust/test_people.py::test_who_may_take_a_list_along",
            f"{DOOR}::test_a_viewer_is_offered_no_list_on_any_page",
            f"{DOOR}::test_a_list_has_no_address_and_no_bytes_before_the_click",
            f"{MATRIX}::test_an_act_is_refused_past_every_page",
            f"{MATRIX}::test_a_refused_list_is_in_the_log",
            f"{SIGN_IN}::test_a_files_address_alone_opens_nothing",
            "tests/contracts/test_settings.py::test_the_server_is_closed_to_strangers",
            f"{EXPORT}::test_two_lists_of_the_same_length_have_different_names",
        ),
    ),
    57: Case(
        "an address or a session that says it is somebody else's",
        (
            f"{GATE}::test_another_shops_code_leads_nowhere",
            f"{GATE}::test_a_guessed_code_leads_nowhere",
            f"{MATRIX}::test_an_address_opens_only_what_the_role_may_see",
            f"{SIGN_IN}::test_a_stolen_session_id_shows_nothing",
        ),
    ),
    58: Case(
        "a viewer after somebody who may see names, from a warm cache",
        (
            "tests/app/test_privacy.py::test_a_marketer_sees_names_and_then_a_viewer_does_not",
            f"{MATRIX}::test_an_address_opens_only_what_the_role_may_see",
        ),
    ),
    59: Case(
        "two filters that differ by one person",
        (
            f"{_SMALL}::test_a_filter_does_not_open_what_its_split_hides",
            f"{_SMALL}::test_a_viewer_cannot_subtract_what_is_hidden",
            f"{_SMALL}::test_no_cell_follows_from_a_line_or_a_column",
        ),
    ),
    60: Case(
        "everything held on a person, from every table",
        (
            f"{_SUBJECT}::test_every_table_of_the_store_is_told_or_about_nobody",
            f"{_SUBJECT}::test_every_table_of_the_records_is_told_or_about_nobody",
            f"{_SUBJECT}::test_anna_gets_all_of_hers_and_nothing_of_carls",
        ),
    ),
}
