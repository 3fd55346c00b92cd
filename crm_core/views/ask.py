"""A question in plain words, English or Chinese, read into an exploration with days and comparison.

No outside service and no guess: what is known is in the text catalogues and among the shop's own
values; what is not is handed back with the closest word known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from crm_core.errors import CrmError, close_match
from crm_core.metrics.exploration import MOST_BY, MOST_METRICS, MOST_TOP, MOST_WHERE, Exploration
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.ask_days import Days, days_of
from crm_core.views.ask_words import Lexicon, Piece, tidy, with_values

MOST_SUBCATEGORIES = 500
_MOST_MATCHED = 5
_MOST_TOGETHER = 4
_NAMES = {"rfm": "rfm", "stage": "stage", "value": "value_tier", "loyalty": "loyalty_tier"}
#: The dimension that a way to divide customers is split by.
SEGMENT_DIMENSIONS = {**_NAMES, "cluster": "cluster"}


@dataclass(frozen=True)
class Known:
    """What a shop has to ask about: its days, and values as (dimension, code, names)."""

    first_day: date
    as_of: date
    values: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Unread:
    """Words that were not understood, and the closest that would have been ("" for none)."""

    words: str
    match: str = ""


@dataclass(frozen=True)
class Understood:
    """A question as it was read.

    `days` and `compare` are None where it said nothing of them, `outside` are words for days that
    the data does not have, `beyond` words for more splits or numbers than fit. `no_metric`: the
    number is the usual one, as none was named.
    """

    exploration: Exploration
    days: Days | None = None
    compare: str | None = None
    no_metric: bool = False
    unread: tuple[Unread, ...] = ()
    beyond: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    is_empty: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether all of it was understood."""
        return not (self.is_empty or self.unread or self.beyond or self.outside)


def subcategories(selection: Selection, *, store: Store, access: Access) -> tuple[str, ...]:
    """The names of the shop's subcategories, which the filter bar does not have; none where
    there are more than 500."""
    del selection, access
    if not store.has("products"):
        return ()
    names = store.table("products").select("subcategory").distinct().order_by("subcategory")
    try:
        frame = store.fetch(names, limit=MOST_SUBCATEGORIES)
    except CrmError:
        return ()
    return tuple(str(name) for name in frame["subcategory"].dropna() if str(name))


def understand(question: str, known: Known) -> Understood:
    """Reads a question.

    >>> shop = Known(date(2024, 5, 1), date(2026, 6, 15))
    >>> found = understand("净收入 按渠道 上月", shop)
    >>> found.exploration.metrics, found.exploration.by, str(found.days.start), found.unread
    (('net_revenue',), ('sales_channel',), '2026-05-01', ())
    """
    words = with_values(known.values)
    reading = _Reading(known)
    for piece, before, after in _neighbours(_joined(words.read(question))):
        reading.take(piece, before, after)
    return reading.told(words)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Words side by side that are unknown, as one piece."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last is not None and last.kind == piece.kind == "unknown":
            space = " " if last.text.isascii() or piece.text.isascii() else ""
            joined[-1] = replace(last, text=f"{last.text}{space}{piece.text}")
        else:
            joined.append(piece)
    return joined


def _neighbours(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Piece | None, Piece | None]]:
    """Each piece with the one before and the one after it."""
    for place, piece in enumerate(pieces):
        after = pieces[place + 1] if place + 1 < len(pieces) else None
        yield piece, pieces[place - 1] if place else None, after


