"""What the header of a file is, for the many formats that ask for it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from crm_core.errors import CrmError
from crm_core.store.imports.contract import SourceFile
from crm_core.store.imports.textfile import TextFile, read_text

_OTHERS = {".parquet", ".json"}


def text_of(file: SourceFile) -> TextFile | None:
    """The description of a delimited text file; None when it is none, or none that can be read.

    What is wrong with such a file is said by the format that takes what no other knows.
    """
    if file.path.suffix.lower() in _OTHERS:
        return None
    try:
        seen = file.path.stat()
    except OSError:
        return None
    bare = replace(file, keeper=None, notices=(), lost=())  # a copy's folder must not stay for this
    found = _text(bare, seen.st_mtime_ns, seen.st_size)
    return None if found is None else replace(found, source=file)


@lru_cache(maxsize=64)
def _text(file: SourceFile, _changed: int, _size: int) -> TextFile | None:
    """Read once a file: every format asks, and a look goes over the whole of it."""
    try:
        return read_text(file)
    except CrmError:
        return None


def spelt_as(text: TextFile, columns: tuple[str, ...]) -> TextFile:
    """The same file with its header in the spelling of `columns` where only case differs."""
    known = {column.casefold(): column for column in columns}
    header = tuple(known.get(column.casefold(), column) for column in text.header)
    return replace(text, header=header)
