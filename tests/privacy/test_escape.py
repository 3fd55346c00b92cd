from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.privacy.escape import (
    PLOT_LENGTH,
    escape_cell,
    md_escape,
    one_line,
    plain,
    plot_escape,
    unescape,
)

# Every shape of formula that has been used against people who open exported lists.
PAYLOADS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    " =1",
    "\u00a0=1",
    "\u200b=1",
    "\ufeff=1",
    "\u202e=1",
    "'=1",
    '"=1"',
    '=HYPERLINK("http://127.0.0.1/?"&A1,"x")',
    "=cmd|'/C calc'!A0",
    "+8613800000000+1",
    "- 5",
]
#: Where a line break in a cell would begin a row of its own, with a formula in it.
BREAKS = ["x\r=1+1", "x\n=1+1", "x\r\n=1+1"]
HARMLESS = ["-5.00", "+8613800000000", "O'Brien", "'t Hooft", "王芳", "a=b", "NA", "00123", ""]
TEXT = st.one_of(
    st.text(), st.text(st.sampled_from("='+-@;\t\r\n \"1a\u200b＝")), st.sampled_from(PAYLOADS)
)


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_formula_becomes_text(text: str) -> None:
    assert escape_cell(text).startswith("'")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_cannot_run_stays_as_it_is(text: str) -> None:
    assert escape_cell(text) == text


def test_a_formula_after_a_semicolon_becomes_text_where_semicolons_cut_lines() -> None:
    assert escape_cell('x";"=1+1;y') == 'x";\'"=1+1;y'


@pytest.mark.parametrize("text", BREAKS)
def test_a_formula_after_a_line_break_stays_on_the_line_before_it(text: str) -> None:
    assert escape_cell(text) == "x =1+1"


@given(TEXT)
def test_unescaping_gives_the_text_back_on_one_line(text: str) -> None:
    assert unescape(escape_cell(text)) == one_line(text)


@given(TEXT)
def test_no_cell_starts_what_a_spreadsheet_runs_or_breaks_its_line(text: str) -> None:
    cell = escape_cell(text)
    for part in cell.split(";"):
        bare = part.lstrip(' \t\u00a0\u200b\ufeff"')
        assert not bare.startswith(("=", "@"))
        if bare.startswith(("+", "-")):
            assert re.fullmatch(r"[+-][0-9]+(\.[0-9]+)?", part)
    assert not re.search("[\r\n\x00]", cell)


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://127.0.0.1:9999/p)",
        "[Reset password](http://evil.example)",
        "$x^2$ :material/home: :red[x] # big",
        "# big",
        "1. one",
        "- item",
        "> said",
        "~~gone~~ **loud** _soft_ `code` | a | b |",
        "<iframe src=x></iframe><style>*{}</style>",
        "&lt;b&gt;",
        "https://evil.example www.evil.example ann@evil.example",
    ],
)
def test_markdown_has_no_mark_left_that_is_not_escaped(text: str) -> None:
    shown = md_escape(text)
    assert not re.search(r"(?<!\\)[\[\]()!$#*_`<>~|&]", shown.replace("\\\\", ""))
    assert not re.search(r"^\s*(\d+[.)]|[-+>#=])", shown)
    # What Streamlit replaces after backslashes are gone finds nothing to hold on to.
    bare = shown.replace("\\", "")
    assert not re.search(r"https?://|www\.|[\w.+-]@\w|:[\w+/-]", bare)
    # The eye sees the same letters.
    assert bare.replace("\u2060", "") == text


def test_lines_controls_and_direction_marks_are_gone() -> None:
    assert md_escape("a\n\nb\x00c") == "a b c"
    assert plain("abc\u202egpj.exe\u2066\u200b", 50) == "abcgpj.exe"
    assert plain("👩‍👩‍👧 שלום", 50) == "👩‍👩‍👧 שלום"


def test_long_text_is_cut() -> None:
    assert len(plain("x" * 5_000, 40)) == 40
    assert len(plot_escape("n" * 5_000)) == PLOT_LENGTH
    assert len(md_escape("m" * 5_000)) == 200


def test_a_chart_label_holds_no_tag_link_or_placeholder() -> None:
    shown = plot_escape('<a href="javascript:x">R&D</a><b>%{x}</b>')
    assert "<" not in shown
    assert ">" not in shown
    assert "%{" not in shown
    assert "&lt;b&gt;" in shown


def test_nothing_shows_as_nothing() -> None:
    assert plain(None, 10) == md_escape(None) == plot_escape(None) == ""
