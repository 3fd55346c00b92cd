"""Order heads: one row an order, without its lines."""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.order_people import add_people
from crm_core.store.imports.order_settle import add_heads, add_order_amounts
from crm_core.store.imports.order_tables import number_lines, orders_of_rows
from crm_core.store.imports.order_values import Sheet
from crm_core.store.imports.textfile import TextFile
from crm_core.store.whole_orders import HEAD_LINE


def fill_heads(job: Job, text: TextFile, mapping: Mapping) -> Mapping:
    """Give the rows of `import_raw` what a line must have, so that heads are read like lines.

    A head without a product is about the order itself, without a count about one, and without a
    total only about the order's facts: `import_untold` keeps the rows that tell no total.
    """
    constants, cells = dict(mapping.constants), {}
    column = {f: f"c{text.header.index(c)}" for f, c in mapping.columns.items()}
    untold = "amount" not in constants
    if "amount" in column:
        untold_rows = f"nullif(trim({column['amount']}), '') is null"
        cells[column["amount"]] = "'0'"
    else:
        untold_rows = str(untold).lower()
        constants.setdefault("amount", "0")
    job.con.execute(
        "create or replace temp table import_untold as "
        f"select source_row from import_raw where {untold_rows}"
    )
    if "quantity" in column:
        cells[column["quantity"]] = "'1'"
    product = next((column[f] for f in ("product_id", "product_name") if f in column), None)
    if product is not None:
        cells[product] = f"'{HEAD_LINE}'"
    elif "product_name" not in constants:
        constants.setdefault("product_id", HEAD_LINE)
    if cells:
        filled = ", ".join(
            f"coalesce(nullif(trim({raw}), ''), {value}) as {raw}" for raw, value in cells.items()
        )
        job.con.execute(
            "create or replace temp table import_raw as "
            f"select * replace ({filled}) from import_raw"
        )
    return mapping.with_(constants=constants)


def add_good_heads(job: Job, sheet: Sheet, source_file: int) -> None:
    """Heads wait for `settle_orders`; their buyers and amounts are known now."""
    number_lines(job, sheet)
    add_heads(job, orders_of_rows(job, sheet, source_file))
    add_people(job, sheet, source_file)
    add_order_amounts(job, sheet)
    job.con.execute("drop view import_good; drop table import_equal; drop table import_untold")