@dataclass
class _Reading:
    """What was read so far."""

    known: Known
    metrics: list[str] = field(default_factory=list[str])
    by: list[str] = field(default_factory=list[str])
    where: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    across: str = ""
    top: int | None = None
    show: str = ""
    compare: str | None = None
    days: Days | None = None
    is_open: bool = False
    is_since: bool = False
    splits: bool = False
    unread: list[str] = field(default_factory=list[str])
    beyond: list[str] = field(default_factory=list[str])
    outside: list[str] = field(default_factory=list[str])

    def take(self, piece: Piece, before: Piece | None, after: Piece | None) -> None:
        """Takes in one piece."""
        if piece.kind == "dimension":
            self._dimension(piece, before, after)
        elif piece.kind == "value":
            self._value(piece, before, after)
        else:
            _TAKERS[piece.kind](self, piece)
        if piece.kind not in ("period", "to", "since", "noise"):
            self.is_open = False
        # "by channel and region": what splits goes on over words between.
        self.splits = piece.kind in ("by", "across") or (
            self.splits and piece.kind in ("dimension", "noise")
        )

    def metric(self, piece: Piece) -> None:
        """A number."""
        self._add(self.metrics, piece, MOST_METRICS)

    def _add(self, names: list[str], piece: Piece, most: int) -> None:
        name = piece.terms[0].code
        if name in names:
            return
        if len(names) >= most:
            self.beyond.append(piece.text)
        else:
            names.append(name)

    def _dimension(self, piece: Piece, before: Piece | None, after: Piece | None) -> None:
        """A split, unless it only says of which kind a value beside it is."""
        name = piece.terms[0].code
        if before is not None and before.kind == "across":
            self.across = name
            return
        sides = [side for side in (before, after) if side is not None and side.kind == "value"]
        named = any(term.dimension == name for side in sides for term in side.terms)
        if not (named and not self.splits):
            self._add(self.by, piece, MOST_BY)

    def _value(self, piece: Piece, before: Piece | None, after: Piece | None) -> None:
        """Rows of one value; of several of that name the one whose kind is said beside it."""
        sides = [side for side in (before, after) if side is not None and side.kind == "dimension"]
        said = {side.terms[0].code for side in sides}
        meant = next((term for term in piece.terms if term.dimension in said), piece.terms[0])
        pair = (meant.dimension, meant.code)
        if pair not in self.where:
            if len(self.where) < MOST_WHERE:
                self.where.append(pair)
            else:
                self.beyond.append(piece.text)

    def period(self, piece: Piece) -> None:
        """Days; two side by side are the first and the last."""
        known = self.known
        found = days_of(piece.terms[0].code, piece.numbers, known.as_of, known.first_day)
        if found is None:
            self.unread.append(piece.text)
        elif self.days is not None and not self.is_open:
            self.beyond.append(piece.text)
        elif found.end < known.first_day or found.start > known.as_of:
            self.outside.append(piece.text)
        else:
            self.days = found if self.days is None else self.days.until(found)
            self.is_open = True

    def since(self, piece: Piece) -> None:
        """From a day on until now."""
        del piece
        self.is_since = True

    def comparison(self, piece: Piece) -> None:
        """What to compare with."""
        self.compare = piece.terms[0].code

    def shown(self, piece: Piece) -> None:
        """Shares, a running total or changes instead of values."""
        self.show = piece.terms[0].code

    def first(self, piece: Piece) -> None:
        """How many rows."""
        self.top = min(piece.numbers["n"], MOST_TOP)

    def unknown(self, piece: Piece) -> None:
        """Words nobody knows."""
        self.unread.append(piece.text)

    def link(self, piece: Piece) -> None:
        """Words that only join others."""

    def told(self, words: Lexicon) -> Understood:
        """The question as a whole."""
        compared = "change" if self.compare in ("year", "previous") else ""
        default = Exploration()
        exploration = Exploration(
            metrics=tuple(self.metrics) or default.metrics,
            by=tuple(name for name in self.by if name != self.across),
            across=self.across,
            where=tuple(self.where),
            top=self.top or default.top,
            show=self.show or compared or default.show,
        )
        said = (self.metrics, self.by, self.where, self.across, self.days, self.show, self.top)
        return Understood(
            exploration=exploration,
            days=self._days(),
            compare=self.compare,
            no_metric=not self.metrics,
            unread=tuple(_unread(self.unread, words)),
            beyond=tuple(self.beyond),
            outside=tuple(self.outside),
            is_empty=not any(said) and self.compare is None,
        )

    def _days(self) -> Days | None:
        """The days within those of the data."""
        found, known = self.days, self.known
        if found is None or found.period != "custom":
            return found
        end = known.as_of if self.is_since else min(found.end, known.as_of)
        return replace(found, start=max(found.start, known.first_day), end=end, month=0)


_TAKERS: dict[str, Callable[[_Reading, Piece], None]] = {
    "metric": _Reading.metric,
    "period": _Reading.period,
    "compare": _Reading.comparison,
    "show": _Reading.shown,
    "top": _Reading.first,
    "since": _Reading.since,
    "unknown": _Reading.unknown,
    "by": _Reading.link,
    "across": _Reading.link,
    "to": _Reading.link,
    "noise": _Reading.link,
}


def _unread(unknown: Sequence[str], words: Lexicon) -> Iterator[Unread]:
    """Unknown words with what comes closest, as many words together as make a known phrase."""
    for place, text in enumerate(unknown):
        if place >= _MOST_MATCHED:
            yield Unread(text)
            continue
        apart, start = text.split(" "), 0
        while start < len(apart):
            length, match = _closest(apart[start : start + _MOST_TOGETHER], words)
            yield Unread(" ".join(apart[start : start + length]), match)
            start += length


def _closest(apart: Sequence[str], words: Lexicon) -> tuple[int, str]:
    """How many of the first words look like a known phrase of as many words, and which."""
    for length in range(len(apart), 0, -1):
        match = close_match(" ".join(apart[:length]), words.spellings)
        if match and len(match.split(" ")) == length:
            return length, match
    return 1, ""


def mended(question: str, unread: Unread) -> str:
    """The question with words replaced by what they were taken for.

    >>> mended("net revenu by day", Unread("net revenu", "net revenue"))
    'net revenue by day'
    """
    return tidy(question).replace(unread.words, unread.match, 1)
