"""Every row of a delimited order file with typed values, or with the reason it is no good."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.store.imports.codes import kind_of
from crm_core.store.imports.contract import Job
from crm_core.store.imports.currencies import told_beside
from crm_core.store.imports.mapping import FIELDS, Mapping
from crm_core.store.imports.staging import counted, quote
from crm_core.store.imports.textfile import NUL_MARK, TextFile
from crm_core.store.imports.values import (
    DECIMAL,
    FIRST_YEAR,
    Shape,
    moment_layers,
    moment_shapes,
    number,
    plain_number,
    quick_moment,
)
from crm_core.store.imports.ways import ways

MOST_MONEY = 10**12
MOST_UNITS = 10**9
_KEPT = ("tax", "list_price", "shipping_income", "shipping_cost", "fees", "order_discount",
         "order_tax", "refunded_amount")  # fmt: skip
_MADE = (
    "source_row",
    "order_id",
    "ordered_at",
    "product_id",
    "units",
    "base",
    "gross",
    "paid",
    "stated",
)
_NULLS = {"text": "null::varchar", "time": "null::timestamp", "number": f"null::{DECIMAL}"}
_IDS = {"order_id", "line_id", "customer_id", "product_id", "phone", "postal_code", "account_id"}


@dataclass(frozen=True)
class Sheet:
    """One file with its mapping and the decisions taken for all of its rows."""

    text: TextFile
    mapping: Mapping
    decimal: str
    order: str
    percent: bool
    currency: str | None = None

    def raw(self, field: str) -> str | None:
        """The raw column that fills a field."""
        column = self.mapping.columns.get(field)
        return None if column is None else f"c{self.text.header.index(column)}"

    @property
    def filled(self) -> set[str]:
        """The fields that the file or a constant fills."""
        return {*self.mapping.columns, *self.mapping.constants}

    def column(self, field: str) -> str:
        """The file's own name for a field."""
        return self.mapping.columns.get(field, field)


@dataclass(frozen=True)
class Check:
    """A condition that makes a row no good, the code to say so and the field it lies in."""

    test: str
    code: str
    field: str


def decide(job: Job, text: TextFile, mapping: Mapping) -> Sheet:
    """Decimal style, date order and the scale of rates, from all rows of the file."""
    raw = {field: f"c{text.header.index(column)}" for field, column in mapping.columns.items()}
    times = {raw[f]: mapping.columns[f] for f in raw if FIELDS[f] == "time"}
    money = {raw[f]: mapping.columns[f] for f in raw if FIELDS[f] == "number" and f != "quantity"}
    decimal, order = ways(job, text, mapping, money, times)
    percent = False
    if mapping.discount_is == "rate" and "discount" in raw:
        value = number(f"rtrim(trim({raw['discount']}), ' %')", decimal)
        percent = bool(
            counted(
                job.con,
                f"select count(*) from import_raw where {value} > 1 or {raw['discount']} like '%\\%%' escape '\\'",
            )
        )
    return Sheet(text, mapping, decimal, order, percent, job.currency)


def parse(job: Job, sheet: Sheet, *, with_texts: bool = False) -> list[Check]:
    """Make temporary table `import_parsed`: fields by name, gross, paid and `issue`.

    `issue` is the place of the first failed check in the list returned, or NULL. Fields that
    nothing fills are left out (`unfilled`): empty columns would take as much memory as full ones.
    `with_texts` keeps the texts (`t_<field>`) and all numbers (`n_<field>`) of every field.
    """
    shapes = _shapes(job, sheet)
    quick = _quick(sheet, shapes)
    layers = [quick, _texts(sheet, quick), *_moments(job, sheet, shapes), _numbers(sheet, quick)]
    layers += [_taken(), _units(sheet), *_money(sheet)]
    query = "select * from import_raw"
    for layer in filter(None, layers):
        added = ", ".join(f"{expression} as {alias}" for alias, expression in layer.items())
        query = f"select *, {added} from ({query})"
    checks = _checks(job, sheet)
    cases = " ".join(f"when {check.test} then {place}" for place, check in enumerate(checks))
    left_out = {} if with_texts else _unfilled(sheet)
    kept = [each for each in (*_MADE, *_fields()) if each not in left_out]
    if with_texts:
        numbers = [field for field, kind in FIELDS.items() if kind == "number"]
        kept += [*(f"t_{field}" for field in FIELDS), *(f"n_{field}" for field in numbers)]
    job.con.execute(
        f"""
        create or replace temp table import_parsed as
        select {", ".join(dict.fromkeys(kept))}, case {cases} end as issue from ({query})
        """
    )
    return checks


