"""Which pages an import's rows can feed: fully, in part or not, and why."""

from __future__ import annotations

import duckdb

from crm_core.store.imports.staging import counted

_BUYER_PAGES = ("customers", "customer", "segments", "value")


def feeds(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], dict[str, str]]:
    """By page: "full", "part" or "no"; and for what is not full the code of the reason.

    Pages of buyers need a buyer key, Costs and Overview need unit costs, Audiences needs an
    e-mail or phone, Forecast needs 90 days.
    """
    orders = counted(con, "select count(*) from staging.orders")
    if not orders:
        return {}, {}
    keyed = "coalesce(customer_id, email, phone) is not null"
    buyers = counted(con, f"select count(*) from staging.orders where {keyed}")
    lines = counted(con, "select count(*) from staging.order_lines")
    costed = counted(con, "select count(*) from staging.order_lines where unit_cost is not null")
    costed += counted(
        con,
        "select count(*) from staging.order_lines semi join (select product_id from "
        "staging.products where unit_cost is not null) using (product_id) where unit_cost is null",
    )
    reachable = counted(
        con, "select count(*) from staging.identities where email is not null or phone is not null"
    ) + counted(con, "select count(*) from staging.orders where email is not null")
    days = counted(
        con, "select date_diff('day', min(ordered_at), max(ordered_at)) + 1 from staging.orders"
    )
    pages: dict[str, str] = {}
    why: dict[str, str] = {}

    def judge(page: str, share: float, reason: str) -> None:
        pages[page] = "full" if share >= 1 else "part" if share > 0 else "no"
        if share < 1:
            why[page] = reason

    for page in _BUYER_PAGES:
        judge(page, buyers / orders, "no_buyer_key")
    judge("costs", costed / max(lines, 1), "no_costs")
    judge("overview", 1 if costed == lines else 0.5, "no_costs")
    judge("forecast", 1 if days >= 90 else 0.5, "short_history")
    if not buyers:
        judge("audiences", 0, "no_buyer_key")
    else:
        judge("audiences", 1 if reachable else 0.5, "no_contacts")
    return pages, why
