"""SQL that turns text into numbers and times, or into NULL: never into a wrong value.

A number is read in one decimal style a file, a date in one order a file (`ways`). What does not
fit stays NULL and its row is set aside.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.store.imports.contract import Job
from crm_core.store.imports.currencies import CODES, WORDS
from crm_core.store.imports.staging import quote

# Eighteen digits: the engine reads wider decimals twenty times slower.
DECIMAL = "decimal(18,6)"
FIRST_YEAR = 1980

# What most cells look like; all else takes the long way round, at fifty times the cost.
_PLAIN = {"dot": "-?\\d+([.]\\d+)?", "comma": "-?\\d+(,\\d+)?"}
# Swiss and French thousands stand beside either mark; one number has one kind of groups.
GAPS = ("'", "\u2019", " ", "\\x{A0}", "\\x{202F}")
_GROUPS = {"dot": (",", *GAPS), "comma": ("[.]", *GAPS)}
_MARK = {"dot": "[.]", "comma": ","}
_SPACE = "[\\s\\x{A0}\\x{202F}]"
_CURRENCY = f"{WORDS}|\\p{{Sc}}|{'|'.join(CODES)}"
# What most cells have around them takes a third of the time by itself.
_LIGHT = f"^{_SPACE}+|^{_SPACE}*\\p{{Sc}}{_SPACE}*|{_SPACE}*[\\p{{Sc}}元]{_SPACE}*$|{_SPACE}+$"
# A sign inside a number is none of these: 12€50 is no number here.
_BEFORE = f"^{_SPACE}*([-+(]?){_SPACE}*({_CURRENCY}|[A-Z]{{3}}{_SPACE})?{_SPACE}*"
_AFTER = f"({_SPACE}*({_CURRENCY})|{_SPACE}[A-Z]{{3}})?{_SPACE}*([)]?){_SPACE}*$"

DATE = "^(\\d{1,4})\\s*[-/.年]\\s*(\\d{1,2})\\s*[-/.月]\\s*(\\d{1,4})日?[T\\s]*(.*)$"
_PACKED = "^(\\d{4})(\\d{2})(\\d{2})($|[T\\s])"
# Hours ahead of UTC. CST and CDT are no shop's: the first is Chicago's and China's.
_ZONES = {"PST": -8, "PDT": -7, "MST": -7, "MDT": -6, "EST": -5, "EDT": -4, "BST": 1, "CET": 1,
          "CEST": 2, "EET": 2, "EEST": 3, "JST": 9, "KST": 9}  # fmt: skip
_ZONE = f"\\s(UTC|GMT|{'|'.join(_ZONES)})$"
_CLOCK = (
    "^(凌晨|早上|上午|中午|下午|晚上)?\\s*(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,]\\d+)?)?"
    f"\\s*([AaPp][.]?[Mm][.]?)?\\s*(Z|z|UTC|GMT|{'|'.join(_ZONES)}|[+-]\\d{{2}}:?\\d{{2}})?$"
)
_NAMED = (
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d %Y",
    "%d %b %Y %H:%M", "%d %b %Y %H:%M:%S", "%b %d, %Y %H:%M", "%b %d, %Y %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p", "%B %d, %Y %H:%M", "%b %d, %Y %I:%M %p", "%B %d, %Y %I:%M %p", "%d-%b-%Y %H:%M:%S",
)  # fmt: skip
_DAYS = {
    "ymd": ("\\d{{4}}{0}\\d{{1,2}}{0}\\d{{1,2}}", "%Y{0}%m{0}%d"),
    "dmy": ("\\d{{1,2}}{0}\\d{{1,2}}{0}\\d{{4}}", "%d{0}%m{0}%Y"),
    "mdy": ("\\d{{1,2}}{0}\\d{{1,2}}{0}\\d{{4}}", "%m{0}%d{0}%Y"),
}
_CLOCKS = (
    ("", ""), ("[ ]\\d{1,2}:\\d{2}", " %H:%M"), ("[ ]\\d{1,2}:\\d{2}:\\d{2}", " %H:%M:%S"),
    ("T\\d{1,2}:\\d{2}", "T%H:%M"), ("T\\d{1,2}:\\d{2}:\\d{2}", "T%H:%M:%S"),
)  # fmt: skip
_SHAPES_SAMPLE, _SHAPES_MOST = 5_000, 3


def midday(day: str, timezone: str) -> str:
    """SQL for the UTC moment of noon on a shop's day: the day stays right in every near zone."""
    return in_utc(f"({day} + interval 12 hour)", timezone)


def in_utc(local: str, timezone: str) -> str:
    """SQL for the UTC moment of a shop's local time; clock changes follow the zone's rules."""
    if timezone == "UTC":
        return local
    # `at time zone 'UTC'` says the same as the epoch does, and looks the zone up once more.
    return f"make_timestamp(epoch_us(({local}) at time zone {quote(timezone)}))"


