"""What a document is made of: finished words and plain numbers, in no file's terms.

Words may be anybody's (a product's name, a comment): each writer makes them harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from crm_core.text.numbers import Numbers

Tone = Literal["good", "bad", ""]
#: What a line of a chart stands for: the period told of, the one before, the year before.
Role = Literal["now", "before", "year"]


@dataclass(frozen=True)
class Note:
    """A few words below a number, coloured by whether they are good news."""

    words: str
    tone: Tone = ""


@dataclass(frozen=True)
class Figure:
    """A number on its own: what it is called, its value in words, and what it is held against."""

    label: str
    value: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Figures:
    """Numbers side by side."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Text:
    """Paragraphs; `is_quiet` are remarks, smaller and grey."""

    paragraphs: tuple[str, ...]
    is_quiet: bool = False


@dataclass(frozen=True)
class Point:
    """One thing to know, and more about it."""

    title: str
    about: str = ""


@dataclass(frozen=True)
class Points:
    """Things to know, one below the other."""

    points: tuple[Point, ...]


@dataclass(frozen=True)
class Table:
    """Rows of finished cells, the first column words, the others numbers; `has_total` marks the
    last row as the sum. `note` stands below."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    has_total: bool = False
    note: str = ""


@dataclass(frozen=True)
class Series:
    """A line: its name, a value for each place of the axis (None: nothing there), its role."""

    name: str
    values: tuple[float | None, ...]
    role: Role


@dataclass(frozen=True)
class Lines:
    """Lines over the same places, mostly days."""

    title: str
    places: tuple[str, ...]
    series: tuple[Series, ...]
    numbers: Numbers


@dataclass(frozen=True)
class Bars:
    """Named amounts, each zero or more, beside each other."""

    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    numbers: Numbers


@dataclass(frozen=True)
class Steps:
    """Named steps up and down, each from where the one before ended; the last is their sum."""

    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    numbers: Numbers


Block = Figures | Text | Points | Table | Lines | Bars | Steps


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it; `lead` says the main thing in a sentence."""

    heading: str
    blocks: tuple[Block, ...]
    lead: str = ""


@dataclass(frozen=True)
class Document:
    """A whole document.

    `kind`, `title` and `subtitle` stand on its cover, with `facts` (label, words): what it rests
    on. `foot` stands on every page, with `page_words`, in which {page} and {pages} are filled in.
    """

    language: str
    kind: str
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    foot: str
    page_words: str
    made_at: datetime
