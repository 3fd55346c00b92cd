"""Order lines that are no goods: postage, fees, discounts, adjustments, vouchers, samples.

Shops enter them as products. They are known by code (`POST`, `BANK CHARGES`, `gift_0001_20`) or by
name in English, German, French, Spanish and Chinese. Their money counts, each where it belongs
(docs/adr/0023); analyses of products leave them out. A product whose kind a file tells keeps it:
`goods` says that a code only looks like one of these.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from crm_core.store.columns import has_old
from crm_core.store.imports.staging import counted, quote

KINDS = ("postage", "fee", "adjustment", "discount", "voucher", "sample")


def kind_of(product_id: str, product_name: str) -> str:
    """SQL for the kind of a product that is none, else NULL, from SQL for its id and name."""
    code = f"upper(trim({product_id}))"
    plain = (
        f"regexp_replace(strip_accents(lower({product_name})), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g')"
    )
    name = f"coalesce(trim({plain}), '')"
    told = _kinds()
    agreed = ", ".join(quote(each) for kind in told.values() for each in kind.get("agrees", ()))
    starts = "".join(
        f"when starts_with({code}, {quote(start)}) then {quote(kind)} "
        for kind, each in told.items()
        for start in each.get("starts", ())
    )
    # One pattern with a group a kind: each further one would be made ready anew in every query.
    groups = "|".join(f"({_grouped(each['names'])})" for each in told.values())
    kinds = ", ".join(quote(kind) for kind in told)
    found = " ".join(f"when found.{kind} <> '' then {quote(kind)}" for kind in told)
    return (
        f"coalesce({_map('codes')}[{code}], "
        f"case when {name} in ('', lower({code}), {agreed}) then {_map('short')}[{code}] end, "
        f"case {starts} end, "
        f"list_transform([regexp_extract({name}, {quote(f'^(?:{groups})$')}, [{kinds}])], "
        f"lambda found: case {found} end)[1])"
    )


def _map(topic: str) -> str:
    """SQL for the kinds by code."""
    pairs = ", ".join(
        f"{quote(code)}: {quote(kind)}"
        for kind, each in _kinds().items()
        for code in each.get(topic, ())
    )
    return f"map {{{pairs}}}"


def _grouped(patterns: list[str]) -> str:
    return "|".join(pattern.replace("(", "(?:") for pattern in patterns)


def settle_kinds(con: duckdb.DuckDBPyConnection) -> None:
    """Give staged products their kind: as told, as the store knows it, or as recognised.

    Products that only lines name get a row when their code alone tells.
    """
    _as_stored(con)
    recognised = kind_of("product_id", "product_name")
    con.execute(
        f"update staging.products set product_kind = {recognised} "
        f"where product_kind is null and {recognised} is not null"
    )
    con.execute(
        """
        create or replace temp table import_unlisted as
        select distinct product_id from staging.order_lines
        anti join staging.products using (product_id)
        """
    )
    # Asked only when there are any: to make the patterns ready takes longer than all else here.
    if counted(con, "select count(*) from import_unlisted"):
        kind = kind_of("product_id", "null::varchar")
        con.execute(
            f"""
            insert into staging.products by name
            select * from (
                select product_id, {kind} as product_kind, 0 as source_row from import_unlisted)
            where product_kind is not null
            """
        )
    con.execute("drop table import_unlisted")


def _as_stored(con: duckdb.DuckDBPyConnection) -> None:
    """What the store already says of a product's kind, where the files say nothing."""
    if not has_old(con, "products", "product_kind"):
        return
    stored = (
        "(select product_id, product_kind from old.main.products where product_kind is not null)"
    )
    con.execute(
        f"update staging.products s set product_kind = o.product_kind from {stored} o "
        "where s.product_id = o.product_id and s.product_kind is null"
    )
    con.execute(
        f"""
        insert into staging.products by name
        select product_id, product_kind, 0 as source_row
        from (select distinct product_id from staging.order_lines) semi join {stored} using (product_id)
        join {stored} using (product_id) anti join staging.products using (product_id)
        """
    )


@cache
def _kinds() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "codes.toml").read_text(encoding="utf-8"))
