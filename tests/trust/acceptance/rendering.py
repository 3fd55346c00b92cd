"""What a shop can name, as a page draws it."""

from __future__ import annotations

from tests.trust.acceptance.case import BROWSER, ESCAPE, SHOWN, Case

_MARKDOWN = (
    f"{ESCAPE}::test_markdown_has_no_mark_left_that_is_not_escaped",
    f"{SHOWN}::test_no_attack_reaches_what_reads_markdown",
    f"{SHOWN}::test_every_attack_is_a_customer_one_can_look_at",
    "tests/app/test_customer_pages.py::test_a_hostile_name_is_only_a_name",
)
_BROWSER = (
    f"{BROWSER}::test_a_page_of_attacks_asks_nobody_and_runs_nothing",
    f"{BROWSER}::test_a_buyer_called_like_an_attack_is_only_looked_at",
)
_DRAWN = (*_MARKDOWN, *_BROWSER)
_NO_HTML = "tests/contracts/test_door.py::test_nothing_offends"

CASES = {
    13: Case("script, onerror and svg in names", (*_DRAWN, _NO_HTML)),
    14: Case("a picture of another host in a name: nothing is fetched", _DRAWN),
    15: Case("a link in a name is shown, not followed", _DRAWN),
    16: Case("iframe and style in names", (*_DRAWN, _NO_HTML)),
    17: Case("maths, icons and colours in names", _MARKDOWN),
    18: Case(
        "tags and endless names in charts",
        (
            f"{ESCAPE}::test_a_chart_label_holds_no_tag_link_or_placeholder",
            f"{ESCAPE}::test_long_text_is_cut",
            f"{SHOWN}::test_charts_hold_no_tag_and_no_endless_label",
            "tests/charts/test_bars.py::test_a_name_from_the_shop_cannot_become_a_link",
            "tests/charts/test_base.py::test_a_label_is_inert_and_short",
            *_BROWSER,
        ),
    ),
    19: Case(
        "direction marks, zero-width letters, emoji, right to left",
        (
            f"{ESCAPE}::test_lines_controls_and_direction_marks_are_gone",
            f"{SHOWN}::test_every_attack_is_a_customer_one_can_look_at",
        ),
    ),
    20: Case(
        "javascript: and data: addresses are no links",
        (
            f"{SHOWN}::test_nothing_turns_a_cell_into_a_link_or_a_picture",
            f"{SHOWN}::test_every_attack_is_a_customer_one_can_look_at",
            *_BROWSER,
        ),
    ),
    21: Case(
        "an upload named like a path and a tag",
        (f"{SHOWN}::test_an_uploaded_file_is_shown_as_text_and_never_taken_for_a_path",),
    ),
}