def plain_number(text: str, style: str) -> str:
    """SQL for a number of digits and at most a sign and a decimal mark, else NULL."""
    usual = text if style == "dot" else f"replace({text}, ',', '.')"
    fits = f"regexp_full_match({text}, {quote(_PLAIN[style])})"
    return f"case when {fits} then try_cast({usual} as {DECIMAL}) end"


def number(text: str, style: str, plain: str = "") -> str:
    """SQL for a decimal number written in a decimal style ("dot" or "comma"), else NULL.

    `plain` names the column that holds its `plain_number`, where that is made before. Signs, codes
    and words of a currency around it are dropped, `(12.00)` is negative. NaN, infinities, numbers
    beyond the decimal range and numbers in the other style are NULL.
    """
    light = f"regexp_replace({text}, {quote(_LIGHT)}, '', 'g')"
    full = f"regexp_replace(replace({text}, '\u2212', '-'), {quote(_BEFORE)}, '\\1')"
    full = f"regexp_replace({full}, {quote(_AFTER)}, '\\3')"
    full = f"regexp_replace({full}, '^[(](.*)[)]$', '-\\1')"
    groups, mark = "|".join(_GROUPS[style]), _MARK[style]
    grouped = [f"\\d{{1,3}}({each}\\d{{3}})+" for each in _GROUPS[style]]
    if style == "dot":  # India's lakhs and crores: 1,23,456.50
        grouped.append("\\d{1,2}(,\\d{2})+,\\d{3}")
    whole = f"({'|'.join(grouped)}|\\d+)"
    pattern = f"[-+]?({whole}({mark}\\d*)?|{mark}\\d+)([eE][-+]?\\d{{1,3}})?"
    cases = ""
    for clean in (light, full):
        bare = f"regexp_replace({clean}, {quote(groups)}, '', 'g')"
        if style == "comma":
            bare = f"replace({bare}, ',', '.')"
        fits = f"regexp_full_match({clean}, {quote(pattern)})"
        cases += f" when {fits} then try_cast({bare} as {DECIMAL})"
    rest = f"case{cases} end"
    usual = plain or plain_number(text, style)
    return f"case when {usual} is null then {rest} else {usual} end"


@dataclass(frozen=True)
class Shape:
    """A way of writing a moment that the engine reads in one step: digits in fixed places."""

    pattern: str
    format: str

    def fits(self, text: str) -> str:
        """SQL that tells whether a text is written so."""
        return f"regexp_full_match({text}, {quote(self.pattern)})"


def moment_shapes(job: Job, raw: str, order: str) -> tuple[Shape, ...]:
    """The shapes that a raw column's first values have, most frequent first.

    They save time and decide nothing: a value of another shape is read all the same.
    """
    orders = dict.fromkeys(("ymd", order))  # under "ymd" a year at the end is in the wrong place
    shapes = [
        Shape(pattern.format(f"[{mark}]") + clock, format.format(mark) + hours)
        for pattern, format in (_DAYS[each] for each in orders)
        for mark in "-./"
        for clock, hours in _CLOCKS
    ]
    counts = ", ".join(f"count(*) filter ({each.fits('v')})" for each in shapes)
    row = job.con.execute(
        f"select {counts} from (select trim({raw}) as v from import_raw limit {_SHAPES_SAMPLE})"
    ).fetchone()
    seen = sorted(zip(row or (), shapes, strict=False), key=lambda each: -each[0])
    return tuple(shape for count, shape in seen[:_SHAPES_MOST] if count)


def moment_layers(
    field: str, text: str, order: str, timezone: str, shapes: tuple[Shape, ...] = ()
) -> list[dict[str, str]]:
    """Layers of SELECT aliases that end in `field`, a UTC timestamp or NULL, and `field_day`.

    Dates alone become noon of the shop's day; a time with an offset is exact; a time without
    one is the shop's local time. Texts of `shapes` are read in one step: `quick_moment`.
    """
    slow = _slow_layers(field, text, order, timezone)
    if not shapes:
        return slow
    read, first, last = f"{field}_f", slow[0], slow[-1]
    named = next(layer for layer in slow if f"{field}_n" in layer)
    local = (
        f"case when contains({text}, ':') then {in_utc(read, timezone)} "
        f"else {midday(read, timezone)} end"
    )
    for layer, name, quick in (
        (first, f"{field}_p", "null"),
        (named, f"{field}_n", "null"),
        (named, f"{field}_w", "null"),
        (last, field, local),
        (last, f"{field}_day", f"{read}::date"),
    ):
        layer[name] = f"case when {read} is null then {layer[name]} else {quick} end"
    return slow


