from __future__ import annotations

from crm_core.ui.guard import log_line
from crm_core.ui.kpi import plain_value
from crm_core.ui.layout import clicked_code


def failing() -> BaseException:
    try:
        raise KeyError("ann@example.com")
    except KeyError as error:
        return error


def test_the_log_says_where_but_not_what() -> None:
    line = log_line("ab12", failing())
    assert line.startswith("error ab12: KeyError at failing:")
    assert "ann" not in line


def test_two_dollar_signs_do_not_start_a_formula() -> None:
    assert plain_value("$5 – $10") == "\\$5 – \\$10"


def test_a_click_gives_the_marks_code() -> None:
    assert clicked_code([{"customdata": ["loyal"]}]) == "loyal"
    assert clicked_code([{"customdata": "loyal"}]) == "loyal"
    assert clicked_code([{"x": 3}, {"customdata": [""]}]) is None
