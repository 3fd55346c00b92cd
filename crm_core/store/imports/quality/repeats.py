"""Rows that are there twice: blocks of files that overlap, and periods two files both tell.

The rule. A line that two files tell alike is one line: the later file's stays, the other is a
duplicate. Equal lines inside one file are kept and numbered: a buyer may well have put two equal
lines into an order. A long run of rows that repeats another run of the same file, row for row, is
kept too, but told: whoever put two exports together by hand counts those sales twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from crm_core.store.imports.quality.finding import Finding, Look, money
from crm_core.store.imports.staging import quote

LEAST_ROWS = 10
_LEAST_ORDERS = 2
_HOLE = 20  # rows between two of one block that are told otherwise: returns, bad rows
_DISTANCES = 20
_PAIRS = 5  # of files that tell the same days; with many files there are hundreds


@dataclass(frozen=True)
class Block:
    """A run of rows that stands in `file` and once more in `again` (places in the plan)."""

    file: int
    first: int
    last: int
    again: int
    again_first: int
    again_last: int
    rows: int
    money: float
    is_dropped: bool


@dataclass(frozen=True)
class Overlap:
    """Days that two files of one import both tell, and the orders both hold."""

    file: int
    other: int
    first: date
    last: date
    orders: int


@dataclass(frozen=True)
class Repeats:
    """What is twice in the rows staged, looked up before repeats are dropped.

    `overlaps` holds the first pairs of files; `more_overlaps` is how many there are besides.
    """

    blocks: tuple[Block, ...]
    overlaps: tuple[Overlap, ...]
    more_overlaps: int


def find_repeats(con: duckdb.DuckDBPyConnection, timezone: str) -> Repeats:
    """Blocks and overlaps of the rows staged so far."""
    several = (
        len(con.execute("select distinct source_file from staging.order_lines").fetchall()) > 1
    )
    overlaps, more = _overlaps(con, timezone)
    return Repeats(tuple(_blocks(con, several)), tuple(overlaps), more)


def _blocks(con: duckdb.DuckDBPyConnection, several: bool) -> list[Block]:
    """Equal lines of a file are numbered (`#2`), those of two files have one key: only orders with
    such lines are looked at."""
    doubtful = "select order_id from staging.order_lines where contains(line_id, '#') and not ends_with(line_id, '#1')"
    if several:
        doubtful += (
            " union select order_id from staging.order_lines group by order_id, line_id "
            "having count(*) > 1"
        )
    content = "hash(order_id, product_id, quantity, line_total, unit_price, discount)"
    con.execute(
        f"""
        create or replace temp table import_twice as
        select {content} as content, hash(order_id) as order_no, hash(order_id, line_id) as line_no,
               coalesce(line_total, quantity * unit_price) - coalesce(discount, 0) as paid,
               source_file, source_row
        from staging.order_lines semi join ({doubtful}) using (order_id)
        """
    )
    distances = con.execute(
        f"""
        select file, source_file, source_row - line from (
            select *, lag(source_file) over seen as file, lag(source_row) over seen as line
            from import_twice window seen as (partition by content order by source_file, source_row))
        where file is not null group by all having count(*) >= {LEAST_ROWS}
        order by count(*) desc, 1, 2, 3 limit {_DISTANCES}
        """
    ).fetchall()
    found = [block for each in distances for block in _at_distance(con, *each)]
    con.execute("drop table import_twice")
    return found


def _at_distance(con: duckdb.DuckDBPyConnection, file: int, again: int, rows: int) -> list[Block]:
    """The runs that are repeated so many rows further down, in the same or another file."""
    found = con.execute(
        f"""
        with pairs as (
            select a.source_row as row, b.paid, a.order_no, a.line_no = b.line_no as is_dropped
            from import_twice a join import_twice b
              on a.content = b.content and b.source_row = a.source_row + {rows}
            where a.source_file = {file} and b.source_file = {again}
        ), runs as (
            select *, sum(is_new::int) over (order by row) as run from (
                select *, coalesce(row - lag(row) over (order by row) > {_HOLE}, true) as is_new
                from pairs))
        select min(row), max(row), count(*), sum(paid), bool_and(is_dropped)
        from runs group by run
        having count(*) >= {LEAST_ROWS} and count(distinct order_no) >= {_LEAST_ORDERS}
           and ({file} <> {again} or {rows} > max(row) - min(row))
        order by 1
        """
    ).fetchall()
    return [
        Block(
            file, first, last, again, first + rows, last + rows, count, money(paid), bool(dropped)
        )
        for first, last, count, paid, dropped in found
    ]


def _overlaps(con: duckdb.DuckDBPyConnection, timezone: str) -> tuple[list[Overlap], int]:
    """The first pairs of files that tell the same days, and how many pairs there are besides."""
    local = f"(make_timestamptz(epoch_us(ordered_at)) at time zone {quote(timezone)})::date"
    found = con.execute(
        f"""
        with spans as (
            select source_file as file, min({local}) as first, max({local}) as last
            from staging.orders group by 1
        ), pairs as (
            select a.file, b.file as other, greatest(a.first, b.first) as first,
                   least(a.last, b.last) as last, count(*) over () as pairs
            from spans a join spans b
              on a.file < b.file and a.first <= b.last and b.first <= a.last
            order by 1, 2 limit {_PAIRS})
        select file, other, first, last,
               (select count(*) from (
                    select order_id from staging.orders where source_file = file
                    intersect select order_id from staging.orders where source_file = other)),
               pairs
        from pairs order by 1, 2
        """
    ).fetchall()
    more = int(found[0][-1]) - len(found) if found else 0
    return [Overlap(*told) for *told, _ in found], more


def findings(look: Look, repeats: Repeats, dropped: int) -> list[Finding]:
    """Repeated blocks, kept or dropped, and overlapping files, as findings."""
    found = [_block(look, block) for block in repeats.blocks]
    told = sum(block.rows for block in repeats.blocks if block.is_dropped)
    if dropped > told:
        found.append(Finding("repeated_rows", "info", dropped - told))
    for overlap in repeats.overlaps:
        facts = {
            "file": look.files[overlap.file],
            "other": look.files[overlap.other],
            "from": overlap.first.isoformat(),
            "to": overlap.last.isoformat(),
        }
        found.append(Finding("overlapping_files", "info", overlap.orders, facts=facts))
    if repeats.more_overlaps:
        found.append(Finding("overlapping_files_more", "info", repeats.more_overlaps))
    return found


def _block(look: Look, block: Block) -> Finding:
    facts = {
        "file": look.files[block.file],
        "from": block.first,
        "to": block.last,
        "other": look.files[block.again],
        "again_from": block.again_first,
        "again_to": block.again_last,
    }
    return Finding(
        "repeated_block_dropped" if block.is_dropped else "repeated_block",
        "info" if block.is_dropped else "warn",
        block.rows,
        money=block.money,
        facts=facts,
        examples=(look.place(block.again, block.again_first),),
    )
