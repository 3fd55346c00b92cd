"""The formats documents are written in, and the one way to write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO, Final

from crm_core.documents.blocks import Document
from crm_core.errors import CrmError, close_match

FORMATS: Final = ("pdf", "pptx")


def _pdf(document: Document, out: BinaryIO) -> None:
    # Only here: each of these libraries takes a while to load, and few reports are written.
    from crm_core.documents.pdf import write_pdf

    write_pdf(document, out)


def _pptx(document: Document, out: BinaryIO) -> None:
    from crm_core.documents.pptx import write_pptx

    write_pptx(document, out)


_WRITERS: Mapping[str, Callable[[Document, BinaryIO], None]] = {"pdf": _pdf, "pptx": _pptx}


def write(document: Document, file_format: str, out: BinaryIO) -> None:
    """Writes a document in one of `FORMATS`.

    Raises: CrmError("unknown_choice", name, value, match).
    """
    written_as = _WRITERS.get(file_format)
    if written_as is None:
        match = close_match(file_format, FORMATS)
        raise CrmError("unknown_choice", name="format", value=file_format, match=match)
    written_as(document, out)
