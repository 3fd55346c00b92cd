"""Tells what files are: every format is asked which of them it knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crm_core.errors import CrmError, close_match
from crm_core.store.imports.contract import Part, Plan, SourceFile
from crm_core.store.imports.formats import FORMATS
from crm_core.store.imports.formats.order_lines import claim_with
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.textfile import look

_INSIDE = {".csv", ".txt", ".tsv", ".parquet", ".json"}


def recognise(
    paths: Sequence[Path | SourceFile],
    *,
    format: str | None = None,
    mapping: Mapping | None = None,
) -> Plan:
    """The plan for importing these files and folders; nothing is written.

    `format` asks one format only. `mapping` is used for every delimited file.
    Raises: CrmError import_missing_file, import_unknown_format, import_unknown_layout, and what
    the formats find wrong with a whole file.
    """
    if format is not None and format not in FORMATS:
        raise CrmError("import_unknown_format", format=format, match=close_match(format, FORMATS),
                       formats=", ".join(FORMATS))  # fmt: skip
    left = _expand(paths)
    parts: list[Part] = []
    if mapping is not None:
        parts.extend(claim_with(left, mapping))
        left = ()
    for each in FORMATS.values():
        if left and format in (None, each.name):
            found = each.claim(left)
            taken = {file.path for part in found for file in part.files}
            left = tuple(file for file in left if file.path not in taken)
            parts.extend(found)
    refused = [file for file in left if not _beside(file, parts)]
    for file in refused:
        look(file)  # says so when it is empty, a spreadsheet or a picture
    if refused or not parts:
        name = refused[0].name if refused else str(paths[0])
        raise CrmError("import_unknown_layout", file=name, formats=", ".join(FORMATS))
    return Plan(tuple(parts))


def _expand(paths: Sequence[Path | SourceFile]) -> tuple[SourceFile, ...]:
    files: list[SourceFile] = []
    for given in paths:
        file = given if isinstance(given, SourceFile) else SourceFile(given, given.name)
        if file.path.is_dir():
            inside = sorted(path for path in file.path.rglob("*") if path.suffix.lower() in _INSIDE)
            if not inside:
                raise CrmError("import_empty_folder", file=file.name)
            files.extend(SourceFile(path, str(path.relative_to(file.path))) for path in inside)
        elif file.path.is_file():
            files.append(file)
        else:
            raise CrmError("import_missing_file", file=file.name)
    return tuple({file.path: file for file in files}.values())


def _beside(file: SourceFile, parts: list[Part]) -> bool:
    """Whether a file lies under the folder of a format that knows its files by name."""
    folders = {f.path.parent for part in parts if not part.texts for f in part.files}
    return not folders.isdisjoint(file.path.parents)
