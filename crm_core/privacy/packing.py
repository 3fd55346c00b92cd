"""One list as one file, or as several in a zip with the manifest: written as the rows come."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from crm_core.privacy.feed import JsonFeed
from crm_core.privacy.files import ListFile, ToolCsv, open_list
from crm_core.privacy.platforms import FEED, PLATFORMS, Platform
from crm_core.privacy.sift import AD_PURPOSES, REGIONS, TEXTS, Sifted

MANIFEST = "manifest.json"
_MILLION = 1_000_000


@dataclass(frozen=True)
class FileTold:
    """One file of an export: its name, rows and SHA-256, the region its people live in, and what
    all of them agreed to."""

    name: str
    rows: int
    sha256: str
    consent: Mapping[str, str]
    region: str | None = None


@dataclass(frozen=True)
class Order:
    """What is packed: the format, its headings, the title as it may leave (`export.list_title`), the
    name of the whole, the moment."""

    file_format: str
    contact_channel: str | None
    headings: tuple[str, ...]
    title: str
    name: str
    now: datetime

    @property
    def platform(self) -> Platform | None:
        """The tool it is for, if it is for one."""
        return PLATFORMS.get(self.file_format)


class Single:
    """A list that is one file, written straight to its stream."""

    def __init__(self, order: Order, stream: BinaryIO) -> None:
        self._order, self._stream, self._rows = order, stream, 0
        self._file = _opened(order, stream, order.headings)

    def write(
        self, columns: Sequence[Sequence[Any]], sifted: Sifted, place: NDArray[np.intp]
    ) -> None:
        """Adds rows, given as columns; `place` is where each stands in the sifted list."""
        del sifted
        self._file.write(columns)
        self._rows += len(place)

    def close(self) -> tuple[FileTold, ...]:
        """Finishes the file."""
        self._file.close()
        channel = self._order.contact_channel
        consent = {channel: "granted"} if channel else {}
        return (FileTold(self._order.name, self._rows, sha256_of(self._stream), consent),)

    @property
    def emptied(self) -> int:
        """How many cells were left empty since a spreadsheet would run them."""
        return self._file.emptied if isinstance(self._file, ToolCsv) else 0


@dataclass
class _Part:
    """A file in the making."""

    code: str
    number: int
    stream: BinaryIO
    file: ToolCsv
    rows: int = 0
    size: int = 0


class Several:
    """A list that is several files, kept apart by region and consent, texts or kind of contact."""

    def __init__(self, order: Order, stream: BinaryIO, platform: Platform) -> None:
        self._order, self._stream, self._platform = order, stream, platform
        self._open: dict[str, _Part] = {}
        self._full: list[_Part] = []

    def write(
        self, columns: Sequence[Sequence[Any]], sifted: Sifted, place: NDArray[np.intp]
    ) -> None:
        """Adds rows, given as columns; `place` is where each stands in the sifted list."""
        if self._platform.split == "contact":
            for number, kind in enumerate(self._platform.contacts):
                told = np.flatnonzero(sifted.cells[kind][place]).tolist()
                self._add(kind, [[columns[number][row] for row in told]], len(told))
            return
        codes = REGIONS if self._platform.split == "region" else TEXTS
        file = sifted.file[place]
        for number in np.unique(file).tolist():
            rows = np.flatnonzero(file == number).tolist()
            self._add(
                codes[number], [[column[row] for row in rows] for column in columns], len(rows)
            )

    def _add(self, code: str, columns: Sequence[Sequence[Any]], rows: int) -> None:
        if not rows:
            return
        part = self._open.get(code) or self._begin(code)
        part.file.write(columns)
        part.rows += rows
        before, part.size = part.size, part.file.size()
        most = self._platform.most_mb * _MILLION
        # The next rows may be a little longer than these.
        if most and part.size + 1.5 * (part.size - before) > most:
            self._full.append(self._open.pop(code))

    def _begin(self, code: str) -> _Part:
        number = sum(part.code == code for part in self._full) + 1
        stream = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  closed when packed
        headings = self._order.headings
        if self._platform.split == "contact":
            headings = (headings[self._platform.contacts.index(code)],)
        file = ToolCsv(stream, headings, self._platform.most_bytes)
        self._open[code] = _Part(code, number, stream, file)
        return self._open[code]

    def close(self) -> tuple[FileTold, ...]:
        """Finishes the files; they wait for `pack`."""
        self._full = sorted(
            (*self._full, *self._open.values()), key=lambda part: (part.code, part.number)
        )
        self._open = {}
        for part in self._full:
            part.file.close()
        return tuple(self._told(part) for part in self._full)

    def _told(self, part: _Part) -> FileTold:
        channel = cast(str, self._order.contact_channel)
        consent, region = {channel: "granted"}, None
        if self._platform.split == "region":
            region = part.code
            asked = AD_PURPOSES if region != "elsewhere" else ()
            consent |= dict.fromkeys(asked, "granted")
        if part.code == TEXTS[1]:
            consent["sms"] = "granted"
        return FileTold(self._name(part), part.rows, sha256_of(part.stream), consent, region)

    def _name(self, part: _Part) -> str:
        stem = self._order.name.rpartition(".")[0]
        number = f"-{part.number}" if part.number > 1 else ""
        return f"{stem}-{part.code.replace('_', '-')}{number}.csv"

    def pack(self, manifest: Mapping[str, Any]) -> None:
        """Writes the zip: the files, then what is told of them."""
        moment = self._order.now.timetuple()[:6]
        with zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for part in self._full:
                with archive.open(
                    zip_entry(self._name(part), moment), "w", force_zip64=True
                ) as entry:
                    part.stream.seek(0)
                    shutil.copyfileobj(part.stream, entry)
                part.stream.close()
            text = json.dumps(manifest, ensure_ascii=False, indent=2)
            archive.writestr(zip_entry(MANIFEST, moment), text)

    @property
    def emptied(self) -> int:
        """How many cells were left empty since a spreadsheet would run them."""
        return sum(part.file.emptied for part in (*self._full, *self._open.values()))


def zip_entry(name: str, moment: tuple[int, ...]) -> zipfile.ZipInfo:
    """A file in a zip, for its owner alone."""
    year, month, day, hour, minute, second = moment
    entry = zipfile.ZipInfo(name, (year, month, day, hour, minute, second))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _opened(order: Order, stream: BinaryIO, headings: Sequence[str]) -> ListFile:
    platform = order.platform
    if platform and not platform.for_people:
        return ToolCsv(stream, headings, platform.most_bytes)
    if order.file_format == FEED:
        return JsonFeed(stream, headings, title=order.title, now=order.now)
    kind = platform.suffix if platform else order.file_format
    return open_list(kind, stream, headings, title=order.title, now=order.now)


def packed(order: Order, stream: BinaryIO) -> Single | Several:
    """What rows are written to."""
    platform = order.platform
    if platform and platform.split:
        return Several(order, stream, platform)
    return Single(order, stream)


def sha256_of(stream: BinaryIO) -> str:
    """The sum of all that was written."""
    stream.seek(0)
    return hashlib.file_digest(stream, "sha256").hexdigest()  # pyright: ignore[reportArgumentType]
