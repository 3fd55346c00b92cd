"""Files of a shop into staging tables: recognise, check, stage, describe.

`recognise` tells what files are, `stage` fills schema `staging` of a writer's connection with
good rows and `staging.quarantine` with the others and their reasons, `describe` puts the result
into the shape of `import --json`. Publishing is the writer's business.
"""

from crm_core.store.imports.contract import (
    FileRead,
    Notice,
    Part,
    Plan,
    RowIssue,
    Said,
    SourceFile,
    StageResult,
)
from crm_core.store.imports.describe import describe
from crm_core.store.imports.formats import FORMATS
from crm_core.store.imports.limits import Limits
from crm_core.store.imports.mapping import Mapping, parse_mapping, read_mapping, write_mapping
from crm_core.store.imports.preview import Proposal, propose
from crm_core.store.imports.recognise import recognise
from crm_core.store.imports.run import stage

__all__ = [
    "FORMATS",
    "FileRead",
    "Limits",
    "Mapping",
    "Notice",
    "Part",
    "Plan",
    "Proposal",
    "RowIssue",
    "Said",
    "SourceFile",
    "StageResult",
    "describe",
    "parse_mapping",
    "propose",
    "read_mapping",
    "recognise",
    "stage",
    "write_mapping",
]