def _fields() -> dict[str, str]:
    """The columns of parsed rows that a file may fill, each with the NULL of its type."""
    told = {
        field: _NULLS[kind]
        for field, kind in FIELDS.items()
        if kind != "number" and field not in (*_MADE, "line_id")
    }
    numbers = {f"n_{field}": _NULLS["number"] for field in _KEPT}
    return {**told, "t_line_id": _NULLS["text"], "cost": _NULLS["number"], **numbers}


def _unfilled(sheet: Sheet) -> dict[str, str]:
    filled = {*sheet.filled, *(("cost",) if sheet.filled & {"unit_cost", "profit"} else ())}
    return {
        each: null
        for each, null in _fields().items()
        if each.removeprefix("n_").removeprefix("t_") not in filled
    }


def unfilled(sheet: Sheet) -> str:
    """The end of a SELECT list: fields that nothing fills, for who reads them all the same."""
    return "".join(f", {null} as {each}" for each, null in _unfilled(sheet).items())


def _shapes(job: Job, sheet: Sheet) -> dict[str, tuple[Shape, ...]]:
    """How the times of each column are mostly written, where the engine reads that in one step."""
    raws = {field: sheet.raw(field) for field, kind in FIELDS.items() if kind == "time"}
    found = {field: moment_shapes(job, raw, sheet.order) for field, raw in raws.items() if raw}
    return {field: shapes for field, shapes in found.items() if shapes}


def _quick(sheet: Sheet, shapes: dict[str, tuple[Shape, ...]]) -> dict[str, str]:
    """Cells that are plain numbers or times as they stand: these need no trimming first."""
    made = {f"{field}_f": quick_moment(sheet.raw(field) or "", shapes[field]) for field in shapes}
    for field, kind in FIELDS.items():
        raw = sheet.raw(field)
        rate = field == "discount" and sheet.mapping.discount_is == "rate"
        if kind == "number" and raw is not None and not rate:
            made[f"{field}_f"] = plain_number(raw, sheet.decimal)
    return made


def _texts(sheet: Sheet, quick: dict[str, str]) -> dict[str, str]:
    """Trimmed texts, `t_<field>`; ids lose the apostrophe that spreadsheets put before them."""
    texts: dict[str, str] = {}
    for field, kind in FIELDS.items():
        raw = sheet.raw(field)
        if raw is None:
            constant = sheet.mapping.constants.get(field)
            value = "null::varchar" if constant is None else quote(constant)
        else:
            value = trimmed(raw, apostrophe=field in _IDS)
            if f"{field}_f" in quick:
                value = f"case when {field}_f is null then {value} else {raw} end"
        texts[f"t_{field}"] = value
        if kind == "text" and field not in {"status", "currency", "product_id", "order_id"}:
            texts[field] = value
    texts["product_id"] = "coalesce(t_product_id, t_product_name)"
    texts["status"] = translated("t_status", "status", "t_status")
    texts["currency"] = translated("t_currency", "currency", "upper(t_currency)")
    if "currency" not in sheet.filled and "amount_f" in quick:
        beside = told_beside(sheet.raw("amount") or "", sheet.currency)
        texts["currency"] = f"case when amount_f is null then {beside} end"
    return texts


def trimmed(raw: str, *, apostrophe: bool = False) -> str:
    """SQL for a text without the white space (and apostrophes) around it, NULL when none is left.

    Few texts have any, and to ask that costs a tenth of taking it off.
    """
    spaces = [" ", "\t", "\r", "\n", "\u00a0", "\u3000"]
    value = f"nullif(trim({raw}, {quote(''.join(spaces))}), '')"
    ends = [f"{raw} < '!'", *(f"prefix({raw}, {quote(each)})" for each in spaces[4:])]
    ends += [f"suffix({raw}, {quote(each)})" for each in spaces]
    if apostrophe:
        value = f"nullif(ltrim({value}, ''''), '')"
        ends.append(f"prefix({raw}, '''')")
    return f"case when {' or '.join(ends)} then {value} else {raw} end"


