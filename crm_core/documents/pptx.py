"""Documents as slides: one a section, more where it does not fit; charts and tables can be changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from crm_core.documents.blocks import (
    Bars,
    Block,
    Document,
    Figures,
    Lines,
    Note,
    Points,
    Section,
    Steps,
    Table,
    Text,
)
from crm_core.documents.look import INK, PALE, PRIMARY, QUIET, RULE, TONES, WASH, tidy
from crm_core.documents.pptx_charts import (
    LATIN,
    add_bars,
    add_lines,
    add_steps,
    rgb,
    with_chinese,
)

_WIDE, _HIGH = Inches(13.333), Inches(7.5)
_SIDE, _TOP, _BOTTOM = Inches(0.6), Inches(1.5), Inches(6.75)
_ROOM = _WIDE - 2 * _SIDE
_BLANK = 6  # the layout without any place for text
_ROW = Inches(0.36)
#: How many letters of small text fill a slide; Chinese letters are two wide.
_MOST_LETTERS, _MOST_POINTS, _MOST_ROWS = 1_500, 6, 11
_MOST_BESIDE = 5  # columns of a table beside another thing
_FIGURE_SIZES = ((9, 26), (12, 20), (99, 14))

Box = tuple[int, int, int, int]


def write_pptx(document: Document, out: BinaryIO) -> None:
    """Writes a document as slides of 16 to 9."""
    show: Any = Presentation()
    show.slide_width, show.slide_height = _WIDE, _HIGH
    _describe(show, document)
    _cover(_slide(show), document)
    pages = [page for section in document.sections for page in _pages(section)]
    for number, page in enumerate(pages, 2):
        slide = _slide(show)
        _head(slide, page)
        _foot(slide, document, document.page_words.format(page=number, pages=len(pages) + 1))
        _draw(slide, page.blocks)
    show.save(out)


def _describe(show: Any, document: Document) -> None:
    about = show.core_properties
    about.title = tidy(f"{document.title} · {document.subtitle}")
    about.subject, about.author = tidy(document.kind), tidy(document.title)
    about.last_modified_by, about.language = "", document.language
    about.created = about.modified = document.made_at.replace(tzinfo=None)


def _slide(show: Any) -> Any:
    return show.slides.add_slide(show.slide_layouts[_BLANK])


def _pages(section: Section) -> Iterator[Section]:
    """The section as slides: what stands beside each other, then what is too long for one."""
    waiting: list[Block] = []
    for block in (part for whole in section.blocks for part in _parts(whole)):
        if waiting and not _fits(waiting, block):
            yield replace(section, blocks=tuple(waiting))
            waiting = []
        waiting.append(block)
    yield replace(section, blocks=tuple(waiting))


def _fits(blocks: Sequence[Block], block: Block) -> bool:
    """Two things side by side, and remarks below them; text, figures and wide tables take it all."""
    if isinstance(block, Text) and block.is_quiet:
        return True
    big = [each for each in (*blocks, block) if not (isinstance(each, Text) and each.is_quiet)]
    return len(big) == 2 and not any(map(_is_wide, big))


def _is_wide(block: Block) -> bool:
    if isinstance(block, Table):
        return len(block.headings) > _MOST_BESIDE
    return isinstance(block, Figures | Text)


def _parts(block: Block) -> Iterator[Block]:
    """A long text, list or table in pieces of a slide each."""
    if isinstance(block, Points):
        for at in range(0, len(block.points), _MOST_POINTS):
            yield Points(block.points[at : at + _MOST_POINTS])
    elif isinstance(block, Table) and len(block.rows) > _MOST_ROWS:
        for at in range(0, len(block.rows), _MOST_ROWS):
            rows = block.rows[at : at + _MOST_ROWS]
            is_last = at + _MOST_ROWS >= len(block.rows)
            yield replace(block, rows=rows, has_total=block.has_total and is_last)
    elif isinstance(block, Text) and not block.is_quiet:
        yield from _pieces(block)
    else:
        yield block


def _pieces(block: Text) -> Iterator[Text]:
    kept: list[str] = []
    room = _MOST_LETTERS
    for paragraph in block.paragraphs:
        for words in _cut(paragraph):
            if kept and _letters(words) > room:
                yield Text(tuple(kept))
                kept, room = [], _MOST_LETTERS
            kept.append(words)
            room -= _letters(words)
    if kept:
        yield Text(tuple(kept))


def _cut(paragraph: str) -> Iterator[str]:
    while _letters(paragraph) > _MOST_LETTERS:
        at = _MOST_LETTERS // 2
        at = paragraph.rfind(" ", at // 2, at) + 1 or at
        yield paragraph[:at]
        paragraph = paragraph[at:]
    yield paragraph


def _letters(words: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in words) + 60


def _cover(slide: Any, document: Document) -> None:
    band = _shape(slide, (0, 0, _WIDE, Inches(3.7)), PRIMARY)
    band.name = document.kind
    _words(slide, (_SIDE, Inches(0.75), _ROOM, Inches(0.5)), [(document.kind, 16, PALE)])
    size = 40 if len(document.title) < 36 else 28
    _words(
        slide, (_SIDE, Inches(1.25), _ROOM, Inches(1.3)), [(document.title, size, "#FFFFFF")],
        is_bold=True, anchor=MSO_ANCHOR.MIDDLE,
    )  # fmt: skip
    _words(slide, (_SIDE, Inches(2.6), _ROOM, Inches(0.7)), [(document.subtitle, 26, "#FFFFFF")])
    top = Inches(4.05)
    step = min(Inches(0.42), (_HIGH - top - Inches(0.3)) // max(len(document.facts), 1))
    for place, (label, words) in enumerate(document.facts):
        y = top + place * step
        _words(slide, (_SIDE, y, Inches(3), step), [(label, 13, QUIET)])
        _words(slide, (_SIDE + Inches(3), y, _ROOM - Inches(3), step), [(words, 13, INK)])


def _head(slide: Any, page: Section) -> None:
    _words(slide, (_SIDE, Inches(0.4), _ROOM, Inches(0.6)), [(page.heading, 26, INK)], is_bold=True)
    if page.lead:
        _words(slide, (_SIDE, Inches(0.98), _ROOM, Inches(0.5)), [(page.lead, 13, QUIET)])


def _foot(slide: Any, document: Document, number: str) -> None:
    _shape(slide, (_SIDE, Inches(6.88), _ROOM, Emu(9525)), RULE)
    _words(
        slide, (_SIDE, Inches(6.92), _ROOM - Inches(1.3), Inches(0.45)), [(document.foot, 9, QUIET)]
    )
    _words(
        slide, (_WIDE - _SIDE - Inches(1.2), Inches(6.92), Inches(1.2), Inches(0.45)),
        [(number, 9, QUIET)], align=PP_ALIGN.RIGHT,
    )  # fmt: skip


def _draw(slide: Any, blocks: Sequence[Block]) -> None:
    """What stands side by side shares the width; remarks stand at the bottom."""
    remarks = [each for each in blocks if isinstance(each, Text) and each.is_quiet]
    big = [each for each in blocks if each not in remarks]
    bottom = _BOTTOM - (Inches(0.6) if remarks else 0)
    gap = Inches(0.4)
    wide = (_ROOM - gap * (len(big) - 1)) // max(len(big), 1)
    for place, block in enumerate(big):
        _block(slide, block, (_SIDE + place * (wide + gap), _TOP, wide, bottom - _TOP))
    if remarks:
        words = [(each, 11, QUIET) for remark in remarks for each in remark.paragraphs]
        _words(slide, (_SIDE, bottom, _ROOM, Inches(0.6)), words)


def _block(slide: Any, block: Block, box: Box) -> None:
    if isinstance(block, Figures):
        _figures(slide, block, box)
    elif isinstance(block, Text):
        _words(slide, box, [(each, 15, INK) for each in block.paragraphs], space=8)
    elif isinstance(block, Points):
        lines = [
            line
            for each in block.points
            for line in ((each.title, 14, INK), (each.about, 11, QUIET))
            if line[0]
        ]
        _words(slide, box, lines, space=4)
    else:
        _titled(slide, block, box)


def _titled(slide: Any, block: Table | Lines | Bars | Steps, box: Box) -> None:
    left, top, wide, high = box
    _words(slide, (left, top, wide, Inches(0.36)), [(block.title, 14, INK)], is_bold=True)
    inner = (left, top + Inches(0.4), wide, high - Inches(0.4))
    if isinstance(block, Table):
        _table(slide, block, inner)
    elif isinstance(block, Lines):
        add_lines(slide, block, inner)
    elif isinstance(block, Bars):
        add_bars(slide, block, inner)
    else:
        add_steps(slide, block, inner)


def _figures(slide: Any, block: Figures, box: Box) -> None:
    left, top, wide, _ = box
    gap = Inches(0.16)
    each_wide = (wide - gap * (len(block.figures) - 1)) // len(block.figures)
    for place, each in enumerate(block.figures):
        x = left + place * (each_wide + gap)
        _shape(slide, (x, top + Inches(0.3), each_wide, Inches(2.9)), WASH)
        inner = each_wide - Inches(0.3)
        notes: Sequence[Note] = each.notes
        _words(
            slide,
            (x + Inches(0.15), top + Inches(0.42), inner, Inches(0.4)),
            [(each.label, 13, QUIET)],
        )
        _words(
            slide,
            (x + Inches(0.15), top + Inches(0.85), inner, Inches(0.7)),
            [(each.value, _figure_size(each.value), INK)],
            is_bold=True,
        )
        lines = [(note.words, 11, TONES[note.tone]) for note in notes]
        _words(slide, (x + Inches(0.15), top + Inches(1.65), inner, Inches(1.4)), lines, space=4)


def _figure_size(words: str) -> int:
    return next(size for most, size in _FIGURE_SIZES if len(words) <= most or most == 99)


def _table(slide: Any, block: Table, box: Box) -> None:
    left, top, wide, _ = box
    rows = [block.headings, *block.rows]
    size = (left, top, wide, _ROW * len(rows))
    shape = slide.shapes.add_table(len(rows), len(block.headings), *size)
    table = shape.table
    style = shape._element.graphic.graphicData.tbl.tblPr
    # The program's own style without colours and lines: ours are drawn cell by cell.
    style.find(qn("a:tableStyleId")).text = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
    table.horz_banding = False
    first = int(wide * (0.34 if len(block.headings) > 4 else 0.4))
    for at, column in enumerate(table.columns):
        column.width = Emu(first if at == 0 else (wide - first) // (len(block.headings) - 1))
    for place, row in enumerate(rows):
        table.rows[place].height = Emu(_ROW)
        is_bold = block.has_total and place == len(rows) - 1
        for at, words in enumerate(row):
            cell = table.cell(place, at)
            cell.margin_left = cell.margin_right = Inches(0.05)
            cell.margin_top = cell.margin_bottom = Inches(0.03)
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            _line_below(cell, QUIET if place == 0 else RULE)
            colour = INK if place else QUIET
            align = PP_ALIGN.RIGHT if at else PP_ALIGN.LEFT
            _fill(cell.text_frame, [(words, 11, colour)], is_bold=is_bold, align=align, space=0)
    if block.note:
        _words(
            slide, (left, top + size[3] + Inches(0.1), wide, Inches(0.6)), [(block.note, 11, QUIET)]
        )


def _line_below(cell: Any, colour: str) -> None:
    properties = cell._tc.get_or_add_tcPr()
    line = properties.makeelement(qn("a:lnB"), {"w": "9525"})
    fill = line.makeelement(qn("a:solidFill"), {})
    fill.append(fill.makeelement(qn("a:srgbClr"), {"val": colour.removeprefix("#")}))
    line.append(fill)
    properties.append(line)


def _shape(slide: Any, box: Box, colour: str) -> Any:
    shape = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *box)
    shape.fill.solid()
    shape.fill.fore_color.rgb = rgb(colour)
    shape.line.fill.background()
    shape.shadow.inherit = False
    return shape


def _words(
    slide: Any,
    box: Box,
    lines: Sequence[tuple[str, int, str]],
    *,
    is_bold: bool = False,
    align: Any = PP_ALIGN.LEFT,
    anchor: Any = MSO_ANCHOR.TOP,
    space: int = 0,
) -> None:
    """A box of text: each line is its words, size and colour."""
    frame = slide.shapes.add_textbox(*box).text_frame
    frame.word_wrap, frame.auto_size, frame.vertical_anchor = True, MSO_AUTO_SIZE.NONE, anchor
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    _fill(frame, lines, is_bold=is_bold, align=align, space=space)


def _fill(
    frame: Any,
    lines: Sequence[tuple[str, int, str]],
    *,
    is_bold: bool,
    align: Any,
    space: int,
) -> None:
    for place, (words, size, colour) in enumerate(lines):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        paragraph.alignment = align
        paragraph.space_after = Pt(space if size < 14 else max(space - 3, 0))
        run = paragraph.add_run()
        run.text = tidy(words)
        run.font.size, run.font.bold, run.font.name = Pt(size), is_bold, LATIN
        run.font.color.rgb = rgb(colour)
        with_chinese(run.font._rPr)
