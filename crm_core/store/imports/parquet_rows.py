"""Any Parquet file as a delimited file: the engine reads it, its types need no guessing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import duckdb
from duckdb.sqltypes import DuckDBPyType

from crm_core.errors import CrmError
from crm_core.store.imports.contract import Notice, SourceFile
from crm_core.store.imports.limits import MB, Limits
from crm_core.store.imports.staging import name, quote
from crm_core.store.imports.textfile import MAX_COLUMNS

_MEMORY_MB = 256
_FRACTIONS = {"decimal", "double", "float"}
_WHOLE = {"bigint", "hugeint", "integer", "smallint", "tinyint", "ubigint", "uhugeint", "uinteger",
          "usmallint", "utinyint", "uuid", "time", "date", "boolean"}  # fmt: skip
_TIMES = {"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"}
_TEXTS = {"varchar", "enum"}
# SQL of `sheet_reader.doubtful`.
_DOUBTFUL = r"^[^0-9]{0,4}[0-9][0-9 .'\x{A0}\x{202F}]*(,[0-9][0-9.,]*|[.][0-9]{3})[^0-9]{0,4}$"


def read_parquet(file: SourceFile, folder: Path, limits: Limits) -> SourceFile:
    """The rows as a table: structs with dotted names, lists left out and told.

    Raises: CrmError import_parquet_broken, import_too_many_columns, import_archive_too_large.
    """
    con = duckdb.connect()
    try:
        con.execute(f"set memory_limit = '{_MEMORY_MB}MB'")
        con.execute("set temp_directory = ?", [str(folder)])
        return _converted(con, file, folder, limits)
    except duckdb.Error:
        raise CrmError("import_parquet_broken", file=file.name) from None
    finally:
        con.close()


def _converted(
    con: duckdb.DuckDBPyConnection, file: SourceFile, folder: Path, limits: Limits
) -> SourceFile:
    source = f"read_parquet({quote(str(file.path))})"
    relation = con.sql(f"select * from {source}")
    leaves = [
        leaf
        for column, kind in zip(relation.columns, relation.types, strict=True)
        for leaf in _leaves(column, name(column), kind)
    ]
    read = [(column, sql, kind) for column, sql, kind in leaves if kind.id in _KNOWN]
    if len(read) > MAX_COLUMNS:
        raise CrmError("import_too_many_columns", file=file.name, columns=len(read),
                       limit=MAX_COLUMNS)  # fmt: skip
    if not read:
        raise CrmError("import_parquet_broken", file=file.name)
    texts = [f"({sql})::varchar" for _, sql, kind in read if kind.id in _TEXTS]
    neutral = _check_texts(con, source, texts, len(read), file.name, limits)
    columns = ", ".join(f"{_written(sql, kind, neutral)} as {name(column)}"
                        for column, sql, kind in read)  # fmt: skip
    target = folder / "rows.csv"
    con.execute(
        f"copy (select {columns} from {source}) to {quote(str(target))} (format csv, header)"
    )
    left = [column for column, _, kind in leaves if kind.id not in _KNOWN]
    notices = file.notices
    if left:
        told: dict[str, object] = {"file": file.name, "columns": ", ".join(left[:10])}
        notices = (*notices, Notice("import_lists_left_out", told))
    return replace(
        file, path=target, decimal="" if neutral else "dot", row_shift=-1, notices=notices
    )


_KNOWN = _FRACTIONS | _WHOLE | _TIMES | _TEXTS | {"timestamp with time zone"}


def _leaves(column: str, sql: str, kind: DuckDBPyType) -> Iterator[tuple[str, str, DuckDBPyType]]:
    """The values of a column, or of the structs in it, each with its dotted name and SQL."""
    if kind.id != "struct":
        yield column, sql, kind
        return
    for field, inner in cast(list[tuple[str, DuckDBPyType]], kind.children):
        yield from _leaves(f"{column}.{field}", f"struct_extract({sql}, {quote(field)})", inner)


def _check_texts(
    con: duckdb.DuckDBPyConnection,
    source: str,
    texts: list[str],
    columns: int,
    file: str,
    limits: Limits,
) -> bool:
    """Whether texts leave the decimal style in doubt; a refusal when the rows are too many.

    Parquet packs repeated values into almost nothing, so the size is told by the values.
    """
    size = "".join(f" + coalesce(sum(strlen({text})), 0)" for text in texts)
    doubt = " or ".join(f"coalesce(bool_or(regexp_matches({text}, {quote(_DOUBTFUL)})), false)"
                        for text in texts)  # fmt: skip
    row = con.execute(f"select count(*) * {columns}{size} from {source}").fetchone()
    if row and row[0] > limits.unpacked_mb * MB:
        raise CrmError("import_archive_too_large", file=file, limit=limits.unpacked_mb)
    told = con.execute(f"select {doubt or 'false'} from {source}").fetchone()
    return bool(told and told[0])


def _written(sql: str, kind: DuckDBPyType, neutral: bool) -> str:
    """SQL for a value as `sheet_reader.cell_text` writes it."""
    text = f"({sql})::varchar"
    if kind.id in _TEXTS:
        return f"replace(replace({text}, chr(13) || chr(10), chr(10)), chr(13), chr(10))"
    if kind.id in _TIMES:
        return f"strftime(({sql})::timestamp, '%Y-%m-%d %H:%M:%S')"
    if kind.id == "timestamp with time zone":
        return f"strftime(({sql}) at time zone 'UTC', '%Y-%m-%d %H:%M:%S+00:00')"
    if kind.id not in _FRACTIONS:
        return text
    plain = f"regexp_replace(regexp_replace({text}, '[.]0*$', ''), '([.]\\d*[1-9])0+$', '\\1')"
    if neutral:
        fits = f"regexp_full_match({plain}, '-?\\d+[.]\\d+')"
        digits = f"replace({plain}, '.', '')"
        return (
            f"case when {fits} then {digits} || 'e-' || strlen(split_part({plain}, '.', 2)) "
            f"else {plain} end"
        )
    return f"regexp_replace({plain}, '([.]\\d{{3}})$', '\\1' || '0')"
