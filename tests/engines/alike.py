"""Whether two answers are one: counts and texts exactly, money to the cent, rates to nine places."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.store import Store

_ROWS = 50_000


def answers(store: Store, expr: ir.Table) -> pd.DataFrame:
    """The rows of an expression, in its own order or, if it names none, in one of ours."""
    frame = store.fetch(expr, limit=_ROWS)
    if isinstance(expr.op(), ops.Sort):
        return frame
    exact = [name for name in frame.columns if frame[name].dtype != "float64"]
    rough = frame.assign(
        **{name: frame[name].round(1) for name in frame.columns if name not in exact}
    )
    order = rough.sort_values([*exact, *[n for n in frame.columns if n not in exact]]).index
    return frame.loc[order].reset_index(drop=True)


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two answers differ, in words; nothing where they are alike."""
    if isinstance(one, pd.DataFrame):
        return _frames(one, other, place)
    if is_dataclass(one) and not isinstance(one, type):
        return [
            said
            for field in fields(one)
            for said in differences(
                getattr(one, field.name), getattr(other, field.name), f"{place}.{field.name}"
            )
        ]
    if isinstance(one, dict):
        if list(one) != list(other):
            return [f"{place}: {list(one)} or {list(other)}"]
        return [s for key in one for s in differences(one[key], other[key], f"{place}.{key}")]
    if isinstance(one, list | tuple):
        if len(one) != len(other):
            return [f"{place}: {len(one)} or {len(other)}"]
        return [
            said
            for number, (a, b) in enumerate(zip(one, other, strict=True))
            for said in differences(a, b, f"{place}[{number}]")
        ]
    if isinstance(one, float) and isinstance(other, float):
        return [] if _close(np.array([one]), np.array([other]))[0] else [f"{place}: {one} {other}"]
    return [] if one == other else [f"{place}: {one!r} or {other!r}"]


def _frames(one: pd.DataFrame, other: pd.DataFrame, place: str) -> list[str]:
    if list(one.columns) != list(other.columns) or len(one) != len(other):
        return [f"{place}: {one.shape} {list(one.columns)} or {other.shape} {list(other.columns)}"]
    found: list[str] = []
    for name in one.columns:
        a, b = one[name], other[name]
        if a.dtype != b.dtype:
            found.append(f"{place}.{name}: {a.dtype} or {b.dtype}")
        elif a.dtype == "float64":
            wrong = ~_close(a.to_numpy(), b.to_numpy())
            found += _said(place, name, a, b, wrong)
        else:
            same = (a == b).fillna(False).to_numpy(bool) | (a.isna() & b.isna()).to_numpy(bool)
            found += _said(place, name, a, b, ~same)
    return found


def _close(one: Any, other: Any) -> Any:
    return np.isclose(one, other, rtol=1e-9, atol=1e-9, equal_nan=True)


def _said(place: str, name: Any, one: Any, other: Any, wrong: Any) -> list[str]:
    if not wrong.any():
        return []
    row = int(np.flatnonzero(wrong)[0])
    return [f"{place}.{name}: {wrong.sum()} rows, e.g. {one.iloc[row]!r} or {other.iloc[row]!r}"]
