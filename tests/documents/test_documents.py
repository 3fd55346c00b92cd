"""Documents show words as they stand, hold their fonts and their numbers, and ask for nothing."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from pptx import Presentation

from crm_core.documents import (
    FORMATS,
    Bars,
    Block,
    Document,
    Figure,
    Figures,
    Lines,
    Note,
    Point,
    Points,
    Section,
    Series,
    Steps,
    Table,
    Text,
    write,
)
from crm_core.documents.pdf_fonts import MISSING, marked, placed, runs, width
from crm_core.errors import CrmError
from crm_core.text import catalogue
from crm_core.text.numbers import Numbers

MONEY = Numbers("money", "en", "EUR")
NASTY = '<b>Tea</b> & <img src="http://evil.example/x"/> <a href="http://evil.example">x</a> \x00\x1b{page}'
MONTH = Lines(
    "To date",
    ("1", "2", "3"),
    (Series("Oct", (10.0, 25.5, 40.0), "now"), Series("Sep", (9.0, 20.0, None), "before")),
    MONEY,
)
MOVE = Steps("Moved", ("Customers", "Prices", "In all"), (100.25, -130.5, -30.25), MONEY)
STAGES = Bars("Customers", ("活跃", "Lapsed"), (7.0, 3.0), Numbers("count"))
TABLE = Table("Channels", ("Channel", "Revenue"), ((NASTY, "€5"), ("Total", "€5")), has_total=True)


def document(*blocks: Block, **more: Any) -> Document:
    given: dict[str, Any] = {
        "language": "en",
        "kind": "Monthly review",
        "title": "Juniper",
        "subtitle": "Oct 2026",
        "facts": (("Data up to", "31 Oct 2026"), (NASTY, NASTY)),
        "sections": (Section("Numbers", blocks, NASTY),),
        "foot": "Whole shop",
        "page_words": "Page {page} of {pages}",
        "made_at": datetime(2026, 11, 1, tzinfo=UTC),
    }
    return Document(**given | more)


EVERY = document(
    Figures((Figure(NASTY, "€1,000", (Note("+5%", "good"), Note("−1%", "bad"))),)),
    Text((NASTY, "茶叶")),
    Points((Point(NASTY, NASTY),)),
    MONTH,
    MOVE,
    STAGES,
    TABLE,
    Text((NASTY,), is_quiet=True),
)


def written(told: Document, file_format: str) -> bytes:
    out = io.BytesIO()
    write(told, file_format, out)
    return out.getvalue()


def slides(told: Document) -> Any:
    return Presentation(io.BytesIO(written(told, "pptx")))


def words_of(slide: Any) -> str:
    cells = [
        cell.text for shape in slide.shapes if shape.has_table
        for row in shape.table.rows for cell in row.cells
    ]  # fmt: skip
    return "\n".join([*(s.text_frame.text for s in slide.shapes if s.has_text_frame), *cells])


def charts(told: Document) -> list[Any]:
    return [
        shape.chart for slide in slides(told).slides for shape in slide.shapes if shape.has_chart
    ]


def test_a_pdf_holds_its_fonts_and_asks_for_nothing() -> None:
    data = written(EVERY, "pdf")
    assert data.startswith(b"%PDF")
    for name in (b"Inter-Regular", b"Inter-SemiBold", b"NotoSansCJKsc"):
        assert name in data
    assert data.count(b"/FontFile2") == 3
    for act in (b"/JavaScript", b"/URI", b"/Launch", b"/EmbeddedFile", b"evil.example"):
        assert act not in data
    assert data == written(EVERY, "pdf")


def test_words_of_anybody_are_no_markup() -> None:
    assert re.findall(r"<(?!/?font)", marked(NASTY)) == []
    assert "".join(piece for _, piece in runs(NASTY)) == NASTY[:-9] + " {page}"


def test_pieces_of_two_fonts_stand_one_after_the_other() -> None:
    words = "第 1 页，共 4 页"
    *_, (_, last, at) = placed(words, 10)
    assert at + width(last, 10) == pytest.approx(width(words, 10))
    assert [piece for _, piece, _ in placed(words, 10)] == ["第", " 1 ", "页，共", " 4 ", "页"]


def test_every_letter_that_reports_say_is_in_a_font() -> None:
    """A new letter in the texts asks for the fonts to be made anew: tools/report_fonts.py."""
    for language in ("en", "zh"):
        said = "".join(catalogue(language).values())
        missing = {letter for letter in said if letter.isprintable()} & {
            letter
            for letter in set(said)
            if letter.isprintable() and MISSING in "".join(p for _, p in runs(letter))
        }
        assert missing <= {MISSING}
    assert runs("한") == [("noto-sans-sc", MISSING)]


def test_slides_say_everything_and_run_nothing() -> None:
    show = slides(EVERY)
    said = "\n".join(map(words_of, show.slides))
    assert "Juniper" in words_of(show.slides[0])
    assert said.count("http://evil.example/x") >= 7
    assert "茶叶" in said
    count = len(show.slides)
    assert all(f"Page {n} of {count}" in words_of(s) for n, s in enumerate(show.slides, 1) if n > 1)
    with zipfile.ZipFile(io.BytesIO(written(EVERY, "pptx"))) as parts:
        assert not [name for name in parts.namelist() if "vba" in name.lower()]
        links = "".join(parts.read(n).decode() for n in parts.namelist() if n.endswith(".rels"))
    assert 'TargetMode="External"' not in links


def test_charts_of_slides_hold_their_numbers() -> None:
    lines, steps, bars = charts(document(MONTH, MOVE, STAGES))
    assert [series.name for series in lines.plots[0].series] == ["Oct", "Sep"]
    assert [tuple(series.values) for series in lines.plots[0].series] == [
        (10.0, 25.5, 40.0), (9.0, 20.0, None),
    ]  # fmt: skip
    assert list(bars.plots[0].categories) == ["活跃", "Lapsed"]
    assert tuple(bars.plots[0].series[0].values) == (7.0, 3.0)
    assert list(steps.plots[0].categories)[1] == "Prices  −€130.50"
    base, above, below = (tuple(series.values) for series in steps.plots[0].series)
    assert (base, above, below) == ((0, 0, 0), (100.25, 100.25, 0), (0, -30.25, -30.25))
    assert lines.part.chart_workbook.xlsx_part is not None


def test_what_is_long_goes_on_on_the_next_slide() -> None:
    points = Points(tuple(Point(f"Point {n}", "about it") for n in range(14)))
    long = Text(tuple(f"{n} " + "word " * 150 for n in range(6)))
    said = [words_of(slide) for slide in slides(document(points, long)).slides]
    assert all(any(f"Point {n}\n" in words for words in said) for n in range(14))
    assert all(any(f"{n} word" in words for words in said) for n in range(6))
    assert max(words.count("Point ") for words in said) == 12  # two columns
    assert max(map(len, said)) < 2_200


def test_a_document_of_many_pages_is_one_pdf() -> None:
    long = document(Text(tuple("word " * 400 for _ in range(9))))
    assert len(re.findall(rb"/Type /Page\b", written(long, "pdf"))) > 2


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_empty_month_is_written_too(file_format: str) -> None:
    empty = Lines("Nothing", ("1", "2"), (Series("Oct", (0.0, 0.0), "now"),), MONEY)
    nothing = Steps("Nothing", ("a", "all"), (0.0, 0.0), MONEY)
    assert written(document(empty, nothing, Bars("None", ("a",), (0.0,), MONEY)), file_format)


def test_an_unknown_format_is_told_with_the_one_meant() -> None:
    with pytest.raises(CrmError) as error:
        written(document(), "pdff")
    assert (error.value.code, error.value.facts["match"]) == ("unknown_choice", "pdf")
