"""What fails underneath, and what the program will not read or tell at all."""

from __future__ import annotations

from tests.trust.acceptance.case import Case

_KILLS = "tests/pipeline/test_kills.py"
_FAULTS = "tests/trust/test_faults.py"
_READER = "tests/store/test_connection.py"
_DOOR = "tests/contracts/test_door.py"
_ADDRESS = "tests/store/sources/test_address.py"

CASES = {
    61: Case(
        "kill -9 at any moment of an import, an undo or an erasure",
        (
            f"{_KILLS}::test_a_killed_import_is_wholly_there_or_not_at_all",
            f"{_KILLS}::test_a_first_import_that_is_killed_leaves_an_empty_store",
            f"{_KILLS}::test_a_kill_while_scores_are_made_leaves_facts_and_the_next_run_makes_the_scores",
            "tests/pipeline/test_undo_kills.py::test_a_killed_undo_is_wholly_done_or_not_at_all",
            "tests/pipeline/test_erase_kills.py"
            "::test_a_killed_erasure_is_completed_or_was_never_begun",
        ),
    ),
    62: Case(
        "a full disk, a folder that cannot be written, a server that stops, a clock set back",
        (
            f"{_FAULTS}::test_a_full_disk_is_said_and_nothing_is_lost",
            f"{_FAULTS}::test_a_disk_that_only_reads_is_said_and_goes_on_when_it_writes_again",
            f"{_FAULTS}::test_a_clock_set_back_two_days_loses_nothing",
            "tests/trust/test_server_stops.py"
            "::test_a_server_that_stops_in_mid_rerun_is_said_and_the_next_run_works",
            "tests/browser/test_server.py::test_a_disk_that_cannot_be_written_is_said_and_survived",
            "tests/store/test_snapshots.py::test_a_folder_that_cannot_be_made_is_told_plainly",
            "tests/records/test_records.py::test_a_place_that_cannot_be_written_is_told_plainly",
            "tests/store/test_postgres.py::test_a_server_that_was_restarted_is_asked_again",
            "tests/ui/test_access.py::test_a_clock_set_back_two_days_lengthens_no_sign_in",
        ),
    ),
    63: Case(
        "a flipped bit, a cut-off or missing file",
        (
            f"{_READER}::test_one_flipped_bit_is_noticed_and_never_a_wrong_number",
            f"{_READER}::test_a_cut_off_file_is_noticed",
            f"{_READER}::test_a_missing_file_is_named_and_no_empty_shop_is_shown",
            "tests/cli/test_loading.py::test_a_damaged_store_says_how_to_go_on",
            "tests/cli/test_keeping.py::test_a_damaged_store_is_replaced_by_its_backup",
            "tests/records/test_records.py::test_a_damaged_file_is_refused_and_left_alone",
        ),
    ),
    64: Case(
        "no pickles, databases only of named hosts, no secrets kept",
        (
            f"{_DOOR}::test_nothing_offends",
            f"{_ADDRESS}::test_a_host_nobody_named_is_refused_without_its_password",
            f"{_ADDRESS}::test_what_is_no_plain_server_address_is_refused",
            f"{_ADDRESS}::test_without_named_hosts_nothing_can_be_asked",
            f"{_READER}::test_an_empty_folder_is_an_empty_store",
            "tests/records/test_records.py"
            "::test_an_address_nobody_knows_is_refused_without_repeating_it",
            "tests/app/test_import_bill.py::test_databases_are_named_and_their_secrets_are_not",
            "tests/contracts/test_settings.py::test_no_secrets_are_kept",
        ),
    ),
}
