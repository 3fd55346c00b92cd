"""A tool's columns of the people who stay in a list: each in its form, hashed where asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm_core.privacy import normalise
from crm_core.privacy.gate import COUNTRY
from crm_core.privacy.platforms import Cell, Platform


def person_columns(
    platform: Platform,
    batch: pa.RecordBatch,
    cells: Mapping[str, NDArray[np.bool_]],
    phones: NDArray[np.int64],
) -> list[list[str]]:
    """The cells of these rows by column. `cells`: which rows tell which kind of contact."""
    told = {source: _told(source, batch, phones) for source in _sources(platform)}
    for kind in set(cells) & set(told) - {"phone"}:
        told[kind] = _only(told[kind], cells[kind].tolist())
    formed = {
        cell.source: [
            normalise.FORMS[cell.form](text) if text else "" for text in told[cell.source]
        ]
        for cell in platform.cells
        if cell.source
    }
    if platform.together:
        whole = list(zip(*(formed[source] for source in platform.together), strict=True))
        complete = [all(row) for row in whole]
        formed |= {source: _only(formed[source], complete) for source in platform.together}
    return [_column(cell, formed, batch.num_rows) for cell in platform.cells]


def _sources(platform: Platform) -> list[str]:
    return list(dict.fromkeys(cell.source for cell in platform.cells if cell.source))


def _only(values: Sequence[str], told: Sequence[bool]) -> list[str]:
    return [value if tell else "" for value, tell in zip(values, told, strict=True)]


def _told(source: str, batch: pa.RecordBatch, phones: NDArray[np.int64]) -> list[str]:
    """What is known of these people, as it stands; phones in E.164, countries as two letters."""
    if source == "phone":
        return [f"+{number}" if number else "" for number in phones.tolist()]
    if source in ("first_name", "last_name"):
        place = int(source == "last_name")
        return [normalise.first_and_last(name)[place] for name in batch["name"].to_pylist()]
    if source == "country":
        return [normalise.country_code(text) for text in batch[COUNTRY].to_pylist()]
    values: list[Any] = batch[source].to_pylist()
    return [value or "" for value in values]


def _column(cell: Cell, formed: Mapping[str, list[str]], rows: int) -> list[str]:
    if not cell.source:
        return [""] * rows
    values = formed[cell.source]
    return [normalise.hashed(value) for value in values] if cell.hashed else values
