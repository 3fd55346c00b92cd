"""Tells what files are: every format is asked which of them it knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import replace
from pathlib import Path

from crm_core.errors import CrmError, close_match
from crm_core.store.imports.contract import Format, Notice, Part, Plan, SourceFile
from crm_core.store.imports.formats import FORMATS
from crm_core.store.imports.formats.order_lines import claim_said, claim_with
from crm_core.store.imports.limits import Limits
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.opened import Opener
from crm_core.store.imports.pieces import joined
from crm_core.store.imports.textfile import look

_Claim = Callable[[tuple[SourceFile, ...]], tuple[Part, ...]]

_NAMED = {".parquet", ".json"}
# What an archive or workbook may hold beside its tables: notes, pictures, a pivot sheet.
_NO_TABLE = {
    "import_unclear_columns", "import_one_column", "import_header_only", "import_empty_file",
    "import_not_text", "import_missing_field", "import_missing_column", "import_workbook_empty",
    "import_json_layout",
}  # fmt: skip

# What is wrong with a table whose columns nobody has named yet.
_CAN_BE_SAID = {"import_unclear_columns", "import_missing_field"}


def recognise(
    paths: Sequence[Path | SourceFile],
    *,
    format: str | None = None,
    mapping: Mapping | None = None,
    said: MappingOf[str, Mapping] | None = None,
    limits: Limits | None = None,
    ask: bool = False,
) -> Plan:
    """The plan for importing these files, folders, archives and workbooks; nothing is written.

    `format` asks one format only. `mapping` is used for every delimited file, one of `said` for
    those whose column names have its `header_hash`. With `ask`, tables whose columns nobody can
    name are the plan's `unsaid` instead of being refused or left out. What is unpacked
    lies in a temporary folder for as long as the plan or a part of it is held.
    Raises: CrmError import_missing_file, import_unknown_format, import_unclear_columns,
    import_unknown_layout, and what
    the formats find wrong with a whole file.
    """
    if format is not None and format not in FORMATS:
        raise CrmError("import_unknown_format", format=format, match=close_match(format, FORMATS),
                       formats=", ".join(FORMATS))  # fmt: skip
    asked = [each for each in FORMATS.values() if format in (None, each.name)]
    claims = [each.claim for each in asked]
    opener = Opener(limits or Limits())
    given = opener.unpack(paths)
    parts: list[Part] = []
    unsaid: list[SourceFile] = []
    if mapping is not None:
        claims = [lambda files: claim_with(files, mapping)]
    else:
        parts, given = _known_by_name(asked, given)
        if said and format is None:
            claims.insert(0, lambda files: claim_said(files, said))
    reasons: dict[Path, CrmError] = {}
    tables = joined(_tabulated(opener, given, reasons), opener)
    for claim in claims:
        if tables:
            found, open_ones = _claimed(claim, tables, reasons, ask=ask)
            unsaid += open_ones
            taken = {file.path for file in (*open_ones, *(f for part in found for f in part.files))}
            tables = [table for table in tables if table.path not in taken]
            parts += found
    _refuse(tables, bool(parts or unsaid), reasons, str(paths[0]) if paths else "")
    left = [*tables, *(file for file in given if file.path in reasons)]
    out = tuple(dict.fromkeys(file.name for file in left))
    notices = tuple(Notice("import_part_left_out", {"file": name}) for name in out)
    return Plan(_united(parts), notices, tuple(unsaid))


def _known_by_name(
    asked: list[Format], given: list[SourceFile]
) -> tuple[list[Part], list[SourceFile]]:
    """Parts of formats that know their files by name, and the files nobody has yet.

    What lies beside such files belongs to them and is passed over.
    """
    named = tuple(file for file in given if file.path.suffix.lower() in _NAMED)
    if not named:
        return [], given
    parts = [part for each in asked for part in each.claim(named) if not part.texts]
    taken = {file.path for part in parts for file in part.files}
    folders = {path.parent for path in taken}
    beside = {file.path for file in named if not folders.isdisjoint(file.path.parents)}
    return parts, [file for file in given if file.path not in taken | beside]


def _tabulated(
    opener: Opener, given: list[SourceFile], reasons: dict[Path, CrmError]
) -> list[SourceFile]:
    """The delimited files in the files given; what an archive holds beside them is noted."""
    tables: list[SourceFile] = []
    for file in given:
        try:
            tables += opener.tabulate(file)
        except CrmError as failure:
            _note(failure, file, reasons)
    return tables


def _claimed(
    claim: _Claim, tables: list[SourceFile], reasons: dict[Path, CrmError], *, ask: bool
) -> tuple[tuple[Part, ...], list[SourceFile]]:
    """What a format makes of the files, and those to `ask` about; one that is no table does not
    stop those beside it."""
    try:
        return claim(tuple(tables)), []
    except CrmError:
        if not ask and not any(table.inner for table in tables):
            raise
    fitting: list[SourceFile] = []
    unsaid: list[SourceFile] = []
    for table in tables:
        try:
            claim((table,))
        except CrmError as failure:
            if ask and failure.code in _CAN_BE_SAID:
                unsaid.append(table)
            else:
                _note(failure, table, reasons)
        else:
            fitting.append(table)
    return (claim(tuple(fitting)) if fitting else ()), unsaid


def _note(failure: CrmError, file: SourceFile, reasons: dict[Path, CrmError]) -> None:
    """Keep why a file of an archive or workbook was left out; any other failure stands."""
    if not file.inner or failure.code not in _NO_TABLE:
        raise failure
    reasons[file.path] = failure


def _refuse(
    tables: list[SourceFile], is_any_known: bool, reasons: dict[Path, CrmError], given: str
) -> None:
    """Raise why a file was not recognised, when it stands alone or nothing beside it was."""
    outer = [table for table in tables if not table.inner]
    if is_any_known and not outer:
        return
    if not outer and reasons:
        raise next(iter(reasons.values()))
    for file in outer:
        look(file)  # says so when it is empty, a picture or something else
    name = outer[0].name if outer else given
    raise CrmError("import_unknown_layout", file=name, formats=", ".join(FORMATS))


def _united(parts: list[Part]) -> tuple[Part, ...]:
    """Parts of one layout as one: the pieces of a split export, the sheets of several months.

    A return in one piece finds its order in another.
    """
    whole: dict[str, Part] = {}
    for place, part in enumerate(parts):
        headers = {text.header for text in part.texts}
        alike = len(headers) == 1 and len(part.texts) == len(part.files)
        key = f"{part.format}|{part.mapping!r}|{headers!r}" if alike else str(place)
        first = whole.get(key)
        whole[key] = part if first is None else replace(
            first, files=(*first.files, *part.files), texts=(*first.texts, *part.texts)
        )  # fmt: skip
    return tuple(whole.values())
