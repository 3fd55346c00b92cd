"""Files of rows set aside, come back mended: read as the files they were, and remembered as healed.

Such a file is told by its last columns (`MARKS`). They are taken off, and the apostrophes that kept
spreadsheets from running a cell, so that what reads the original reads this.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crm_core.privacy.escape import unescape
from crm_core.privacy.set_aside import MARKS
from crm_core.store.imports import SourceFile
from crm_core.store.imports.textfile import read_text
from crm_core.store.quarantine import Place

_KINDS = {".csv", ".tsv", ".txt"}
_WHERE = MARKS[2:5]
_START = 256 * 1024


@contextmanager
def as_given(paths: Sequence[Path]) -> Iterator[tuple[list[Path | SourceFile], list[Place]]]:
    """The files to read instead of mended ones, and the rows these stand for.

    The copies last as long as the block.
    """
    with tempfile.TemporaryDirectory(prefix="clientele-mended-") as folder:
        yield copies(paths, Path(folder))


def copies(paths: Sequence[Path], folder: Path) -> tuple[list[Path | SourceFile], list[Place]]:
    """The same with copies in a folder of the caller's, which is made where there are any."""
    files: list[Path | SourceFile] = []
    healed: list[Place] = []
    for place, path in enumerate(paths):
        if _is_mended(path):
            folder.mkdir(parents=True, exist_ok=True)
            copy = folder / f"{place}.csv"
            healed += _restored(path, copy)
            files.append(SourceFile(copy, path.name))
        else:
            files.append(path)
    return files, healed


def _is_mended(path: Path) -> bool:
    if path.suffix.lower() not in _KINDS or not path.is_file():
        return False
    with path.open("rb") as stream:
        start = stream.read(_START)
    return any(_WHERE[-1].encode(name) in start for name in ("utf-8", "utf-16-le", "utf-16-be"))


def _restored(path: Path, copy: Path) -> list[Place]:
    """Writes the file without its marks; the places of its rows."""
    text = read_text(SourceFile(path, path.name))
    header = [unescape(name) for name in text.header]
    kept = [place for place, name in enumerate(header) if name not in MARKS]
    marks = {name: place for place, name in enumerate(header) if name in MARKS}
    places: list[Place] = []
    with (
        path.open(encoding=text.encoding, errors="replace", newline="") as source,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        rows = csv.reader(source, delimiter=text.delimiter)
        out = csv.writer(target)
        next(rows, None)
        out.writerow([header[place] for place in kept])
        for row in rows:
            if not any(row):
                continue
            row += [""] * (len(header) - len(row))
            out.writerow([unescape(row[place]) for place in kept])
            places += _place(row, marks)
    return places


def _place(row: Sequence[str], marks: dict[str, int]) -> list[Place]:
    """Where a row was set aside, unless somebody wrote over it."""
    number, file, line = (row[marks[name]] if name in marks else "" for name in _WHERE)
    if not (number.isdecimal() and line.isdecimal()):
        return []
    return [(int(number), unescape(file), int(line))]
