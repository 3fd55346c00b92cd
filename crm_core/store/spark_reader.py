"""Expressions run by Spark over Parquet files: the same tables, the same answers, the same types."""

from __future__ import annotations

import threading
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from ibis.config import Config

from crm_core.errors import CrmError
from crm_core.store.answers import arrow_schema, values_of
from crm_core.store.connection import Frames
from crm_core.store.grouped import Dialect

_DDL = {
    "string": "string",
    "int64": "bigint",
    "int32": "int",
    "float64": "double",
    "float32": "float",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
_AGAIN = 0.5
_AWAY = ("UNAVAILABLE", "failed to connect", "Connection refused", "SparkContext was shut down")


class _Choices(Config):
    """What Ibis asks of whoever writes SQL for Spark; its own backend would set the same."""

    treat_nan_as_null: bool = False


class SparkReader:
    """Views in a Spark session, one a Parquet file."""

    dialect: Dialect = "spark"
    is_small = False

    def __init__(self, session: Any, views: Mapping[str, tuple[str, Mapping[str, str]]]) -> None:
        self._session = session
        self._views = views
        self._frames = Frames()

    def names(self) -> Iterable[str]:
        """The tables there are."""
        return self._views

    def described(self, name: str) -> ir.Table:
        """A table as the view that reads its file."""
        view, columns = self._views[name]
        return ibis.table(ibis.schema(dict(columns)), name=view)

    def frame(self, expr: ir.Table, seconds: float) -> pd.DataFrame:
        """All rows of an expression."""
        return self._frames.of(
            self._asked(sql_of(expr), arrow_schema(expr, decimals=False), seconds)
        )

    def words(self, expr: ir.Table) -> str:
        """The expression in Spark's words."""
        return sql_of(expr)

    def rows(self, words: str, schema: pa.Schema, seconds: float) -> list[tuple[Any, ...]]:
        """The few rows of a statement."""
        return values_of(self._asked(words, schema, seconds))

    def _asked(self, words: str, schema: pa.Schema, seconds: float) -> pa.Table:
        with _stopped_after(self._session, seconds):
            rows = self._session.sql(words).toArrow()
        return rows.cast(schema)

    def batches(self, expr: ir.Table, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """All rows of an expression, in memory a partition at a time."""
        schema = arrow_schema(expr)
        with understood():
            rows = self._session.sql(_with_numbers(expr)).toLocalIterator()
            while part := list(islice(rows, batch_rows)):
                columns = zip(schema, zip(*part, strict=True), strict=True)
                yield pa.record_batch(
                    [_array(field.type, values) for field, values in columns], schema=schema
                )

    def close(self) -> None:
        """The session goes on: others may use it."""
        self._frames.close()


@contextmanager
def _stopped_after(session: Any, seconds: float) -> Iterator[None]:
    """Cancels the jobs that begin in here once they take longer than `seconds`."""
    tag = f"clientele-{uuid.uuid4().hex}"
    # A session of a server cancels by its own tags, one of this machine by those of its context.
    remote = type(session).__module__.startswith("pyspark.sql.connect")
    marked = session if remote else session.sparkContext
    add, drop = (
        (marked.addTag, marked.removeTag) if remote else (marked.addJobTag, marked.removeJobTag)
    )
    stop = session.interruptTag if remote else marked.cancelJobsWithTag
    done, late = threading.Event(), threading.Event()

    def watch() -> None:
        if done.wait(seconds):
            return
        late.set()
        while not done.wait(_AGAIN):  # between two jobs of a query there is nothing to cancel
            stop(tag)

    with understood(late, seconds):
        add(tag)
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            drop(tag)


def _array(kind: pa.DataType, values: tuple[Any, ...]) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def _with_numbers(expr: ir.Table) -> str:
    """The expression with moments as microseconds: Python's would be of this machine's zone."""
    cells = ", ".join(
        f"unix_micros(`{name}`) AS `{name}`" if isinstance(kind, dt.Timestamp) else f"`{name}`"
        for name, kind in expr.schema().items()
    )
    return f"SELECT {cells} FROM ({sql_of(expr)})"


def sql_of(expr: ir.Table) -> str:
    """The expression in Spark's words."""
    ibis.options.pyspark = _Choices()
    return str(ibis.to_sql(expr, dialect="pyspark", pretty=False))


def add_files(
    session: Any, prefix: str, folder: str, tables: Mapping[str, Mapping[str, str]]
) -> dict[str, tuple[str, Mapping[str, str]]]:
    """Makes a view for each table's file; no file is read yet."""
    views: dict[str, tuple[str, Mapping[str, str]]] = {}
    with understood():
        for table, columns in tables.items():
            view = f"{prefix}_{table}"
            rows = session.read.schema(ddl(columns)).parquet(f"{folder}/{table}.parquet")
            rows.createOrReplaceTempView(view)
            views[table] = (view, columns)
    return views


def ddl(columns: Mapping[str, str]) -> str:
    """Columns as Spark declares them."""
    return ", ".join(f"`{name}` {_ddl(kind)}" for name, kind in columns.items())


def _ddl(kind: str) -> str:
    if kind.startswith("decimal"):
        return kind
    if kind not in _DDL:
        raise CrmError("store_damaged", file=kind)
    return _DDL[kind]


def spark() -> Any:
    """The PySpark library, which the app needs for nothing else.

    Raises: CrmError("store_no_spark") where it is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module("pyspark.sql")
    except ImportError:
        raise CrmError("store_no_spark") from None


@contextmanager
def understood(late: threading.Event | None = None, seconds: float = 0) -> Iterator[None]:
    """Turns what Spark says into words; addresses, values and statements are not repeated."""
    failures = import_module("pyspark.errors")
    try:
        yield
    except (failures.PySparkException, import_module("py4j.protocol").Py4JError) as error:
        words = str(error)
        if late is not None and late.is_set():
            raise CrmError("query_timeout", seconds=seconds) from None
        if "OutOfMemory" in words:
            raise CrmError("query_too_large") from None
        if "PATH_NOT_FOUND" in words or "FILE_NOT_EXIST" in words:
            raise CrmError("store_moved_on") from None
        if "JAVA_GATEWAY_EXITED" in words or "JAVA_HOME" in words:
            raise CrmError("store_no_java") from None
        if any(sign in words for sign in _AWAY):
            raise CrmError("store_unreachable") from None
        raise
