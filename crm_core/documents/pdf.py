"""Documents as PDF: A4, text that can be searched, fonts of our own inside, no picture and no request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as Grid

from crm_core.documents.blocks import (
    Bars,
    Block,
    Document,
    Figures,
    Lines,
    Points,
    Section,
    Steps,
    Table,
    Text,
)
from crm_core.documents.look import INK, PALE, PRIMARY, QUIET, RULE, TONES, WASH, tidy
from crm_core.documents.pdf_charts import bars_chart, lines_chart, steps_chart
from crm_core.documents.pdf_fonts import BOLD, REGULAR, marked, placed, prepare, width

_WIDE, _HIGH = A4
_SIDE, _TOP, _FOOT, _BAND = 50.0, 46.0, 56.0, 168.0
_ROOM = _WIDE - 2 * _SIDE
_LINES_HIGH = 168.0
_FOOT_SIZE = 7.5
_MOST_FACT = 0.32

Flow = list[Any]


def _style(size: float, colour: str, **more: Any) -> Any:
    # Chinese has no blanks to break lines at.
    return ParagraphStyle(
        "-", fontName=REGULAR, fontSize=size, leading=size * 1.45, textColor=HexColor(colour),
        wordWrap="CJK", **more,
    )  # fmt: skip


def write_pdf(document: Document, out: BinaryIO) -> None:
    """Writes a document; the same document always gives the same bytes."""
    prepare()
    template: Any = BaseDocTemplate(
        out, pagesize=A4, invariant=1, lang="zh-Hans" if document.language == "zh" else "en",
        title=tidy(f"{document.title} · {document.subtitle}"), author=tidy(document.title),
        subject=tidy(document.kind),
    )  # fmt: skip
    first = Frame(_SIDE, _FOOT, _ROOM, _HIGH - _BAND - _FOOT, 0, 0, 0, 0)
    later = Frame(_SIDE, _FOOT, _ROOM, _HIGH - _TOP - _FOOT, 0, 0, 0, 0)
    template.addPageTemplates(
        [
            PageTemplate("cover", [first], onPage=partial(_draw_cover, document), autoNextPageTemplate="page"),
            PageTemplate("page", [later]),
        ]
    )  # fmt: skip
    story = [Spacer(1, 18), *_facts(document)]
    for section in document.sections:
        story += _section(section)
    template.build(story, canvasmaker=partial(_Numbered, document))


class _Numbered(Canvas):
    """Pages that know how many they are: the feet are drawn when all are there."""

    def __init__(self, document: Document, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._told, self._pages = document, list[dict[str, Any]]()

    def showPage(self) -> None:
        """Keeps the page for later."""
        self._pages.append(dict(self.__dict__))
        begin: Any = self
        begin._startPage()

    def save(self) -> None:
        """Draws the feet and writes everything."""
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            _draw_foot(self, self._told, number, len(self._pages))
            super().showPage()
        super().save()


def _draw_cover(document: Document, canvas: Any, _: object) -> None:
    canvas.setFillColor(HexColor(PRIMARY))
    canvas.rect(0, _HIGH - _BAND, _WIDE, _BAND, stroke=0, fill=1)
    canvas.setFillColor(HexColor(PALE))
    _write(canvas, _SIDE, _HIGH - 56, document.kind, 11)
    canvas.setFillColor(HexColor("#FFFFFF"))
    size = 25.0
    while size > 13 and width(document.title, size, is_bold=True) > _ROOM:
        size -= 1
    _write(canvas, _SIDE, _HIGH - 94, document.title, size, is_bold=True)
    _write(canvas, _SIDE, _HIGH - 128, document.subtitle, 17)


def _draw_foot(canvas: Any, document: Document, page: int, pages: int) -> None:
    canvas.setStrokeColor(HexColor(RULE))
    canvas.setLineWidth(0.5)
    canvas.line(_SIDE, _FOOT - 12, _WIDE - _SIDE, _FOOT - 12)
    canvas.setFillColor(HexColor(QUIET))
    number = document.page_words.format(page=page, pages=pages)
    wide = width(number, _FOOT_SIZE)
    _write(canvas, _WIDE - _SIDE - wide, _FOOT - 24, number, _FOOT_SIZE)
    foot = Paragraph(marked(document.foot), _style(_FOOT_SIZE, QUIET))
    room = _ROOM - wide - 24
    _, high = foot.wrap(room, _FOOT)
    foot.drawOn(canvas, _SIDE, _FOOT - 15 - high)


def _write(
    canvas: Any, x: float, y: float, words: str, size: float, *, is_bold: bool = False
) -> None:
    for font, piece, at in placed(words, size, is_bold=is_bold):
        canvas.setFont(font, size)
        canvas.drawString(x + at, y, piece)


def _facts(document: Document) -> Flow:
    label, words = _style(9, QUIET), _style(9, INK)
    rows = [[Paragraph(marked(a), label), Paragraph(marked(b), words)] for a, b in document.facts]
    if not rows:
        return []
    wide = min(_ROOM * _MOST_FACT, max(width(a, 9) for a, _ in document.facts) + 18)
    style = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP"),
             ("TOPPADDING", (0, 0), (-1, -1), 2.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5)]  # fmt: skip
    return [Grid(rows, [wide, _ROOM - wide], style=style)]


def _section(section: Section) -> Flow:
    """The heading stays with the first thing below it."""
    head: Flow = [Spacer(1, 20), Paragraph(marked(section.heading, is_bold=True), _style(14, INK, spaceAfter=3))]  # fmt: skip
    if section.lead:
        head.append(Paragraph(marked(section.lead), _style(9.5, QUIET, spaceAfter=4)))
    parts = [list(_DRAWN[type(block)](block)) for block in section.blocks]
    if not parts:
        return [KeepTogether(head)]
    long = isinstance(section.blocks[0], Text | Points)
    first: Flow = [CondPageBreak(110), *head, *parts[0]] if long else [KeepTogether([*head, *parts[0]])]  # fmt: skip
    for block, part in zip(section.blocks[1:], parts[1:], strict=True):
        first += part if isinstance(block, Text | Points) else [KeepTogether(part)]
    return first


def _figures(block: Figures) -> Iterator[Any]:
    wide = _ROOM / len(block.figures)
    size = 17.0
    while size > 9 and any(width(f.value, size, is_bold=True) > wide - 18 for f in block.figures):
        size -= 0.5
    cells = [
        [
            Paragraph(marked(each.label), _style(8, QUIET)),
            Paragraph(marked(each.value, is_bold=True), _style(size, INK, spaceAfter=4)),
            *(Paragraph(marked(n.words), _style(7.5, TONES[n.tone], spaceAfter=2)) for n in each.notes),
        ]
        for each in block.figures
    ]  # fmt: skip
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("BACKGROUND", (0, 0), (-1, -1), HexColor(WASH)),
             ("LINEAFTER", (0, 0), (-2, -1), 4, HexColor("#FFFFFF")),
             ("LEFTPADDING", (0, 0), (-1, -1), 9), ("RIGHTPADDING", (0, 0), (-1, -1), 5),
             ("TOPPADDING", (0, 0), (-1, -1), 8), ("BOTTOMPADDING", (0, 0), (-1, -1), 8)]  # fmt: skip
    yield Spacer(1, 4)
    yield Grid([cells], [wide] * len(cells), style=style)


def _text(block: Text) -> Iterator[Any]:
    style = _style(8, QUIET, spaceBefore=5) if block.is_quiet else _style(10, INK, spaceBefore=5)
    return (Paragraph(marked(each), style) for each in block.paragraphs)


def _points(block: Points) -> Iterator[Any]:
    for each in block.points:
        kept: Flow = [Paragraph(marked(each.title), _style(9.5, INK, spaceBefore=6, leftIndent=10,
                                                     bulletText="·", bulletFontName=BOLD))]  # fmt: skip
        if each.about:
            kept.append(Paragraph(marked(each.about), _style(8.5, QUIET, leftIndent=10)))
        yield KeepTogether(kept)


def _title(words: str) -> Flow:
    return [Spacer(1, 8), Paragraph(marked(words, is_bold=True), _style(9.5, INK, spaceAfter=4))]


def _table(block: Table) -> Iterator[Any]:
    yield from _title(block.title)
    last = len(block.rows) - 1
    rows = [[_cell(words, at, QUIET) for at, words in enumerate(block.headings)]]
    for place, row in enumerate(block.rows):
        is_bold = block.has_total and place == last
        rows.append([_cell(words, at, INK, is_bold=is_bold) for at, words in enumerate(row)])
    first = _ROOM * 0.3
    others = (_ROOM - first) / (len(block.headings) - 1)
    style = [("LINEBELOW", (0, 0), (-1, 0), 0.8, HexColor(QUIET)),
             ("LINEBELOW", (0, 1), (-1, -1), 0.4, HexColor(RULE)),
             ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
             ("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 2),
             ("TOPPADDING", (0, 0), (-1, -1), 3.2), ("BOTTOMPADDING", (0, 0), (-1, -1), 3.2)]  # fmt: skip
    yield Grid(rows, [first, *[others] * (len(block.headings) - 1)], style=style, repeatRows=1)
    if block.note:
        yield Paragraph(marked(block.note), _style(8, QUIET, spaceBefore=4))


def _cell(words: str, at: int, colour: str, *, is_bold: bool = False) -> Any:
    style = _style(8.5, colour, alignment=2 if at else 0)
    return Paragraph(marked(words, is_bold=is_bold), style)


def _lines(block: Lines) -> Iterator[Any]:
    yield from _title(block.title)
    yield lines_chart(block, _ROOM, _LINES_HIGH)


def _bars(block: Bars) -> Iterator[Any]:
    yield from _title(block.title)
    yield bars_chart(block, _ROOM)


def _steps(block: Steps) -> Iterator[Any]:
    yield from _title(block.title)
    yield steps_chart(block, _ROOM)


_DRAWN: Final[Mapping[type[Block], Callable[[Any], Iterator[Any]]]] = {
    Figures: _figures,
    Text: _text,
    Points: _points,
    Table: _table,
    Lines: _lines,
    Bars: _bars,
    Steps: _steps,
}
