"""What kind of file this is, by its first bytes: its name is not asked, for names are often wrong."""

from __future__ import annotations

import re

START = 65536

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bz2"),
    (b"PAR1", "parquet"),
    (b"%PDF", "pdf"),
    (b"SQLite format 3", "sqlite"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
)
BOMS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROL = bytes(set(range(32)) - {0, 9, 10, 12, 13, 26, 27})
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|table|meta|style|div|center|font)[\s>]")
_JSON = re.compile(rb'\{\s*["}]|\[\s*[{\]]')


def kind_of(start: bytes) -> str:
    """The kind of a file that begins with these bytes; "text" when nothing speaks against it.

    >>> kind_of(b"PAR1..."), kind_of(b"Order;Date"), kind_of(b'[{"id": 1}]')
    ('parquet', 'text', 'json')
    """
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    if start[257:262] == b"ustar":
        return "tar"
    opening = _opening(start)
    if opening.startswith(b"<"):
        return _marked_up(opening)
    if _JSON.match(opening):
        return "json"
    if start.startswith(tuple(mark for mark, _ in BOMS)):
        return "text"
    odd = len(start) - len(start.translate(None, _CONTROL))
    return "binary" if odd > len(start) * 0.05 else "text"


def _opening(start: bytes) -> bytes:
    """The first characters in lower case, each of them one byte."""
    for mark, _ in BOMS:
        start = start.removeprefix(mark)
    return start.replace(b"\0", b"").lstrip(b" \t\r\n").lower()


def _marked_up(opening: bytes) -> str:
    if _HTML.match(opening):
        return "html"
    if b"urn:schemas-microsoft-com:office:spreadsheet" in opening:
        return "xml spreadsheet"
    if opening.startswith((b"<?xml", b"<!--", b"<!doctype")):
        return "html" if b"<html" in opening or b"<table" in opening else "xml"
    return "text"
