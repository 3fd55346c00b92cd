"""What a text file is before anyone reads its rows: encoding, delimiter, header, doubts."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.store.imports.contract import SourceFile

BLOCK = 4 * 1024 * 1024
MAX_COLUMNS = 500
LONGEST = 100_000  # characters of a line that are looked at to tell its delimiter
NUL_MARK = "\u2400"  # stands for a NUL byte in the decoded copy, so that its row can be set aside
DELIMITERS = (",", ";", "\t", "|")

_MAGIC: dict[bytes, str] = {
    b"PK\x03\x04": "xlsx or zip",
    b"\xd0\xcf\x11\xe0": "xls",
    b"%PDF": "pdf",
    b"\x1f\x8b": "gzip",
    b"SQLite format 3": "sqlite",
    b"PAR1": "parquet",
    b"\x89PNG": "png",
}
_BOMS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True)
class TextFile:
    """A text file, looked through once from end to end.

    `rewrite`: the engine cannot read it as it is. `guessed`: the encoding is a likely one.
    `blank_lines`: empty lines lie between its rows, so rows must be counted by hand.
    """

    source: SourceFile
    sha256: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rewrite: bool
    guessed: bool
    blank_lines: bool


@dataclass
class _Scan:
    """Counts of one pass over the bytes."""

    digest: str = ""
    size: int = 0
    valid_utf8: bool = True
    nul: int = 0
    newlines: int = 0
    returns: int = 0
    pairs: int = 0
    blank: bool = False


def read_text(source: SourceFile, *, encoding: str = "auto", delimiter: str = "auto") -> TextFile:
    """The description of a delimited text file, header included.

    Raises: CrmError import_missing_file, import_empty_file, import_not_text,
    import_wrong_encoding, import_header_only, import_one_column, import_bad_header,
    import_too_many_columns.
    """
    text = look(source, encoding=encoding)
    head = first_lines(text, 20)
    chosen = sniff_delimiter(head) if delimiter == "auto" else delimiter
    if not chosen:
        raise CrmError("import_one_column", file=source.name)
    header = tuple(name.strip().strip("\t\u200b\ufeff") for name in _split(head[0], chosen))
    _check_header(header, source.name)
    if len(head) < 2:
        raise CrmError("import_header_only", file=source.name)
    return TextFile(
        source,
        text.sha256,
        text.encoding,
        chosen,
        header,
        text.rewrite,
        text.guessed,
        text.blank_lines,
    )


def look(source: SourceFile, *, encoding: str = "auto") -> TextFile:
    """The same without delimiter and header, for formats that have none."""
    if not source.path.is_file():
        raise CrmError("import_missing_file", file=source.name)
    with source.path.open("rb") as stream:
        start = stream.read(65536)
    if not start.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise CrmError("import_empty_file", file=source.name)
    _refuse_other_kinds(start, source.name)
    scan = _scan(source.path)
    found, guessed = _encoding(source, start, scan) if encoding == "auto" else (encoding, False)
    if encoding != "auto":
        _check_encoding(source, encoding)
    mixed = (
        scan.newlines > 0 and scan.returns > 0 and not scan.newlines == scan.returns == scan.pairs
    )
    plain = found in {"utf-8", "utf-8-sig"} and scan.valid_utf8
    rewrite = not plain or scan.nul > 0 or mixed or start[:4].lstrip(b"\xef\xbb\xbf")[:1] in b"\r\n"
    return TextFile(source, scan.digest, found, "", (), rewrite, guessed, scan.blank)


def first_lines(text: TextFile, count: int) -> list[str]:
    """The first records of the file, decoded; a quoted value may hold line breaks."""
    with text.source.path.open("rb") as stream:
        raw = stream.read(1024 * 1024)
    decoder = codecs.getincrementaldecoder(text.encoding)("replace")
    content = decoder.decode(raw).lstrip("\ufeff\r\n").replace("\r\n", "\n").replace("\r", "\n")
    records: list[str] = []
    current = ""
    for line in content.split("\n"):
        current = f"{current}\n{line}" if current else line
        if current.count('"') % 2 == 0 or len(current) > LONGEST:
            if current.strip():
                records.append(current)
            current = ""
        if len(records) == count:
            break
    if current.strip() and len(records) < count:
        records.append(current)
    return records


def sniff_delimiter(lines: list[str]) -> str:
    """The delimiter the header line speaks for, or an empty string.

    >>> sniff_delimiter(["Order;Date;Price, net", "1;2026-01-02;3,50"])
    ';'
    """
    counts = {mark: len(_split(lines[0], mark)) for mark in DELIMITERS}
    best = max(counts.values())
    if best < 2:
        return ""
    tied = [mark for mark, count in counts.items() if count == best]
    agrees = {mark: sum(len(_split(line, mark)) == best for line in lines[1:]) for mark in tied}
    return max(tied, key=lambda mark: agrees[mark])


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line[:LONGEST]), delimiter=delimiter), [])


def _refuse_other_kinds(start: bytes, name: str) -> None:
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            raise CrmError("import_not_text", file=name, kind=kind)
    opening = start[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if opening.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        raise CrmError("import_not_text", file=name, kind="html")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    odd = sum(byte < 32 and byte not in (0, 9, 10, 12, 13, 26, 27) for byte in start)
    if odd > len(start) * 0.05:
        raise CrmError("import_not_text", file=name, kind="binary")


def _scan(path: Path) -> _Scan:
    scan = _Scan()
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    tail = b""
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            scan.size += len(block)
            scan.nul += block.count(b"\0")
            scan.newlines += block.count(b"\n")
            scan.returns += block.count(b"\r")
            joined = tail + block
            scan.pairs += joined.count(b"\r\n") - tail.count(b"\r\n")
            scan.blank = scan.blank or re.search(rb"\n[ \t]*\r?\n|\r\r", joined) is not None
            tail = joined[-64:]
            if scan.valid_utf8:
                scan.valid_utf8 = _valid(decoder, block)
    scan.valid_utf8 = scan.valid_utf8 and _valid(decoder, b"", final=True)
    scan.digest = digest.hexdigest()
    return scan


def _valid(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(source: SourceFile, start: bytes, scan: _Scan) -> tuple[str, bool]:
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name, False
    if scan.nul > scan.size * 0.2:
        return ("utf-16-le" if start[1:2] == b"\0" else "utf-16-be"), True
    if scan.valid_utf8:
        return "utf-8", False
    return _legacy_encoding(source), True


def _legacy_encoding(source: SourceFile) -> str:
    """UTF-8 with a few bad rows, GB18030 or Windows-1252, by the company high bytes keep.

    Chinese bytes come in pairs; accented Latin letters stand alone between plain ones.
    """
    good = bad = paired = single = undefined = 0
    with source.path.open("rb") as stream:
        for line in stream:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
                runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", line)]
                paired += sum(run for run in runs if run > 1)
                single += runs.count(1)
                undefined += sum(line.count(byte) for byte in b"\x81\x8d\x8f\x90\x9d")
    if good > bad:
        return "utf-8"
    if paired > single:
        return "gb18030"
    if undefined > single:
        raise CrmError("import_wrong_encoding", file=source.name, row=1, encoding="utf-8")
    return "cp1252"


def _check_encoding(source: SourceFile, encoding: str) -> None:
    """Raise at the first row that a demanded encoding cannot read."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
    except LookupError:
        raise CrmError(
            "import_wrong_encoding", file=source.name, row=1, encoding=encoding
        ) from None
    row = 1
    with source.path.open("rb") as stream:
        while block := stream.read(65536):
            try:
                row += decoder.decode(block).count("\n")
            except UnicodeDecodeError as failure:
                row += failure.object[: failure.start].count(b"\n")
                raise CrmError(
                    "import_wrong_encoding", file=source.name, row=row, encoding=encoding
                ) from None


def _check_header(header: tuple[str, ...], file: str) -> None:
    if len(header) > MAX_COLUMNS:
        raise CrmError("import_too_many_columns", file=file, columns=len(header), limit=MAX_COLUMNS)
    empty = [str(place) for place, name in enumerate(header, 1) if not name]
    if empty:
        raise CrmError("import_empty_header", file=file, row=1, column=", ".join(empty))
    seen = [name.casefold() for name in header]
    twice = sorted({name for name in header if seen.count(name.casefold()) > 1})
    if twice:
        raise CrmError("import_duplicate_header", file=file, row=1, column=", ".join(twice))
