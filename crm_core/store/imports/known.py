"""The mappings that come with the product, known by the column names of their files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from crm_core.store.imports.mapping import Mapping, read_mapping

_FOLDER = Path(__file__).parent / "mappings"


@cache
def bundled_mappings() -> tuple[Mapping, ...]:
    """The mappings in `mappings/`, by file name."""
    return tuple(read_mapping(path) for path in sorted(_FOLDER.glob("*.toml")))


def bundled(name: str) -> Mapping:
    """The mapping of `mappings/<name>.toml`.

    >>> bundled("superstore").table
    'order_lines'
    """
    return read_mapping(_FOLDER / f"{name}.toml")


def known_mapping(header: tuple[str, ...]) -> Mapping | None:
    """The bundled mapping whose fingerprint is in a header, without columns that are not.

    >>> known_mapping(("Date", "Amount")) is None
    True
    """
    found = (m for m in bundled_mappings() if m.fingerprint and set(m.fingerprint) <= set(header))
    known = next(found, None)
    if known is None:
        return None
    return known.present_in(header)
