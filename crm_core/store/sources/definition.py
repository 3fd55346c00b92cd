"""What to ask a shop's database: a definition, kept as TOML, bundled or the admin's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Pairs
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError, close_match
from crm_core.schema import TABLES

_FOLDER = Path(__file__).parent / "bundled"
BUNDLED = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
_DEFINITION = {"name", "dialects", "parameters", "reflect", "schema", "currency", "table"}
_TABLE = {"name", "becomes", "sql", "watermark", "start", "utc", "mapping"}
_START = "1970-01-01T00:00:00"


@dataclass(frozen=True)
class SourceTable:
    """One question to the database and the canonical table its rows become.

    The query names its columns as the table's fields are named. `watermark` is a column that
    only grows (a time of change or a number): the query holds `:since` and asks for what is at
    or after it, from `start` on the first time; without one everything is asked each time. Times in `utc` have no zone and are
    UTC; other times without zone are the shop's. `mapping` says how values are written, as in a
    mapping file.
    """

    name: str
    becomes: str
    sql: str
    watermark: str = ""
    start: str = _START
    utc: tuple[str, ...] = ()
    mapping: Pairs[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceDefinition:
    """The questions to one kind of database.

    `reflect`: the tables are called and made like ours, so what is there is asked, no more.
    `parameters` are words a query holds in braces (a table prefix), letters, digits and `_`.
    """

    name: str
    tables: tuple[SourceTable, ...]
    dialects: tuple[str, ...] = ("postgresql", "mysql")
    reflect: bool = False
    schema: str = ""
    currency: str | None = None


def bundled(name: str, parameters: Pairs[str, str] | None = None) -> SourceDefinition:
    """A definition that comes with the product.

    Raises: CrmError("source_unknown_kind") with the closest name, ("source_bad_definition") for
    a parameter that is no plain word.

    >>> bundled("woocommerce").tables[0].becomes
    'products'
    """
    if name not in BUNDLED:
        raise CrmError(
            "source_unknown_kind",
            name=name,
            kinds=", ".join(BUNDLED),
            match=close_match(name, BUNDLED),
        )
    return read_definition(_FOLDER / f"{name}.toml", parameters)


def read_definition(path: Path, parameters: Pairs[str, str] | None = None) -> SourceDefinition:
    """A definition from a TOML file; `parameters` go before those of the file.

    Raises: CrmError import_missing_file, source_bad_definition naming the key.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CrmError("import_missing_file", file=path.name) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise CrmError(
            "source_bad_definition", file=path.name, key=type(failure).__name__
        ) from None
    _known(told, _DEFINITION, path.name)
    words = {**told.get("parameters", {}), **(parameters or {})}
    for key, word in words.items():
        if not str(word).replace("_", "a").isalnum() or not str(word).isascii():
            raise CrmError("source_bad_definition", file=path.name, key=key)
    tables = tuple(_table(each, words, path.name) for each in told.get("table", ()))
    if not tables and not told.get("reflect"):
        raise CrmError("source_bad_definition", file=path.name, key="table")
    return SourceDefinition(
        name=str(told.get("name", path.stem)),
        tables=tables,
        dialects=tuple(told.get("dialects", ("postgresql", "mysql"))),
        reflect=bool(told.get("reflect", False)),
        schema=str(told.get("schema", "")),
        currency=told.get("currency"),
    )


def _table(told: dict[str, Any], words: Pairs[str, str], file: str) -> SourceTable:
    _known(told, _TABLE, file)
    for key in ("name", "becomes", "sql"):
        if not isinstance(told.get(key), str):
            raise CrmError("source_bad_definition", file=file, key=key)
    if told["becomes"] not in TABLES:
        raise CrmError("source_bad_definition", file=file, key=told["becomes"])
    sql = told["sql"].strip().rstrip(";")
    for key, word in words.items():
        sql = sql.replace("{" + key + "}", word)
    watermark = str(told.get("watermark", ""))
    if bool(watermark) != (":since" in sql):
        raise CrmError("source_bad_definition", file=file, key="watermark")
    return SourceTable(
        told["name"],
        told["becomes"],
        sql,
        watermark,
        str(told.get("start", _START)),
        tuple(told.get("utc", ())),
        told.get("mapping", {}),
    )


def _known(told: Pairs[str, Any], keys: set[str], file: str) -> None:
    for key in told:
        if key not in keys:
            raise CrmError("source_bad_definition", file=file, key=key)
