"""Every place of a shop on the disk that holds some words: databases are read cell by cell."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow.parquet as pq


def holders(folder: Path, words: Iterable[str]) -> dict[str, list[str]]:
    """Which of the words are where: file or table -> words, whatever their case."""
    wanted = [word.casefold() for word in words]
    found: dict[str, list[str]] = {}
    for place, text in _texts(folder):
        held = [word for word in wanted if word in text]
        if held:
            found[place] = sorted({*found.get(place, ()), *held})
    return found


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".duckdb":
            yield from _tables(path, name)
        elif path.suffix == ".parquet":
            yield name, _folded(pq.read_table(path).to_pylist())
        elif path.suffix == ".sqlite":
            yield from _records(path, name)
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield f"{name} as bytes", _folded(content.decode("utf-8", "ignore"))


def _tables(path: Path, name: str) -> Iterator[tuple[str, str]]:
    with closing(duckdb.connect(str(path), read_only=True)) as con:
        for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            yield f"{name}:{table}", _folded(con.execute(f'FROM "{table}"').fetchall())


def _records(path: Path, name: str) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        tables = con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            yield f"{name}:{table}", _folded(con.execute(f'SELECT * FROM "{table}"').fetchall())


def _folded(value: object) -> str:
    return str(value).casefold()
