"""The sheets of a workbook (XLSX, XLS, ODS) as files of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError
from crm_core.store.imports.contract import Notice, SourceFile
from crm_core.store.imports.limits import Limits

# Measured: ten million cells, half of them texts, need 830 MB in the reader's process.
_BYTES_A_CELL = 150
_LONGEST_SECONDS = 1800
_CODES = {
    "too_large": "import_sheet_too_large",
    "locked": "import_workbook_locked",
    "broken": "import_workbook_broken",
}
_LOCKED = "EncryptedPackage".encode("utf-16-le")


def read_sheets(file: SourceFile, folder: Path, limits: Limits) -> list[SourceFile]:
    """Each sheet that holds something, as `book.xlsx › Sheet`; rows keep their numbers.

    Raises: CrmError import_workbook_broken, import_workbook_locked, import_workbook_empty,
    import_sheet_too_large.
    """
    if _is_locked(file.path):
        raise CrmError("import_workbook_locked", file=file.name)
    told = _read(file, folder, limits)
    sheets = [_source(file, folder, sheet) for sheet in told["sheets"]]
    if not sheets:
        raise CrmError("import_workbook_empty", file=file.name)
    marks = {"import_error_cells": told["errors"], "import_unsaved_formulas": told["unsaved"]}
    told_of_book = _notices(file.name, marks)
    sheets[0] = replace(sheets[0], notices=(*sheets[0].notices, *told_of_book))
    return sheets


def _read(file: SourceFile, folder: Path, limits: Limits) -> dict[str, Any]:
    # The reader trusts a name's ending before the content; a name without one makes it look.
    book = folder / "workbook"
    book.symlink_to(file.path.resolve())
    memory_mb = 256 + limits.cells * _BYTES_A_CELL // (1024 * 1024)
    command = [sys.executable, "-I", str(Path(__file__).with_name("sheet_reader.py")),
               str(book), str(folder), str(limits.cells), str(memory_mb)]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603  our own program, arguments as a list
            command, capture_output=True, timeout=_LONGEST_SECONDS, check=False
        )
        told = json.loads(done.stdout) if done.returncode == 0 else {"error": "too_large"}
    except (subprocess.TimeoutExpired, ValueError):
        told = {"error": "broken"}
    if "error" in told:
        raise CrmError(_CODES[told["error"]], file=file.name, limit=f"{limits.cells:,}")
    return told


def _source(file: SourceFile, folder: Path, sheet: dict[str, Any]) -> SourceFile:
    name = f"{file.name} › {sheet['name']}"
    counts = {
        "import_merged_cells": sheet["merged"],
        "import_lost_digits": sheet["lost_digits"],
        "import_hidden_sheet": int(sheet["hidden"]),
    }
    return replace(
        file,
        path=folder / sheet["file"],
        name=name,
        decimal="" if sheet["neutral"] else "dot",
        inner=True,
        notices=_notices(name, counts),
    )


def _notices(name: str, counts: dict[str, int]) -> tuple[Notice, ...]:
    told = {code: count for code, count in counts.items() if count}
    return tuple(Notice(code, {"file": name, "count": count}) for code, count in told.items())


def _is_locked(path: Path) -> bool:
    """Whether a workbook is wrapped in a password; a plain old XLS is not."""
    with path.open("rb") as stream:
        if stream.read(4) != b"\xd0\xcf\x11\xe0":
            return False
        tail = b""
        while block := stream.read(1024 * 1024):
            if _LOCKED in tail + block:
                return True
            tail = block[-len(_LOCKED) :]
    return False
