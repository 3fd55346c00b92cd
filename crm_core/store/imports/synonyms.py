"""What shops call the fields of each table, in five languages."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

from crm_core.store.imports.mapping import MAPPED_TABLES, fields_of

_CLOSE = 0.86
# Two names for one field: the price of a piece and the total of a line both are the amount.
AMOUNTS = {"order_lines": ("unit_price", "line_total"), "orders": ("line_total",)}


def plain_name(name: str) -> str:
    """A column name without case, spaces, marks, accents and bracketed parts.

    >>> plain_name("Sub-Category"), plain_name("邮费(元)")
    ('subcategory', '邮费')
    """
    bare = re.sub(r"[(（\[].*?[)）\]]", "", name) or name
    apart = unicodedata.normalize("NFKD", bare.casefold())
    return "".join(c for c in apart if c.isalnum() or c in "%#")


@cache
def names_of(table: str) -> dict[str, tuple[str, int]]:
    """Every plain name of a table's fields: the field, and how far down its list the name is.

    A field's own name comes before all others, a table's own list before the shared one.

    >>> names_of("stock")["库存"]
    ('on_hand', 25)
    """
    told = _told()
    wanted = [*fields_of(table), *AMOUNTS.get(table, ())]
    if table in AMOUNTS:
        wanted.remove("amount")
    own = told[table]
    known: dict[str, tuple[str, int]] = {plain_name(field): (field, 0) for field in wanted}
    for lists in (own, told[""]):
        for field in wanted:
            for place, name in enumerate(lists.get(field, ()), 1):
                known.setdefault(plain_name(name), (field, place))
    return known


@cache
def similar_names(plain: str) -> tuple[str, ...]:
    """The known names most like a plain name, best first; none that is only roughly like it."""
    if len(plain) < 4:
        return ()
    matcher = SequenceMatcher(None, "", plain)
    found: list[tuple[float, str]] = []
    for name in _all_names():
        matcher.set_seq1(name)
        if (
            matcher.real_quick_ratio() >= _CLOSE
            and matcher.quick_ratio() >= _CLOSE
            and (ratio := matcher.ratio()) >= _CLOSE
        ):
            found.append((-ratio, name))
    return tuple(name for _, name in sorted(found))


@cache
def _all_names() -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for table in MAPPED_TABLES for name in names_of(table)))


@cache
def _told() -> dict[str, dict[str, list[str]]]:
    """Lists by field, by table; those that hold for all tables under an empty name."""
    path = Path(__file__).parent / "synonyms.toml"
    told: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    shared = {field: names for field, names in told.items() if isinstance(names, list)}
    tables = {table: told.get(table, {}) for table in MAPPED_TABLES}
    return {"": shared, **tables}
