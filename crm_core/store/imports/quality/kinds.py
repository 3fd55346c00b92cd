"""Lines that are no goods, and orders that do not count, as findings: what became of their money."""

from __future__ import annotations

from collections.abc import Iterator

from crm_core.store.imports.codes import KINDS
from crm_core.store.imports.order_values import translated
from crm_core.store.imports.quality.finding import EXAMPLES, Finding, Look, money, share
from crm_core.store.imports.staging import quote
from crm_core.store.marts import NOT_COUNTED

_CODES = 10
_WORDS, _WORD = 8, 40
_STATES = ", ".join(quote(state) for state in NOT_COUNTED)


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
    yield from _unknown(look)


def _uncounted(look: Look) -> Iterator[Finding]:
    """Why the pages may show less than the file holds."""
    orders, every = look.row(
        f"select count(*) filter (status in ({_STATES})), count(*) from bill_orders"
    )
    if orders:
        paid = look.row(
            "select sum(gross - discount) from bill_lines semi join (select order_no from bill_orders "
            f"where status in ({_STATES})) using (order_no)"
        )
        yield Finding("uncounted_orders", "info", orders, money(paid[0]), share(orders, every))


def _unknown(look: Look) -> Iterator[Finding]:
    """Orders that count although nobody here knows what their state means.

    A word of ours that came untranslated (from a database) is not known, either, if its meaning
    would not count.
    """
    meant = translated("status", "status", quote(NOT_COUNTED[0]))
    strange = f"status not in ({_STATES}) and {meant} in ({_STATES})"
    found = look.rows(
        f"select status, count(*), min(source_file), arg_min(source_row, source_file) "
        f"from bill_orders where {strange} group by 1 order by 2 desc, 1"
    )
    if not found:
        return
    paid, every = look.row(
        "select (select sum(gross - discount) from bill_lines semi join "
        f"(select order_no from bill_orders where {strange}) using (order_no)), count(*) from bill_orders"
    )
    orders = sum(count for _, count, _, _ in found)
    words = ", ".join(f"“{_inert(word)}” ({count})" for word, count, _, _ in found[:_WORDS])
    facts = {"words": words + (", …" if len(found) > _WORDS else "")}
    places = tuple(look.place(file, row, "status") for _, _, file, row in found[:EXAMPLES])
    yield Finding(
        "unknown_states", "warn", orders, money(paid), share(orders, every), facts, places
    )


def _inert(word: str) -> str:
    """A word of a customer's file: short, of visible letters, and nobody's address or number."""
    seen = "".join(char for char in word if char.isprintable())[:_WORD]
    # An address or a number is another column, most likely.
    personal = "@" in seen or sum(char.isdigit() for char in seen) > 4
    return "…" if personal else "".join(char for char in seen if char not in "<>[]`*_|$\\")