def quick_moment(raw: str, shapes: tuple[Shape, ...]) -> str:
    """SQL for the moment that `moment_layers` wants as `<field>_f`: as the shapes read it, or NULL."""
    cases = " ".join(
        f"when {shape.fits(raw)} then try_strptime({raw}, {quote(shape.format)})"
        for shape in shapes
    )
    return f"case {cases} end"


def _slow_layers(field: str, text: str, order: str, timezone: str) -> list[dict[str, str]]:
    """Any way of writing a date that is known here, taken apart piece by piece."""
    packed = f"regexp_replace(trim({text}), '{_PACKED}', '\\1-\\2-\\3\\4')"
    p, q = f"{field}_p", f"{field}_q"
    year = f"case length({p}.c) when 4 then {p}.c when 2 then '20' || {p}.c end"
    month, day = (f"{p}.a", f"{p}.b") if order == "mdy" else (f"{p}.b", f"{p}.a")
    if order == "ymd":  # a year at the end is then in the wrong place
        year = f"case when length({p}.a) = 2 and length({p}.c) <= 2 then '20' || {p}.a end"
        month, day = f"{p}.b", f"{p}.c"
    written = (
        f"case when length({p}.a) = 4 and length({p}.c) <= 2 then concat({p}.a, '-', {p}.b, '-', "
        f"{p}.c) when length({p}.a) <= 2 then concat({year}, '-', {month}, '-', {day}) end"
    )
    formats = ", ".join(quote(each) for each in _NAMED)
    letters = f"case when regexp_matches({text}, '[A-Za-z]{{3}}') then "
    named = f"{letters} try_strptime(regexp_replace(trim({text}), '{_ZONE}', ''), [{formats}]) end"
    hours = " ".join(f"when '{zone}' then {60 * ahead}" for zone, ahead in _ZONES.items())
    offset = (
        f"case when regexp_matches({q}.zone, '^[+-]') then "
        f"(case when {q}.zone[1] = '-' then -1 else 1 end) * (try_cast({q}.zone[2:3] as integer) "
        f"* 60 + try_cast({q}.zone[-2:] as integer)) "
        f"else case coalesce(nullif({field}_w, ''), {q}.zone) {hours} else 0 end end"
    )
    clock = (
        f"({field}_d + to_hours({field}_h) + to_minutes(try_cast({q}.m as integer)) "
        f"+ to_seconds(coalesce(try_cast({q}.s as integer), 0)))"
    )
    valid = f"{field}_h < 24 and {q}.m < '60' and coalesce(nullif({q}.s, ''), '00') < '60'"
    return [
        {p: f"regexp_extract({packed}, '{DATE}', ['a', 'b', 'c', 'rest'])"},
        {
            f"{field}_d": f"try_cast({written} as date)",
            f"{field}_n": named,
            f"{field}_w": f"{letters} regexp_extract(trim({text}), '{_ZONE}', 1) end",
            q: f"regexp_extract(trim({p}.rest), '{_CLOCK}', ['part', 'h', 'm', 's', 'half', 'zone'])",
        },
        {f"{field}_h": _hour(q), f"{field}_o": offset},
        {
            field: f"case when {field}_d is not null and {p}.rest = '' "
            f"then {midday(f'{field}_d', timezone)} "
            f"when {field}_d is not null and {q}.h <> '' and {valid} and {q}.zone <> '' "
            f"then {clock} - to_minutes({field}_o) "
            f"when {field}_d is not null and {q}.h <> '' and {valid} "
            f"then {in_utc(clock, timezone)} "
            f"when {field}_w <> '' and contains({text}, ':') then {field}_n - to_minutes({field}_o) "
            f"when {field}_n is not null and {field}_n = {field}_n::date "
            f"then {midday(f'{field}_n::date', timezone)} "
            f"else {in_utc(f'{field}_n', timezone)} end",
            f"{field}_day": f"coalesce({field}_d, {field}_n::date)",
        },
    ]


def _hour(clock: str) -> str:
    """SQL for the hour of the day that a clock tells; 99 where its words do not fit its hour."""
    hour, part = f"try_cast({clock}.h as integer)", f"{clock}.part"
    late = f"({hour} % 12 + 12)"
    return (
        f"case when {part} = '' and {clock}.half = '' then {hour} "
        f"when {hour} > 23 then 99 "
        f"when lower({clock}.half[1]) = 'p' or {part} = '下午' then {late} "
        f"when {part} = '晚上' and {hour} % 12 >= 5 then {late} "
        f"when {part} = '中午' then case when {hour} in (11, 12, 13) then {hour} "
        f"when {hour} in (1, 2) then {late} else 99 end "
        f"when {part} = '晚上' or {hour} > 12 then 99 else {hour} % 12 end"
    )
