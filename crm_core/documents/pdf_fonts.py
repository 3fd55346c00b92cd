"""Letters of PDF documents: which font has which, embedded, and words as safe marked-up pieces."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from crm_core.documents.look import tidy

REGULAR, BOLD, CHINESE = "inter-400", "inter-600", "noto-sans-sc"
#: Stands for a letter that no font here has; printers call it geta.
MISSING = "〓"
_FOLDER = Path(__file__).parent / "fonts"


@cache
def _letters(name: str) -> frozenset[int]:
    """The letters of a font, which is made known to the PDF library at first."""
    font: Any = TTFont(name, str(_FOLDER / f"{name}.ttf"))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def prepare() -> None:
    """Makes all fonts known, once a process."""
    for name in (REGULAR, BOLD, CHINESE):
        _letters(name)


def runs(words: str, *, is_bold: bool = False) -> list[tuple[str, str]]:
    """The words as (font, piece), each piece of letters that its font has.

    >>> runs("AB 茶")
    [('inter-400', 'AB '), ('noto-sans-sc', '茶')]
    """
    latin = BOLD if is_bold else REGULAR

    def lettered() -> Iterator[tuple[str, str]]:
        for letter in tidy(words):
            if ord(letter) in _letters(latin):
                yield latin, letter
            else:
                yield CHINESE, letter if ord(letter) in _letters(CHINESE) else MISSING

    return [
        (font, "".join(c for _, c in some)) for font, some in groupby(lettered(), lambda p: p[0])
    ]


def marked(words: str, *, is_bold: bool = False) -> str:
    """The words for a paragraph: every sign of markup in them is shown as it stands.

    >>> marked("<b>A</b>")
    '<font name="inter-400">&lt;b&gt;A&lt;/b&gt;</font>'
    """
    return "".join(
        f'<font name="{font}">{escape(piece)}</font>'
        for font, piece in runs(words, is_bold=is_bold)
    )


def placed(words: str, size: float, *, is_bold: bool = False) -> Iterator[tuple[str, str, float]]:
    """The pieces as (font, piece, how far from where the words begin, in points)."""
    at = 0.0
    for font, piece in runs(words, is_bold=is_bold):
        yield font, piece, at
        at += pdfmetrics.stringWidth(piece, font, size)


def width(words: str, size: float, *, is_bold: bool = False) -> float:
    """How wide the words are, in points."""
    return sum(
        pdfmetrics.stringWidth(piece, font, size) for font, piece in runs(words, is_bold=is_bold)
    )


def fitted(words: str, size: float, room: float) -> str:
    """The words, shortened if they would be wider than `room`."""
    words = tidy(words)
    while width(words, size) > room and len(words) > 2:
        words = words.rstrip("…")[:-1].rstrip() + "…"
    return words
