"""A tool's columns of the people who stay in a list: each in its form, hashed where asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
    told = _told(platform, batch, phones)
    for kind in set(cells) & set(told) - {"phone"}:
        told[kind] = _only(told[kind], cells[kind].tolist())
    formed = {
        cell.source: _each(told[cell.source], normalise.FORMS[cell.form])
        for cell in platform.cells
        if cell.source
    }
    if platform.together:
        whole = list(zip(*(formed[source] for source in platform.together), strict=True))
        complete = [all(row) for row in whole]
        formed |= {source: _only(formed[source], complete) for source in platform.together}
    return [_column(cell, formed, batch.num_rows) for cell in platform.cells]


def _each(values: Sequence[str], form: Callable[[str], str]) -> list[str]:
    """Each value in its form; a value that comes again is worked out once."""
    formed = {value: form(value) if value else "" for value in set(values)}
    return [formed[value] for value in values]


def _only(values: Sequence[str], told: Sequence[bool]) -> list[str]:
    return [value if tell else "" for value, tell in zip(values, told, strict=True)]


def _told(
    platform: Platform, batch: pa.RecordBatch, phones: NDArray[np.int64]
) -> dict[str, list[str]]:
    """What is known of these people, as it stands; phones in E.164, countries as two letters."""
    told: dict[str, list[str]] = {}
    sources = {cell.source for cell in platform.cells if cell.source}
    if "first_name" in sources:
        names = [normalise.first_and_last(name) for name in batch["name"].to_pylist()]
        told["first_name"] = [first for first, _ in names]
        told["last_name"] = [last for _, last in names]
    if "phone" in sources:
        told["phone"] = [f"+{number}" if number else "" for number in phones.tolist()]
    if "country" in sources:
        countries = [text or "" for text in batch[COUNTRY].to_pylist()]
        told["country"] = _each(countries, normalise.country_code)
    for source in sources - told.keys():
        told[source] = [text or "" for text in batch[source].to_pylist()]
    return told


def _column(cell: Cell, formed: Mapping[str, list[str]], rows: int) -> list[str]:
    if not cell.source:
        return [""] * rows
    values = formed[cell.source]
    return _each(values, normalise.hashed) if cell.hashed else values
