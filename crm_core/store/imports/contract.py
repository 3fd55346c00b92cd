"""What an import is made of: the files given, what they were recognised as, what came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import duckdb

    from crm_core.store.imports.mapping import Mapping
    from crm_core.store.imports.quality import Bill
    from crm_core.store.imports.textfile import TextFile

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Notice:
    """Something to know that stopped no row."""

    code: str
    facts: dict[str, object]


@dataclass(frozen=True)
class LostRow:
    """A row that could not be brought into a table at all, as it stands in the file."""

    row: int
    code: str
    raw: str


@dataclass(frozen=True)
class SourceFile:
    """A file to import: where it lies, and the name people know it by.

    What came out of an archive, a workbook or another kind of table lies elsewhere: `sha256` is
    that of the file as it was given, `row_shift` leads from a line of the copy to the row people
    see, `decimal` is the style its numbers were written in, `inner` tells that others came out of
    the same file, and `keeper` holds the folder of the copy for as long as anybody needs it.
    """

    path: Path
    name: str
    sha256: str = ""
    decimal: str = ""
    row_shift: int = 0
    inner: bool = False
    notices: tuple[Notice, ...] = field(default=(), compare=False)
    lost: tuple[LostRow, ...] = field(default=(), compare=False, repr=False)
    keeper: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Part:
    """Files that one format reads together. `texts` describe them when they are text."""

    format: str
    files: tuple[SourceFile, ...]
    texts: tuple[TextFile, ...] = ()
    mapping: Mapping | None = None


@dataclass(frozen=True)
class Said:
    """How values are written where people said it, "" where nobody did; it goes before what a
    format expects: `date_order` "dmy", "mdy" or "ymd", `decimal` "dot" or "comma"."""

    date_order: str = ""
    decimal: str = ""


@dataclass(frozen=True)
class Plan:
    """What will be read, and how. Nothing has been written yet. `notices`: what was left out.
    `unsaid`: tables whose columns somebody has yet to name."""

    parts: tuple[Part, ...]
    notices: tuple[Notice, ...] = ()
    unsaid: tuple[SourceFile, ...] = ()
    said: Said = field(default_factory=Said)

    @property
    def format(self) -> str:
        """The formats' names, joined by "+" when files of several kinds are read at once."""
        return "+".join(dict.fromkeys(part.format for part in self.parts))

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """Every file, in the order of `source_file` in the staging tables."""
        return tuple(file for part in self.parts for file in part.files)


@dataclass(frozen=True)
class FileRead:
    """A file that was read, and the decisions taken about it (encoding, decimal style ...).

    `lookup`: a list beside the log (products, campaigns); its rows are no rows of the import.
    `skipped`: titles, totals and repeated headers among the rows. `header` is as in the file.
    """

    name: str
    sha256: str
    rows: int
    decisions: dict[str, str]
    lookup: bool = False
    skipped: int = 0
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowIssue:
    """Where one bad row is. No value of the row is told: it may be personal."""

    code: str
    file: str
    row: int
    column: str


@dataclass(frozen=True)
class StageResult:
    """What an import read, kept, set aside and found out.

    `good` counts rows by canonical table; `reasons` counts set-aside rows by code;
    `duplicates` counts rows that repeat a row of this import; `starts_with_shop` is None
    when the files do not tell. `totals` are those of the rows kept; `bill` says it all. `feeds` (by
    page: full, part or no) are of all files together, `file_feeds` of each where there are several.
    What has no orders adds something to `feeds_with_orders`, each file to `file_feeds_with_orders`.
    """

    format: str
    files: tuple[FileRead, ...]
    rows_read: int
    good: dict[str, int]
    quarantined: int
    duplicates: int
    reasons: dict[str, int]
    examples: tuple[RowIssue, ...]
    notices: tuple[Notice, ...]
    currency: str | None
    timezone: str
    starts_with_shop: bool | None
    totals: dict[str, float]
    feeds: dict[str, str]
    feed_reasons: dict[str, str]
    feed_details: dict[str, list[str]]
    file_feeds: dict[str, dict[str, str]]
    feeds_with_orders: tuple[str, ...]
    file_feeds_with_orders: dict[str, tuple[str, ...]]
    bill: Bill


@dataclass
class Job:
    """One staging run: where to write, and what has been learnt so far."""

    con: duckdb.DuckDBPyConnection
    folder: Path
    now: datetime
    currency: str | None
    timezone: str
    progress: Progress
    said: Said = field(default_factory=Said)
    first_file: int = 0
    files: list[FileRead] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def notice(self, code: str, **facts: object) -> None:
        """Say something that stopped no row."""
        self.notices.append(Notice(code, facts))


@dataclass(frozen=True)
class Facts:
    """What a format or its files know about the shop; None is unknown."""

    currency: str | None = None
    timezone: str | None = None
    starts_with_shop: bool | None = None


class Format(Protocol):
    """One source format. Each module of `formats` offers one as `FORMAT`.

    Formats are asked for their files by `rank`, lowest first. `has_repeats`: its rows may
    repeat each other and are searched for that.
    """

    name: str
    rank: int
    has_repeats: bool

    def facts(self, part: Part) -> Facts:
        """What is known about the shop of these files."""
        ...

    def claim(self, files: tuple[SourceFile, ...]) -> tuple[Part, ...]:
        """The parts made of those given files that this format knows."""
        ...

    def stage(self, job: Job, part: Part) -> None:
        """Fill the staging tables from one part."""
        ...
