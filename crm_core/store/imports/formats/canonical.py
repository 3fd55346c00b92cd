"""A folder in the product's own form: `manifest.json` and Parquet files by canonical table.

The manifest says `"format": "clientele-canonical"` and may say `currency`, `timezone` and
`starts_with_shop`. A table is `<table>.parquet`, or several files `<table>-*.parquet` or
`<table>/*.parquet`. Columns are the staging columns of the schema; unknown columns are refused
(a misspelt one would be lost), rows without a required value are set aside.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError, close_match
from crm_core.schema import PERSON, TABLES, Table
from crm_core.schema.definition import SQL_TYPES
from crm_core.store.imports.contract import Facts, FileRead, Job, Part, SourceFile
from crm_core.store.imports.staging import add, counted, name, quote, set_aside

MANIFEST = "manifest.json"
FORMAT_NAME = "clientele-canonical"


class Canonical:
    """The format's name, its shop's facts, and how it is read."""

    name = "canonical"
    rank = 10
    has_repeats = False

    def facts(self, part: Part) -> Facts:
        """What the manifest tells."""
        told = manifest_facts(part.files[0].path)
        return Facts(told.get("currency"), told.get("timezone"), told.get("starts_with_shop"))

    def claim(self, files: tuple[SourceFile, ...]) -> tuple[Part, ...]:
        """One part a folder: its manifest first, then the tables' files."""
        parts: list[Part] = []
        for manifest in files:
            if manifest.path.name == MANIFEST and _says_canonical(manifest.path):
                folder = manifest.path.parent
                rest = tuple(file for file in files if _is_table(file.path, folder))
                parts.append(Part(self.name, (manifest, *rest)))
        return tuple(parts)

    def stage(self, job: Job, part: Part) -> None:
        """Every table present, typed and checked for required values."""
        manifest, *files = part.files
        job.files.append(FileRead(manifest.name, _sha256(manifest), 0, {}))
        has_lines = any(_table(f, manifest.path.parent).name == "order_lines" for f in files)
        for place, file in enumerate(files, 1):
            table = _table(file, manifest.path.parent)
            rows = _stage_file(job, table, file, job.first_file + place)
            beside = table.name != "order_lines" and has_lines
            job.files.append(FileRead(file.name, _sha256(file), rows, {}, lookup=beside))
            job.progress("stage", place / len(files))


def manifest_facts(path: Path) -> dict[str, Any]:
    """What a manifest tells about the shop.

    Raises: CrmError("import_bad_manifest").
    """
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise CrmError("import_bad_manifest", file=path.name) from None
    if not isinstance(facts, dict):
        raise CrmError("import_bad_manifest", file=path.name)
    return facts


def _is_table(path: Path, folder: Path) -> bool:
    """Whether a file is meant as a table: at the top, or in a folder called like a table."""
    below = path.parent == folder or (path.parent.parent == folder and path.parent.name in TABLES)
    return path.suffix == ".parquet" and below


def _says_canonical(path: Path) -> bool:
    return manifest_facts(path).get("format") == FORMAT_NAME


def _table(file: SourceFile, folder: Path) -> Table:
    relative = file.path.relative_to(folder)
    stem = relative.parts[0] if len(relative.parts) > 1 else relative.stem.split("-")[0]
    if stem not in TABLES:
        raise CrmError("import_unknown_table", file=file.name, match=close_match(stem, TABLES))
    return TABLES[stem]


def _stage_file(job: Job, table: Table, file: SourceFile, source_file: int) -> int:
    source = f"read_parquet({quote(str(file.path))}, file_row_number = true)"
    described = job.con.execute(f"describe select * from {source}").fetchall()
    present = [row[0] for row in described if row[0] != "file_row_number"]
    _check_columns(table, present, file.name)
    needed = {c.name: f"{name(c.name)} is null" for c in table.staging() if c.required}
    if table.needs_person:
        told = [each for each in PERSON if each in present]
        needed["customer_id"] = f"coalesce({', '.join(told) or 'null'}) is null"
    missing = " or ".join(needed.values()) or "false"
    chosen = ", ".join(
        f"{name(c.name)}::{SQL_TYPES[c.type]} as {name(c.name)}"
        for c in table.staging()
        if c.name in present
    )
    rows = f"select {chosen}, file_row_number + 1 as source_row from {source}"
    add(
        job,
        table.name,
        f"select *, {source_file} as source_file from ({rows}) where not ({missing})",
    )
    if counted(job.con, f"select count(*) from ({rows}) where {missing}"):
        cases = " ".join(f"when {test} then '{column}'" for column, test in needed.items())
        set_aside(
            job,
            f"""
            select {quote(file.name)} as source_file, source_row, '{table.name}' as table_name,
                   case {cases} end as column_name, 'import_missing_value' as reason,
                   to_json(r)::varchar as raw
            from ({rows}) r where {missing}
            """,
        )
    return counted(job.con, f"select count(*) from {source}")


def _check_columns(table: Table, present: list[str], file: str) -> None:
    known = [column.name for column in table.staging()]
    for column in present:
        if column not in known:
            raise CrmError(
                "import_unknown_column",
                file=file,
                column=column,
                match=close_match(column, known),
            )
    missing = [c.name for c in table.staging() if c.required and c.name not in present]
    if table.needs_person and not set(PERSON) & set(present):
        missing.append("customer_id")
    if missing:
        raise CrmError("import_missing_column", file=file, column=", ".join(missing), match="")


def _sha256(file: SourceFile) -> str:
    if file.sha256:
        return file.sha256
    with file.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


FORMAT = Canonical()
