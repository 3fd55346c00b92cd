"""Every row of a record file with typed values, or with the reason it is no good."""

from __future__ import annotations

from crm_core.errors import CrmError
from crm_core.schema import PERSON, TABLES
from crm_core.store.imports.contract import Job
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.order_values import (
    MOST_MONEY,
    MOST_UNITS,
    Check,
    Sheet,
    broken,
    translated,
)
from crm_core.store.imports.record_fields import DEFAULTS, required
from crm_core.store.imports.staging import name, quote
from crm_core.store.imports.textfile import TextFile
from crm_core.store.imports.values import FIRST_YEAR, moment_layers, number
from crm_core.store.imports.ways import ways

NUMBERS = {"int", "money", "price", "rate"}
_TIMES = {"time", "date"}
_IDS = ("_id", "phone", "postal_code", "coupon_code")
_WORDS = {
    "state": "consent",
    "contact_channel": "contact_channel",
    "direction": "direction",
    "arm": "arm",
}
# What only these words may say. A consent in other words would not reach the records, which own
# consents and know these channels and purposes.
CONSENT_CHANNELS = ("email", "sms", "phone", "post", "ads")
CONSENT_PURPOSES = ("marketing", "ad_user_data", "ad_personalization")
_STRICT: dict[tuple[str, str], tuple[str, ...]] = {
    ("consents", "state"): ("granted", "denied"),
    ("consents", "contact_channel"): CONSENT_CHANNELS,
    ("consents", "purpose"): CONSENT_PURPOSES,
    ("touches", "arm"): ("treated", "control"),
}
# Some tools tell how often instead of whether: `Opens` 2 is a yes.
_HOW_OFTEN = {"opened", "clicked", "reopened"}
_PLANNED = {"starts_on", "ends_on"}  # may well lie ahead
_RANGES = {("reviews", "stars"): (1, 5), ("contacts", "recommend_score"): (0, 10)}
_POSITIVE = {("refunds", "amount")}  # some shops write what they gave back with a minus


def decide_records(job: Job, text: TextFile, mapping: Mapping) -> Sheet:
    """Decimal style and date order, from all rows of the file."""
    kinds = mapping.fields
    raw = {field: f"c{text.header.index(column)}" for field, column in mapping.columns.items()}
    times = {raw[f]: mapping.columns[f] for f in raw if kinds[f] in _TIMES}
    money = {raw[f]: mapping.columns[f] for f in raw if kinds[f] in NUMBERS - {"int"}}
    decimal, order = ways(job, text, mapping, money, times)
    return Sheet(text, mapping, decimal, order, False)


def parse_records(job: Job, sheet: Sheet) -> list[Check]:
    """Make temporary table `import_parsed`: fields by name, `t_<field>` as written, and `issue`.

    `issue` is the place of the first failed check in the list returned, or NULL.
    """
    kinds = sheet.mapping.fields
    layers = [_texts(sheet), *_moments(job, sheet), _values(sheet)]
    query = "select * from import_raw"
    for layer in layers:
        added = ", ".join(f"{expression} as {alias}" for alias, expression in layer.items())
        query = f"select *, {added} from ({query})"
    checks = _checks(job, sheet)
    cases = " ".join(f"when {check.test} then {place}" for place, check in enumerate(checks))
    issue = f"case {cases} end" if cases else "null"
    typed = ", ".join(f"v_{field} as {name(field)}, t_{field}" for field in kinds)
    extra = ", ".join(f"c{sheet.text.header.index(c)}" for c in sheet.mapping.id_columns)
    made = f"concat_ws(chr(31), {extra})" if extra else "null::varchar"
    job.con.execute(
        f"""
        create or replace temp table import_parsed as
        select row_number() over () as place, source_row, {typed}, {made} as made_from, {issue} as issue from ({query})
        """
    )
    return checks


def _texts(sheet: Sheet) -> dict[str, str]:
    """Trimmed texts, `t_<field>`; ids lose the apostrophe that spreadsheets put before them."""
    texts: dict[str, str] = {}
    for field in sheet.mapping.fields:
        raw = sheet.raw(field)
        otherwise = sheet.mapping.constants.get(field, DEFAULTS.get((sheet.mapping.table, field)))
        value = "null::varchar" if otherwise is None else quote(otherwise)
        if raw is not None:
            cell = f"nullif(trim({raw}, E' \\t\\r\\n\u00a0\u3000'), '')"
            if field.endswith(_IDS):
                cell = f"nullif(ltrim({cell}, ''''), '')"
            value = cell if otherwise is None else f"coalesce({cell}, {value})"
        texts[f"t_{field}"] = value
    return texts


