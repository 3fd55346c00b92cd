"""Lines that are no goods, and orders that do not count, as findings: what became of their money."""

from __future__ import annotations

from collections.abc import Iterator

from crm_core.store.imports.codes import KINDS
from crm_core.store.imports.quality.finding import Finding, Look, money, share
from crm_core.store.imports.staging import quote
from crm_core.store.marts import NOT_COUNTED

_CODES = 10


def findings(look: Look) -> Iterator[Finding]:
    """Postage, fees, discounts, adjustments, vouchers and samples; orders in states without sale."""
    every = look.row("select count(*) from bill_lines")[0]
    found = look.rows(
        "select kind, count(*), sum(gross - discount), min(source_file), "
        "arg_min(source_row, source_file) from bill_lines where kind is not null group by 1"
    )
    for kind, count, paid, file, row in sorted(found):
        if kind in KINDS:
            codes = look.rows(
                f"select product_id from staging.products where product_kind = {quote(kind)} "
                f"order by 1 limit {_CODES}"
            )
            facts = {"codes": ", ".join(code for (code,) in codes)}
            yield Finding(f"kind_{kind}", "info", count, money(paid), share(count, every), facts,
                          (look.place(file, row, "product_id"),))  # fmt: skip
    yield from _uncounted(look)


def _uncounted(look: Look) -> Iterator[Finding]:
    """Why the pages may show less than the file holds."""
    states = ", ".join(quote(state) for state in NOT_COUNTED)
    orders, every = look.row(
        f"select count(*) filter (status in ({states})), count(*) from bill_orders"
    )
    if orders:
        paid = look.row(
            "select sum(gross - discount) from bill_lines semi join (select order_no from bill_orders "
            f"where status in ({states})) using (order_no)"
        )
        yield Finding("uncounted_orders", "info", orders, money(paid[0]), share(orders, every))