def translated(text: str, topic: str, otherwise: str) -> str:
    """SQL for the word of ours that a shop's word means, or `otherwise`."""
    words = ", ".join(f"{quote(raw)}: {quote(word)}" for raw, word in _words()[topic].items())
    return f"coalesce(map {{{words}}}[lower({text})], {otherwise})"


@cache
def _words() -> dict[str, dict[str, str]]:
    told = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    return {
        topic: {raw: word for word, raws in table.items() for raw in raws}
        for topic, table in told.items()
    }


def _moments(job: Job, sheet: Sheet, shapes: dict[str, tuple[Shape, ...]]) -> list[dict[str, str]]:
    layers: list[dict[str, str]] = [{} for _ in range(4)]
    for field, kind in FIELDS.items():
        if kind != "time":
            continue
        raw = sheet.raw(field)
        if raw is None:
            layers[-1] |= {field: "null::timestamp", f"{field}_day": "null::date"}
            continue
        known = shapes.get(field, ())
        made = moment_layers(field, f"t_{field}", sheet.order, job.timezone, known)
        for place, layer in enumerate(reversed(made), 1):
            layers[-place] |= layer
    layers[-1]["order_id"] = (
        "coalesce(t_order_id, customer_id || '-' || strftime(ordered_at, '%Y%m%dT%H%M%S'))"
        if "order_id" not in sheet.mapping.columns
        else "t_order_id"
    )
    # An alias cannot lean on its own layer's aliases and stay readable: the id comes one later.
    order_id = layers[-1].pop("order_id")
    return [layer for layer in [*layers, {"order_id": order_id}] if layer]


def _numbers(sheet: Sheet, quick: dict[str, str]) -> dict[str, str]:
    numbers: dict[str, str] = {}
    for field, kind in FIELDS.items():
        if kind != "number":
            continue
        text, style = f"t_{field}", sheet.decimal
        if field in sheet.mapping.constants:
            style = "dot"
        if field == "discount" and sheet.mapping.discount_is == "rate":
            scale = "100" if sheet.percent else "1"
            value = f"({number(f'''rtrim({text}, ' %')''', style)} / {scale})::decimal(18,8)"
        else:
            value = number(text, style, f"{field}_f" if f"{field}_f" in quick else "")
        numbers[f"n_{field}"] = value
    return numbers


def _taken() -> dict[str, str]:
    """`taken`: what kind of line takes money off its order; a return of goods is none (NULL)."""
    kind = kind_of("product_id", "product_name")
    return {"taken": f"case when n_amount < 0 or n_quantity < 0 then {kind} end"}


def _units(sheet: Sheet) -> dict[str, str]:
    count = "n_quantity" if "quantity" in sheet.mapping.columns else "coalesce(n_quantity, 1)"
    whole = f"{count} = round({count}, 0) and abs({count}) < {MOST_UNITS}"
    units = f"case when taken is null then {count} else abs({count}) end"
    return {"units": f"case when {whole} then ({units})::bigint end"}


def _money(sheet: Sheet) -> list[dict[str, str]]:
    """Gross and paid money of a line, rounded to the cent; cost of a unit.

    Returns have no sign. A line that takes money off its order has no gross and a negative paid.
    """
    mapping = sheet.mapping
    rate = mapping.discount_is == "rate"
    taken = "coalesce(n_discount, 0)" if rate else "abs(coalesce(n_discount, 0))"
    fits = f"abs(n_amount) < {MOST_MONEY} and abs(coalesce({taken}, 0)) < {MOST_MONEY}"
    total = "abs(n_amount)"
    if mapping.amount_is == "unit_price":
        total = f"(abs(n_amount)::{DECIMAL} * abs(units)::decimal(10,0))"
    base = f"case when {fits} then {total} end"
    if mapping.amount_after_discount and rate:
        paid = "round(base, 2)"
        gross = f"case when {taken} < 1 then round(base::double / (1 - {taken})::double, 2) else due end"
    elif mapping.amount_after_discount:
        paid, gross = "round(base, 2)", f"due + round({taken}, 2)"
    else:
        gross = "round(base, 2)"
        paid = f"listed - round({'listed * ' if rate else ''}{taken}, 2)"
    made = {"due": paid, "listed": gross}
    order = ("due", "listed") if mapping.amount_after_discount else ("listed", "due")
    cost = "n_unit_cost"
    if "profit" in mapping.columns:
        revenue = "base" if mapping.amount_after_discount else "due"
        cost = f"round(({revenue} - n_profit)::double / nullif(abs(units), 0), 4)"
    return [
        {"base": base},
        *({each: f"try_cast({made[each]} as decimal(18,2))"} for each in order),
        {
            "gross": "case when taken is null then listed when listed is not null then 0 end",
            "paid": "case when taken is null then due else -due end",
            # What the row says, with its sign, whatever becomes of it.
            "stated": "case when (n_amount < 0) <> (coalesce(n_quantity, 1) < 0) then -due else due end",
            "cost": cost,
        },
    ]


