"""What an expression's answer is made of: the Arrow types of its columns, on every engine."""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa

from crm_core.errors import CrmError

_ARROW: dict[type[dt.DataType], pa.DataType] = {
    dt.Int64: pa.int64(),
    dt.Int32: pa.int32(),
    dt.Int16: pa.int16(),
    dt.Int8: pa.int8(),
    dt.Float64: pa.float64(),
    dt.Float32: pa.float32(),
    dt.Boolean: pa.bool_(),
    dt.String: pa.string(),
    dt.Date: pa.date32(),
    dt.Timestamp: pa.timestamp("us"),
}
_MONEY_PLACES = 2


def arrow_schema(expr: ir.Table, *, decimals: bool = True) -> pa.Schema:
    """The Arrow types of an expression's columns; decimals as such, or as floats for a frame."""
    return pa.schema([(name, arrow_kind(kind, decimals)) for name, kind in expr.schema().items()])


def values_of(rows: pa.Table) -> list[tuple[Any, ...]]:
    """Arrow rows as tuples of Python's own values."""
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def arrow_kind(kind: dt.DataType, decimals: bool) -> pa.DataType:
    """The Arrow type of a column; decimals as such, or as floats."""
    if isinstance(kind, dt.Decimal):
        places = _MONEY_PLACES if kind.scale is None else kind.scale
        return pa.decimal128(kind.precision or 38, places) if decimals else pa.float64()
    if type(kind) not in _ARROW:
        raise CrmError("store_damaged", file=str(kind))
    return _ARROW[type(kind)]
