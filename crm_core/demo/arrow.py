"""Numpy columns to Arrow tables of the canonical schema, without a Python loop over rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crm_core.schema import TABLES
from crm_core.schema.definition import Type

Mask = NDArray[np.bool_] | None

TYPES: dict[Type, pa.DataType] = {
    "text": pa.string(),
    "int": pa.int64(),
    "key": pa.int64(),
    "money": pa.decimal128(18, 2),
    "price": pa.decimal128(18, 4),
    "rate": pa.float64(),
    "time": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "bool": pa.bool_(),
}
# Columns the shop's own systems do not fill: they know each customer by its id.
_LEFT_OUT = {"line_total", "shop", "account_id", "product_kind", "whole", "undated"}
_GUESTS = "orders"


def schema(name: str) -> pa.Schema:
    """The Arrow schema of a canonical table's staging columns."""
    by_id = {"phone"} if name == _GUESTS else {"email", "phone"}
    columns = [
        c
        for c in TABLES[name].staging()
        if c.name not in _LEFT_OUT and not (c.staging_only and c.name in by_id)
    ]
    return pa.schema([pa.field(c.name, TYPES[c.type]) for c in columns])


def table(table_name: str, columns: dict[str, Any]) -> pa.Table:
    """A canonical table; columns not given are empty, numbers are cents, days or microseconds."""
    wanted = schema(table_name)
    for name in columns:
        wanted.field(name)  # a misspelt column is refused here
    rows = len(next(iter(columns.values())))
    made = [_column(columns.get(field.name), field.type, rows) for field in wanted]
    return pa.Table.from_arrays(made, schema=wanted)


def _column(values: Any, type_: pa.DataType, rows: int) -> Any:
    if values is None:
        return pa.nulls(rows, type_)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values if values.type == type_ else values.cast(type_)
    if isinstance(values, tuple):
        return _from_numpy(values[0], type_, values[1])
    return _from_numpy(np.asarray(values), type_, None)


def _from_numpy(values: NDArray[Any], type_: pa.DataType, mask: Mask) -> pa.Array:
    if pa.types.is_decimal(type_):
        return decimals(values, type_, mask)
    if pa.types.is_timestamp(type_):
        return pa.array(values.astype(np.int64), mask=mask).view(type_)
    if pa.types.is_date(type_):
        return pa.array(values.astype(np.int32), mask=mask).view(type_)
    return pa.array(values, type=type_, mask=mask)


def decimals(units: NDArray[Any], type_: pa.DataType, mask: Mask = None) -> pa.Array:
    """Whole cents (or ten-thousandths) as decimals.

    >>> decimals(np.array([150, -5]), pa.decimal128(18, 2)).to_pylist()
    [Decimal('1.50'), Decimal('-0.05')]
    """
    words = np.empty((len(units), 2), dtype=np.int64)
    words[:, 0] = units
    words[:, 1] = words[:, 0] >> 63
    valid = None if mask is None else pa.array(~mask).buffers()[1]
    return pa.Array.from_buffers(  # pyright: ignore[reportAttributeAccessIssue]
        type_, len(units), [valid, pa.py_buffer(words)]
    )


def ids(prefix: str, numbers: NDArray[np.int64], mask: Mask = None, *, width: int = 8) -> pa.Array:
    """Text ids of one length, such as `C00000042`.

    >>> ids("C", np.array([7, 42]), width=4).to_pylist()
    ['C0007', 'C0042']
    """
    head = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    text = np.empty((len(numbers), len(head) + width), dtype=np.uint8)
    text[:, : len(head)] = head
    rest = numbers.astype(np.int64)
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, len(head) + place] = digit + 48
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * text.shape[1]
    valid = None if mask is None else pa.array(~mask).buffers()[1]
    return pa.Array.from_buffers(  # pyright: ignore[reportAttributeAccessIssue]
        pa.string(), len(numbers), [valid, pa.py_buffer(offsets), pa.py_buffer(text)]
    )


def words(codes: NDArray[Any], values: tuple[str, ...] | list[str], mask: Mask = None) -> pa.Array:
    """Codes to the words they stand for; a masked code becomes an empty cell.

    >>> words(np.array([1, 0]), ("web", "app")).to_pylist()
    ['app', 'web']
    """
    return pc.take(pa.array(list(values), type=pa.string()), pa.array(codes, mask=mask))


def join(*parts: pa.Array | str) -> pa.Array:
    """Text columns and fixed texts written one after the other, row by row."""
    texts = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*texts, pa.scalar(""))