def _checks(job: Job, sheet: Sheet) -> list[Check]:
    given = set(sheet.mapping.columns)
    checks = broken(sheet)
    checks.append(Check("order_id is null", "import_missing_value", "order_id"))
    checks += [
        Check("t_ordered_at is null", "import_missing_value", "ordered_at"),
        Check("ordered_at is null", "import_bad_date", "ordered_at"),
        Check(f"ordered_day > date '{job.now.date()}' + 1".replace("ordered_day", "ordered_at_day"),
              "import_future_date", "ordered_at"),
        Check(f"year(ordered_at_day) < {FIRST_YEAR}", "import_old_date", "ordered_at"),
        Check("product_id is null", "import_missing_value",
              "product_id" if "product_id" in given else "product_name"),
        Check("t_amount is null", "import_missing_value", "amount"),
        Check(f"n_amount is null or abs(n_amount) >= {MOST_MONEY}", "import_bad_number", "amount"),
    ]  # fmt: skip
    if "quantity" in given:
        checks += [
            Check("t_quantity is null", "import_missing_value", "quantity"),
            Check("n_quantity is null", "import_bad_number", "quantity"),
            Check(f"abs(n_quantity) >= {MOST_UNITS}", "import_bad_number", "quantity"),
            Check("units is null", "import_fractional_quantity", "quantity"),
        ]
    checks.append(Check("gross is null or paid is null", "import_bad_number", "amount"))
    if job.currency:
        checks.append(
            Check(
                f"currency <> {quote(job.currency)}",
                "import_currency_mixed",
                "currency" if "currency" in sheet.filled else "amount",
            )
        )
    for field in ("promised_at", "delivered_at", "refunded_at", "consent_at"):
        if field in given:
            checks.append(
                Check(f"t_{field} is not null and {field} is null", "import_bad_date", field)
            )
    for field, kind in FIELDS.items():
        if kind == "number" and field in given - {"amount", "quantity"}:
            bad = f"t_{field} is not null and (n_{field} is null or abs(n_{field}) >= {MOST_MONEY})"
            checks.append(Check(bad, "import_bad_number", field))
    checks.append(
        Check("n_amount < 0 and units > 0 and taken is null", "import_negative_amount", "amount")
    )
    if "discount" in given:
        wrong = (
            "n_discount not between 0 and 1" if sheet.mapping.discount_is == "rate" else "due < 0"
        )
        checks.append(Check(wrong, "import_bad_discount", "discount"))
    return checks


def broken(sheet: Sheet) -> list[Check]:
    """Marks of bytes that could not be read, anywhere in a row."""
    if not sheet.text.rewrite:
        return []
    row = "concat(" + ", ".join(f"c{place}" for place in range(len(sheet.text.header))) + ")"
    return [
        Check(f"contains({row}, '{NUL_MARK}')", "import_nul_byte", ""),
        Check(f"contains({row}, '\ufffd')", "import_bad_encoding", ""),
    ]


def refuse_bad_constants(mapping: Mapping) -> None:
    """Raise CrmError("import_bad_mapping") for a number constant that is no number."""
    for field, value in mapping.constants.items():
        if FIELDS[field] == "number" and not value.replace(".", "", 1).lstrip("-").isdigit():
            raise CrmError("import_bad_mapping", key=field, value=value, match="1")
