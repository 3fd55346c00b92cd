"""Documents to take along: what a page of paper or a slide holds, and its writers. Nothing here asks a store."""

from __future__ import annotations

from crm_core.documents.blocks import (
    Bars,
    Block,
    Document,
    Figure,
    Figures,
    Lines,
    Note,
    Point,
    Points,
    Role,
    Section,
    Series,
    Steps,
    Table,
    Text,
)
from crm_core.documents.writing import FORMATS, write

__all__ = [
    "FORMATS",
    "Bars",
    "Block",
    "Document",
    "Figure",
    "Figures",
    "Lines",
    "Note",
    "Point",
    "Points",
    "Role",
    "Section",
    "Series",
    "Steps",
    "Table",
    "Text",
    "write",
]
