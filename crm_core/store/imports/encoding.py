"""Which encoding a text file is in, found out from its bytes."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from crm_core.errors import CrmError
from crm_core.store.imports.contract import SourceFile
from crm_core.store.imports.kinds import BOMS, START

BLOCK = 256 * 1024  # what the processor has at hand: larger blocks take three times as long
_LINE = 1024 * 1024
_INDENTED = re.compile(rb"\n[ \t\r\n]")
_BLANK = re.compile(rb"\n[ \t]*\r?\n|\r\r")
_SAMPLE = 100_000

# Which two bytes a pair may be made of in the characters that people use most.
_EAST_ASIAN = (
    ("gb18030", re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")),
    ("cp950", re.compile(rb"[\xa1\xa4-\xc6][\x40-\x7e\xa1-\xfe]")),
    ("cp932", re.compile(rb"[\x81-\x83\x88-\x97][\x40-\x7e\x80-\xfc]")),
)
_LEAST_USUAL = 0.8


@dataclass
class Scan:
    """Counts of one pass over the bytes."""

    digest: str = ""
    size: int = 0
    valid_utf8: bool = True
    nul: int = 0
    newlines: int = 0
    returns: int = 0
    pairs: int = 0
    blank: bool = False


def scan(path: Path) -> Scan:
    """Counts, checksum and whether the bytes are UTF-8, in one pass."""
    found = Scan()
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    tail = b""
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            found.size += len(block)
            found.nul += block.count(b"\0")
            found.newlines += block.count(b"\n")
            joined = tail + block
            if b"\r" in joined:
                found.returns += block.count(b"\r")
                found.pairs += joined.count(b"\r\n") - tail.count(b"\r\n")
            if not found.blank:
                # The first search is ten times faster and finds next to nothing.
                odd = b"\r\r" in joined or _INDENTED.search(joined) is not None
                found.blank = odd and _BLANK.search(joined) is not None
            tail = joined[-64:]
            if found.valid_utf8:
                found.valid_utf8 = _valid(decoder, block)
    found.valid_utf8 = found.valid_utf8 and _valid(decoder, b"", final=True)
    found.digest = digest.hexdigest()
    return found


def _valid(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def encoding_of(source: SourceFile, start: bytes, found: Scan) -> tuple[str, bool]:
    """The encoding, and whether it is only a likely one.

    Raises: CrmError("import_wrong_encoding") when no encoding fits.
    """
    for mark, name in BOMS:
        if start.startswith(mark):
            return name, False
    if found.nul > found.size * 0.2:
        little = start[1::2].count(0) > start[::2].count(0)
        return ("utf-16-le" if little else "utf-16-be"), True
    if found.valid_utf8:
        return "utf-8", False
    return _legacy(source), True


def _legacy(source: SourceFile) -> str:
    """UTF-8 with a few bad rows, an East Asian encoding or Windows-1252.

    By the company high bytes keep: Chinese bytes come in pairs, accented Latin letters stand
    alone between plain ones.
    """
    good = bad = paired = single = undefined = 0
    sample = bytearray()
    for line in _lines(source.path):
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
            if len(sample) < _SAMPLE:
                sample += line
    if good > bad:
        return "utf-8"
    if paired > single:
        return _east_asian(bytes(sample)) or "gb18030"
    if undefined > single:
        raise CrmError("import_wrong_encoding", file=source.name, row=1, encoding="utf-8")
    return "cp1252"


def _east_asian(sample: bytes) -> str:
    """The encoding under which most pairs of bytes are usual characters, or an empty string.

    Simplified Chinese hardly ever has a second byte below 0xA1; Traditional Chinese and Japanese
    have many. Where two fit, the one named first is taken.
    """
    shares: dict[str, float] = {}
    for name, usual in _EAST_ASIAN:
        text = sample.decode(name, "replace")
        wide = [each for each in text if each > "\x7f"]
        if not wide or wide.count("\ufffd") > len(wide) * 0.02:
            continue
        hits = sum(usual.fullmatch(each.encode(name, "replace")) is not None for each in wide)
        shares[name] = hits / len(wide)
    best = max(shares, key=lambda name: shares[name], default="")
    return best if best and shares[best] >= _LEAST_USUAL else ""


def check_encoding(source: SourceFile, encoding: str) -> None:
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


def opened_text(source: SourceFile) -> TextIO:
    """The file as text, decoded in the encoding found; what cannot be read is marked U+FFFD."""
    with source.path.open("rb") as stream:
        start = stream.read(START)
    encoding, _ = encoding_of(source, start, scan(source.path))
    return source.path.open(encoding=encoding, errors="replace", newline="")


def _lines(path: Path) -> Iterator[bytes]:
    """Lines, and pieces of lines that would not fit the memory."""

    def pieces(stream: BinaryIO) -> Iterator[bytes]:
        return iter(lambda: stream.readline(_LINE), b"")

    with path.open("rb") as stream:
        yield from pieces(stream)
