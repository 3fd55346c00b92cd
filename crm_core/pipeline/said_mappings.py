"""What columns were said to mean before: offered to every file with the same column names."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.records import Records
from crm_core.store.imports import Mapping, Plan, parse_mapping, read_mapping, write_mapping
from crm_core.store.imports.mapping import header_hash

_SAVED = "saved"


def said_mappings(records: Records) -> MappingOf[str, Mapping]:
    """The mappings kept, by `header_hash`; one that this version cannot read is as if forgotten."""
    found: dict[str, Mapping] = {}
    for kept in records.kept_mappings():
        with suppress(CrmError):
            mapping = parse_mapping(kept.toml)
            found[kept.fingerprint] = mapping.with_(name=mapping.name or _SAVED)
    return found


def keep_said(records: Records, plan: Plan, *, user: str, now: datetime) -> None:
    """Keeps the mappings by which a plan reads files, each for the column names of its files.

    How a file is encoded and divided is left out: the next one tells for itself.
    """
    for part in plan.parts:
        if part.mapping is not None:
            bare = part.mapping.with_(encoding="auto", delimiter="auto", fingerprint=())
            toml = write_mapping(bare)
            for key in {header_hash(text.header) for text in part.texts}:
                records.keep_mapping(key, toml, user=user, now=now)


@dataclass(frozen=True)
class Given:
    """Mappings given with files: one for all of them, and those for certain columns alone."""

    for_all: Mapping | None
    by_header: MappingOf[str, Mapping]
    files: MappingOf[str, str]

    def check_used(self, plan: Plan) -> None:
        """Raises: CrmError("import_mapping_unused") naming one whose columns no file has."""
        seen = {header_hash(text.header) for part in plan.parts for text in part.texts}
        for key, file in self.files.items():
            if key not in seen:
                raise CrmError("import_mapping_unused", file=file)


def given_mappings(paths: Sequence[Path]) -> Given:
    """The mappings of some files; one with a `fingerprint` is for files with just these columns.

    Raises: CrmError("import_several_mappings") when two are for every file.
    """
    read = {path.name: read_mapping(path) for path in paths}
    bound = {name: each for name, each in read.items() if each.fingerprint}
    for_all = [each for each in read.values() if not each.fingerprint]
    if len(read) < len(paths) or len(for_all) > 1 or (for_all and bound):
        raise CrmError("import_several_mappings")
    return Given(
        for_all[0] if for_all else None,
        {header_hash(each.fingerprint): each for each in bound.values()},
        {header_hash(each.fingerprint): name for name, each in bound.items()},
    )
