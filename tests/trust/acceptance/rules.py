"""What a stranger may type into a rule, and what a question may cost."""

from __future__ import annotations

from tests.trust.acceptance.case import ATTACKS, EXPORT, GATE, LONG, Case

_DOCUMENT = "tests/rules/test_document.py"
_READER = "tests/store/test_connection.py"

CASES = {
    22: Case(
        "' OR 1=1-- as a value",
        (
            f"{ATTACKS}::test_text_is_only_ever_a_value",
            f"{ATTACKS}::test_an_attacking_text_finds_the_customer_who_has_it",
            f"{GATE}::test_text_is_looked_for_as_it_stands",
        ),
    ),
    23: Case(
        "SQL as a field's name",
        (
            f"{ATTACKS}::test_a_field_that_is_not_on_the_list_is_refused",
            "tests/cli/test_exports.py::test_a_list_that_may_not_be_leaves_no_file",
        ),
    ),
    24: Case(
        "an operator that is not on the list",
        (
            f"{ATTACKS}::test_an_operator_that_is_not_on_the_list_is_refused",
            f"{ATTACKS}::test_an_operator_of_another_type_is_refused",
        ),
    ),
    25: Case(
        "read_csv, ATTACH, COPY and INSTALL in a box for text",
        (
            f"{ATTACKS}::test_text_is_only_ever_a_value",
            f"{ATTACKS}::test_a_file_named_in_a_rule_is_not_read",
            f"{_READER}::test_a_reader_gets_out_of_its_files_by_no_statement",
            f"{_READER}::test_a_reader_sees_no_variable_of_the_program",
        ),
    ),
    26: Case(
        "fifty levels, ten thousand conditions, a million values",
        (
            f"{_DOCUMENT}::test_depth_is_limited_however_deep_the_text",
            f"{_DOCUMENT}::test_conditions_are_limited_across_groups",
            f"{_DOCUMENT}::test_lists_are_limited",
            f"{_DOCUMENT}::test_a_text_of_any_length_is_refused_before_it_is_read",
        ),
    ),
    27: Case(
        "(a+)+$, and % and _ as letters",
        (
            f"{ATTACKS}::test_no_pattern_language_can_stall_the_engine",
            f"{ATTACKS}::test_percent_and_underscore_are_ordinary_letters",
        ),
    ),
    28: Case(
        "a rule that selects everyone",
        (
            f"{EXPORT}::test_a_list_of_everyone_must_be_meant",
            "tests/app/test_customer_pages.py::test_everyone_must_be_meant",
            "tests/pipeline/test_scores.py"
            "::test_a_list_of_all_buyers_must_be_meant_though_others_are_known",
        ),
    ),
    29: Case(
        "a question that takes too long",
        (
            f"{_READER}::test_a_long_question_is_stopped_and_the_store_goes_on",
            f"{_READER}::test_a_stopped_question_stops_no_other",
            "tests/store/test_postgres.py::test_a_question_that_takes_too_long_is_stopped",
            f"{LONG}::test_a_question_that_takes_too_long_ends_and_the_session_goes_on",
        ),
    ),
    30: Case(
        "a saved rule that was edited by hand",
        (
            f"{_DOCUMENT}::test_a_rule_edited_by_hand_is_refused_with_its_reason",
            f"{_DOCUMENT}::test_an_unknown_field_is_refused_with_the_closest_known_one",
            "tests/rules/test_behaviour.py::test_one_edited_by_hand_is_refused_with_its_reason",
        ),
    ),
}