def _moments(job: Job, sheet: Sheet) -> list[dict[str, str]]:
    layers: list[dict[str, str]] = [{}, {}, {}, {}]
    for field, kind in sheet.mapping.fields.items():
        if kind not in _TIMES:
            continue
        if sheet.raw(field) is None and field not in sheet.mapping.constants:
            layers[3] |= {f"m_{field}": "null::timestamp", f"m_{field}_day": "null::date"}
            continue
        made = moment_layers(f"m_{field}", f"t_{field}", sheet.order, job.timezone)
        layers = [old | new for old, new in zip(layers, made, strict=True)]
    return [layer for layer in layers if layer]


def _values(sheet: Sheet) -> dict[str, str]:
    """`v_<field>`, the value in the table's own type, or NULL."""
    table, values = sheet.mapping.table, {}
    for field, kind in sheet.mapping.fields.items():
        text = f"t_{field}"
        style = "dot" if field in sheet.mapping.constants else sheet.decimal
        if kind == "time":
            value = f"m_{field}"
        elif kind == "date":
            value = f"m_{field}_day"
        elif kind == "bool":
            value = f"case {_yes_no(field)} when 'yes' then true when 'no' then false end"
        elif kind in NUMBERS:
            value = _number(text, kind, style)
            if (table, field) in _POSITIVE:
                value = f"abs({value})"
        else:
            value = translated(text, _WORDS[field], text) if field in _WORDS else text
            if (table, field) in _STRICT:
                known = ", ".join(quote(word) for word in _STRICT[table, field])
                value = f"case when lower({value}) in ({known}) then lower({value}) end"
        values[f"v_{field}"] = value
    return values


def _yes_no(field: str) -> str:
    """SQL for yes, no or unknown; NULL for what says neither."""
    text = f"t_{field}"
    often = f"case when regexp_full_match({text}, '\\d{{1,9}}([.]0+)?') then if({text}::double > 0, 'yes', 'no') end"
    return translated(text, "yes_no", often if field in _HOW_OFTEN else "null")


def _number(text: str, kind: str, style: str) -> str:
    if kind == "rate":
        return f"{number(f'''rtrim({text}, ' %')''', style)}::double"
    value = number(text, style)
    if kind == "int":
        whole = f"{value} = round({value}, 0) and abs({value}) < {MOST_UNITS}"
        return f"case when {whole} then {value}::bigint end"
    places = {"money": 2, "price": 4}[kind]
    return f"try_cast(round({value}, {places}) as decimal(18,{places}))"


def _checks(job: Job, sheet: Sheet) -> list[Check]:
    table, kinds = sheet.mapping.table, sheet.mapping.fields
    given = [f for f in kinds if f in {*sheet.mapping.columns, *sheet.mapping.constants}]
    checks = broken(sheet)
    needed = required(table)
    checks += [Check(f"t_{f} is null", "import_missing_value", f) for f in needed]
    if TABLES[table].needs_person:
        nobody = " and ".join(f"t_{each} is null" for each in PERSON)
        told = next((each for each in PERSON if each in given), PERSON[0])
        checks.append(Check(nobody, "import_missing_value", told))
    if table == "reviews":  # stars or words: one of them says something
        silent = "t_stars is null and t_body is null"
        checks.append(Check(silent, "import_missing_value", "stars"))
    for field in given:
        kind, bad = kinds[field], f"t_{field} is not null and v_{field} is null"
        if kind in _TIMES:
            day = f"m_{field}_day"
            checks.append(Check(bad, "import_bad_date", field))
            if field not in _PLANNED:
                late = f"{day} > date '{job.now.date()}' + 1"
                checks.append(Check(late, "import_future_date", field))
            checks.append(Check(f"year({day}) < {FIRST_YEAR}", "import_old_date", field))
        elif kind in NUMBERS:
            beyond = f"{bad} or abs(v_{field}) >= {MOST_MONEY}"
            checks.append(Check(beyond, "import_bad_number", field))
        elif kind == "bool":
            unread = f"{bad} and {_yes_no(field)} is null"
            checks.append(Check(unread, "import_bad_yes_no", field))
        elif (table, field) in _STRICT:
            checks.append(Check(bad, "import_unknown_word", field))
        if (table, field) in _RANGES:
            low, high = _RANGES[table, field]
            outside = f"v_{field} not between {low} and {high}"
            checks.append(Check(outside, "import_out_of_range", field))
    return checks


def refuse_unread_constants(mapping: Mapping) -> None:
    """Raise CrmError("import_bad_mapping") for a number constant that is no number."""
    for field, value in mapping.constants.items():
        plain = value.replace(".", "", 1).lstrip("-").isdigit()
        if mapping.fields[field] in NUMBERS and not plain:
            raise CrmError("import_bad_mapping", key=field, value=value, match="1")
