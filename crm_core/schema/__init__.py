"""What the data is: tables, columns, types, grain, key, unit and privacy tag."""

from crm_core.schema.definition import Column, Table, Type
from crm_core.schema.tables import MARTS, PERSON, SCORES, TABLES, VERSION

__all__ = ["MARTS", "PERSON", "SCORES", "TABLES", "VERSION", "Column", "Table", "Type"]
