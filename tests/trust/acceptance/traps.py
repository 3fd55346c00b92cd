"""What the tools underneath do that a program like this one is caught by."""

from __future__ import annotations

from tests.trust.acceptance.case import (
    DOOR,
    ERASING,
    EXPORT,
    MATRIX,
    SHOWN,
    SIGN_IN,
    Case,
)

_RULES = "tests/contracts/test_door.py::test_nothing_offends"
_SERVER = "tests/contracts/test_settings.py::test_the_server_is_closed_to_strangers"
_ACCESS = "tests/ui/test_access.py"

TRAPS = {
    1: Case(
        "two files of one length share an address",
        (f"{EXPORT}::test_two_lists_of_the_same_length_have_different_names",),
    ),
    2: Case(
        "a file's address needs no sign-in",
        (
            f"{DOOR}::test_a_list_has_no_address_and_no_bytes_before_the_click",
            f"{SIGN_IN}::test_a_files_address_alone_opens_nothing",
        ),
    ),
    3: Case(
        "kept answers are everybody's",
        (
            f"{MATRIX}::test_an_address_opens_only_what_the_role_may_see",
            f"{MATRIX}::test_views_are_shown_only_to_who_may_see_the_shops_numbers",
            "tests/app/test_privacy.py::test_a_marketer_sees_names_and_then_a_viewer_does_not",
            _RULES,
        ),
    ),
    4: Case(
        "kept answers about a large frame are told apart by a sample of its rows",
        (_RULES, f"{ERASING}::test_who_is_erased_is_nowhere_and_what_was_sold_stays_sold"),
    ),
    5: Case(
        "almost every element reads Markdown",
        (
            f"{SHOWN}::test_no_attack_reaches_what_reads_markdown",
            f"{SHOWN}::test_every_attack_is_a_customer_one_can_look_at",
            "tests/browser/test_every_page.py::test_page",
            _RULES,
        ),
    ),
    6: Case(
        "a failure shows its message and where it happened",
        (
            "tests/contracts/test_settings.py::test_failures_show_neither_message_nor_traceback",
            "tests/ui/test_guard.py::test_the_log_says_where_but_not_what",
            "tests/cli/test_answers.py::test_a_password_in_an_address_is_never_repeated",
            _RULES,
        ),
    ),
    7: Case(
        "uploads are limited one by one",
        (
            "tests/browser/test_uploads.py::test_an_endless_upload_is_refused_and_kept_nowhere",
            f"{SIGN_IN}::test_a_files_address_alone_opens_nothing",
            _SERVER,
        ),
    ),
    8: Case(
        "a sign-in's cookie lives for a month and outlives signing out",
        (
            f"{_ACCESS}::test_a_sign_in_lasts_as_long_as_the_shop_says",
            f"{_ACCESS}::test_a_sign_in_that_was_ended_stays_ended",
            f"{_ACCESS}::test_a_role_comes_from_the_list_of_people_at_every_run",
            f"{SIGN_IN}::test_a_copy_of_the_cookie_opens_nothing_after_signing_out",
            f"{SIGN_IN}::test_who_is_removed_is_out_at_the_next_click",
        ),
    ),
    9: Case(
        "Streamlit knows no roles, and a script in pages/ has no gate",
        (
            f"{MATRIX}::test_every_page_says_what_it_needs_and_follows_the_table",
            f"{MATRIX}::test_an_act_is_refused_past_every_page",
            "tests/app/test_every_page.py::test_page_opens_first",
            "tests/app/test_every_page.py::test_a_stranger_is_asked_to_sign_in",
        ),
    ),
    10: Case("programs can drive the app without a sign-in", (_SERVER,)),
}
