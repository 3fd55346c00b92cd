"""Two hundred bad files made from seeds, each with the truth about what is in it.

What an import must tell of a file: the orders that are good, the rows that are bad with their
reasons, or the code by which the whole file is refused (one of several where damage is blind).
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from tests.store.imports.tables import HEADER, book, html, zip_of

COUNT = 200
ORDER, DAY, BUYER, SKU, NAME, UNITS, PRICE = range(7)
NAMES = ("Tee grün", "Käse, alt", "=SUM(A1:A9)", "+49 Lampe", "@home", "-1", "Öl", "two\nlines",
         '6" pipe', "茶", "Плитка", "🎈 Ballon")  # fmt: skip
LATIN = ("Tee grün", "Käse, alt", "Öl", "Crème brûlée", "Señor; X", "Straße")
_BROKEN = "import_archive_broken"


@dataclass(frozen=True)
class Spoiled:
    """A file, and what must be told of it: `refused` instead of rows when it holds any code.

    `blind`: bytes were damaged anywhere, so that only rows and reasons in all are to add up.
    """

    name: str
    content: bytes
    good: frozenset[str] = frozenset()
    bad: frozenset[tuple[int, str]] = frozenset()
    refused: frozenset[str] = frozenset()
    blind: bool = False


@dataclass
class _Table:
    """Lines of a delimited file with what they are."""

    mark: str = ","
    end: str = "\n"
    lines: list[str] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    bad: set[tuple[int, str]] = field(default_factory=set)

    def content(self, header: str) -> str:
        return self.end.join([header, *self.lines]) + self.end


def spoiled_file(seed: int) -> Spoiled:
    """The file of a seed: the kinds take turns, what is in it is drawn."""
    maker = random.Random(seed)
    return KINDS[seed % len(KINDS)](maker, f"orders-{seed:03d}")


def _cells(maker: random.Random, order: int, names: tuple[str, ...] = NAMES) -> list[str]:
    day = date(2024, 1, 1) + timedelta(days=maker.randrange(900))
    return [f"A{order}", day.isoformat(), f"C{maker.randrange(50)}", f"S{maker.randrange(20)}",
            maker.choice(names), str(maker.randrange(1, 9)), f"{maker.randrange(100, 99_999) / 100:.2f}"]  # fmt: skip


def _line(cells: list[str], mark: str) -> str:
    return mark.join(
        '"' + cell.replace('"', '""') + '"' if any(c in cell for c in f'{mark}"\n\r') else cell
        for cell in cells
    )


def _put(place: int, value: str) -> Callable[[list[str], str], str]:
    return lambda cells, mark: _line([*cells[:place], value, *cells[place + 1 :]], mark)


def _raw(place: int, value: str) -> Callable[[list[str], str], str]:
    def spoil(cells: list[str], mark: str) -> str:
        written = [_line([cell], mark) for cell in cells]
        return mark.join([*written[:place], value, *written[place + 1 :]])

    return spoil


SPOILS: tuple[tuple[str, Callable[[list[str], str], str]], ...] = (
    ("import_bad_date", _put(DAY, "2026-02-30")),
    ("import_bad_date", _put(DAY, "soon")),
    ("import_missing_value", _put(DAY, "")),
    ("import_future_date", _put(DAY, "2031-03-01")),
    ("import_old_date", _put(DAY, "1899-12-30")),
    ("import_missing_value", _put(ORDER, " ")),
    ("import_bad_number", _put(PRICE, "n/a")),
    ("import_bad_number", _put(PRICE, "1e999")),
    ("import_missing_value", _put(PRICE, "")),
    ("import_negative_amount", _put(PRICE, "-12.50")),
    ("import_fractional_quantity", _put(UNITS, "1.5")),
    ("import_bad_number", _put(UNITS, "=1+1")),
    ("import_ragged_row", lambda cells, mark: _line(cells[:-1], mark)),
    ("import_ragged_row", lambda cells, mark: _line([*cells, "x"], mark)),
    ("import_ragged_row", lambda _cells, _mark: "what is this"),
    ("import_nul_byte", _put(NAME, "T\0a")),
    ("import_bad_encoding", _put(NAME, "M\udcf6bel")),
    ("import_bad_quote", _raw(NAME, '"Tea"s')),
    ("import_unclosed_quote", _raw(NAME, '"Tea')),
    ("import_unclosed_quote", _raw(ORDER, '"A')),
    ("import_unclosed_quote", _raw(PRICE, '"2.50')),
)


def _table(
    maker: random.Random,
    *,
    spoils: tuple[tuple[str, Callable[[list[str], str], str]], ...] = SPOILS,
    names: tuple[str, ...] = NAMES,
    first: int = 1,
) -> _Table:
    """Fifteen to sixty rows, up to a third of them bad, with empty lines here and there."""
    table = _Table(maker.choice(",;\t|"), maker.choice(("\n", "\r\n")))
    count = maker.randrange(15, 60)
    # A mark left open in the last row could as well be one too many in a value: that stays good.
    most = count // 3 if spoils else 1
    bad = set(maker.sample(range(count - 1), maker.randrange(most)))
    for place in range(count):
        if maker.random() < 0.03:
            table.lines.append("")
        cells = _cells(maker, first + place, names)
        row = len(table.lines) + 2
        if place in bad:
            reason, spoil = maker.choice(spoils)
            cells[NAME] = "Tea"  # with more marks in it nobody could say where the row ends
            table.lines.append(spoil(cells, table.mark))
            table.bad.add((row, reason))
        else:
            table.lines.append(_line(cells, table.mark))
            table.good.add(cells[ORDER])
    return table


def _made(name: str, table: _Table, content: bytes) -> Spoiled:
    return Spoiled(name, content, frozenset(table.good), frozenset(table.bad))


def _head(table: _Table, *more: str) -> str:
    return _line([*HEADER, *more], table.mark)


def _bad_rows(maker: random.Random, name: str) -> Spoiled:
    """A delimited file with bad rows of every kind."""
    table = _table(maker)
    return _made(
        f"{name}.csv", table, table.content(_head(table)).encode("utf-8", "surrogateescape")
    )


def _open_marks(maker: random.Random, name: str) -> Spoiled:
    """Nothing but marks: open ones, stray ones, long texts."""
    spoils = tuple(each for each in SPOILS if each[0].endswith("_quote"))
    table = _table(maker, spoils=spoils, names=("Tea", "two\nlines", 'the "best", ever\n\nseen'))
    return _made(f"{name}.csv", table, table.content(_head(table)).encode())


def _ragged(maker: random.Random, name: str) -> Spoiled:
    spoils = tuple(each for each in SPOILS if each[0] == "import_ragged_row")
    table = _table(maker, spoils=spoils)
    return _made(f"{name}.txt", table, table.content(_head(table)).encode("utf-8-sig"))


def _encoded(maker: random.Random, name: str) -> Spoiled:
    """A table in another encoding than it might seem; every row is good."""
    encoding = maker.choice(("utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig", "utf-32"))
    table = _table(maker, spoils=(), names=LATIN)
    return _made(f"{name}.csv", table, table.content(_head(table)).encode(encoding))


def _headers(maker: random.Random, name: str) -> Spoiled:
    """Names given twice, missing, or cells without either far to the right."""
    table = _table(maker, spoils=())
    more = maker.choice((["SKU"], ["sku", "Product"], [""], [""] * maker.randrange(2, 1200)))
    value = "" if len(more) > 2 else "x"
    table.lines = [line and line + (table.mark + value) * len(more) for line in table.lines]
    return _made(f"{name}.csv", table, table.content(_head(table, *more)).encode())


def _too_wide(maker: random.Random, name: str) -> Spoiled:
    width = maker.choice((501, 2_000, 10_000))
    content = ",".join(f"c{n}" for n in range(width)) + "\n" + "1," * (width - 1) + "1\n"
    return Spoiled(f"{name}.csv", content.encode(), refused=frozenset({"import_too_many_columns"}))


def _page(maker: random.Random, name: str) -> Spoiled:
    """HTML called .csv: a table, or what a shop shows to who is not signed in."""
    if maker.random() < 0.3:
        page = b"<!doctype html><html><body><form>Log in</form></body></html>"
        return Spoiled(f"{name}.csv", page, refused=frozenset({"import_not_text"}))
    rows = [_cells(maker, n, LATIN) for n in range(1, maker.randrange(5, 30))]
    good = frozenset(row[ORDER] for row in rows)
    return Spoiled(f"{name}.csv", html(rows).encode(), good)


def _workbook(maker: random.Random, name: str) -> Spoiled:
    """A workbook with a bad row and formulas, whole or cut somewhere."""
    rows = [_cells(maker, n, NAMES[2:6]) for n in range(1, maker.randrange(8, 30))]
    bad = maker.randrange(len(rows))
    rows[bad][DAY] = "soon"
    content = book(Orders=[HEADER, *rows])
    if maker.random() < 0.6:
        cut = maker.randrange(4, len(content) - 1)
        return Spoiled(f"{name}.xlsx", content[:cut], refused=frozenset({"import_workbook_broken"}))
    good = frozenset(row[ORDER] for n, row in enumerate(rows) if n != bad)
    return Spoiled(f"{name}.xlsx", content, good, frozenset({(bad + 2, "import_bad_date")}))


def _packed(maker: random.Random, name: str) -> Spoiled:
    """A packed table, whole or cut."""
    table = _table(maker)
    pack, ending = maker.choice(
        ((gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz"))
    )
    content = pack(table.content(_head(table)).encode("utf-8", "surrogateescape"))
    if maker.random() < 0.4:
        cut = content[: maker.randrange(12, len(content) - 1)]
        return Spoiled(f"{name}.csv.{ending}", cut, refused=frozenset({_BROKEN}))
    return _made(f"{name}.csv.{ending}", table, content)


def _zipped(maker: random.Random, name: str) -> Spoiled:
    """Some files in an archive, with a picture among them."""
    files: dict[str, bytes | str] = {"logo.png": b"\x89PNG\r\n" + bytes(99)}
    good, bad = set[str](), set[tuple[int, str]]()
    for part in range(1, maker.randrange(2, 4)):
        table = _table(maker, spoils=SPOILS[:14], first=part * 1000)
        files[f"part-{part}.csv"] = table.content(_head(table))
        good |= table.good
        bad |= table.bad
    return Spoiled(f"{name}.zip", zip_of(files), frozenset(good), frozenset(bad))


def _bomb(maker: random.Random, name: str) -> Spoiled:
    """Archives that would fill a disk, or never end."""
    table = _table(maker, spoils=())
    inner = zip_of({"orders.csv": table.content(_head(table))})
    kind = maker.choice(("ratio", "gzip", "nested", "members"))
    if kind == "members":
        files: dict[str, bytes | str] = {f"{n}.csv": "a,b\n1,2\n" for n in range(201)}
        return Spoiled(f"{name}.zip", zip_of(files), refused=frozenset({"import_archive_members"}))
    if kind == "nested":
        for depth in range(3):
            inner = zip_of({f"{depth}.zip": inner})
        return Spoiled(f"{name}.zip", inner, refused=frozenset({"import_archive_nested"}))
    out = io.BytesIO()
    if kind == "gzip":
        with gzip.open(out, "wb", 6) as packed:
            for _ in range(130):
                packed.write(b"1," * 524_288)
    else:
        with (
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("orders.csv", "w") as packed,
        ):
            for _ in range(130):
                packed.write(bytes(1_048_576))
    ending = "csv.gz" if kind == "gzip" else "zip"
    return Spoiled(f"{name}.{ending}", out.getvalue(), refused=frozenset({"import_archive_ratio"}))


def _json(maker: random.Random, name: str) -> Spoiled:
    """JSON lines, some of them no objects."""
    lines: list[str] = []
    good, bad = set[str](), set[tuple[int, str]]()
    for n in range(1, maker.randrange(8, 30)):
        cells = _cells(maker, n)
        if n > 1 and maker.random() < 0.2:
            lines.append(maker.choice(("{", "null", "[1, 2]", '{"Order ID": ')))
            bad.add((n, "import_bad_json"))
        else:
            lines.append(json.dumps(dict(zip(HEADER, cells, strict=True))))
            good.add(cells[ORDER])
    return Spoiled(f"{name}.jsonl", "\n".join(lines).encode(), frozenset(good), frozenset(bad))


def _columnar(maker: random.Random, name: str) -> Spoiled:
    rows = [_cells(maker, n) for n in range(1, maker.randrange(5, 30))]
    out = io.BytesIO()
    pq.write_table(pa.table({h: [row[n] for row in rows] for n, h in enumerate(HEADER)}), out)
    if maker.random() < 0.5:
        cut = out.getvalue()[: maker.randrange(4, len(out.getvalue()) - 1)]
        return Spoiled(f"{name}.parquet", cut, refused=frozenset({"import_parquet_broken"}))
    return Spoiled(f"{name}.parquet", out.getvalue(), frozenset(row[ORDER] for row in rows))


def _noise(maker: random.Random, name: str) -> Spoiled:
    """A good file with bytes changed, put in and lost anywhere, or nothing but noise."""
    if maker.random() < 0.3:
        return Spoiled(f"{name}.csv", maker.randbytes(maker.randrange(4000)), blind=True)
    table = _table(maker)
    content = bytearray(table.content(_head(table)).encode("utf-8", "surrogateescape"))
    for _ in range(maker.randrange(1, 20)):
        at = maker.randrange(len(content))
        content[at : at + maker.randrange(3)] = maker.randbytes(maker.randrange(3))
    return Spoiled(f"{name}.csv", bytes(content), blind=True)


KINDS: tuple[Callable[[random.Random, str], Spoiled], ...] = (
    _bad_rows, _open_marks, _ragged, _encoded, _headers, _bad_rows, _page, _workbook, _packed,
    _zipped, _json, _noise, _bad_rows, _columnar, _too_wide, _open_marks, _bomb,
)  # fmt: skip
