"""A shop's own database as a source: read in steps, handed on as files that formats understand.

`read_definition` or `bundled` say what to ask, `read_changes` asks it from a watermark on and
writes what came into delimited files, one a table; the importer does the rest.
"""

from crm_core.store.sources.address import SourceAddress, checked_address
from crm_core.store.sources.definition import (
    BUNDLED,
    SourceDefinition,
    SourceTable,
    bundled,
    read_definition,
)
from crm_core.store.sources.reader import Changes, Marks, plan_of_changes, read_changes

__all__ = [
    "BUNDLED",
    "Changes",
    "Marks",
    "SourceAddress",
    "SourceDefinition",
    "SourceTable",
    "bundled",
    "checked_address",
    "plan_of_changes",
    "read_changes",
    "read_definition",
]
