"""The only reader of identities: who a customer is, masked as the asker's role demands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.errors import CrmError
from crm_core.privacy.policy import TAGS, Access, Purpose, mask, require, treatment
from crm_core.records.customer_codes import customer_code as customer_code
from crm_core.records.customer_codes import customer_key as customer_key
from crm_core.store import Store

MOST_AT_ONCE = 1_000
MOST_FOUND = 50
MOST_TRACES = 200
MOST_MATCHED = 5_000
_MOST_FOR: Mapping[Purpose, int] = {"search": MOST_FOUND, "call": 1}
IDENTITY_COLUMNS = ("name", "email", "phone", "address", "postal_code", "city")

_TO_FULL_WIDTH = {place: place + 0xFEE0 for place in range(0x21, 0x7F)}
_DIGITS_TO_SEARCH = 4
_CODE = re.compile(r"[a-z2-7]{26}")


def identities(
    store: Store, access: Access, customer_keys: Sequence[int], purpose: Purpose = "view"
) -> pd.DataFrame:
    """Who these customers are: one row a key, in the order asked, at most 1,000.

    Columns: customer_key and those of `IDENTITY_COLUMNS` that the role may see, masked in here
    where it may only guess. Unknown keys give empty cells. For a search at most 50, for a call
    one: who may open a record in full opens them one by one.
    Raises: CrmError("privacy_denied", action), ("privacy_too_many", limit).
    """
    require(access, purpose)
    keys = [int(key) for key in dict.fromkeys(customer_keys)]
    most = _MOST_FOR.get(purpose, MOST_AT_ONCE)
    if len(keys) > most:
        raise CrmError("privacy_too_many", limit=most)
    rules = {column: treatment(access, purpose, column) for column in IDENTITY_COLUMNS}
    seen = [column for column, rule in rules.items() if rule != "drop"]
    frame = _read(store, keys, seen)
    for column in seen:
        if rules[column] == "mask":
            tag = TAGS[column]
            frame[column] = [mask(tag, value) for value in frame[column]]
    return frame


def _read(store: Store, keys: list[int], columns: list[str]) -> pd.DataFrame:
    wanted = pd.DataFrame({"customer_key": pd.Series(keys, dtype="int64")})
    if not keys or not store.has("identities"):
        return wanted.assign(**dict.fromkeys(columns))
    table = as_corrected(store, keys)
    found = store.fetch(
        table.filter(table.customer_key.isin(keys)).select("customer_key", *columns)
    )
    return wanted.merge(found, on="customer_key", how="left")


def as_corrected(store: Store, keys: Sequence[int] | None = None) -> ir.Table:
    """Identities as files tell them, and as people put them right where they did: of everybody,
    or of these customers, which is sooner told."""
    table = store.table("identities")
    if keys is not None:
        table = table.filter(table.customer_key.isin(keys))
    if not store.has("corrections"):
        return table
    right = store.table("corrections")
    if keys is not None:
        right = right.filter(right.customer_key.isin(keys))
    both = table.outer_join(right, "customer_key", rname="{name}_right")
    values = {
        # Put right to nothing at all is "", which is no value.
        name: both[f"{name}_right"].coalesce(both[name]).nullif("")
        for name in IDENTITY_COLUMNS
        if name in table.columns
    }
    key = both.customer_key.coalesce(both.customer_key_right)
    return both.select(customer_key=key, **values)


def traces(store: Store, access: Access, key: int, purpose: Purpose = "view") -> pd.DataFrame:
    """The ids, addresses and numbers that lead to a customer, oldest first.

    Columns: kind, value (masked as the role demands, None where it may not even guess), rule,
    since (when it was first told), place (its number in this list).
    Raises: CrmError("privacy_denied", action).
    """
    require(access, purpose)
    frame = _traces(store, key)
    rules = {kind: treatment(access, purpose, kind) for kind in set(frame["kind"])}
    frame["value"] = _treated(frame["value"], frame["kind"], rules)
    return frame


def trace_at(store: Store, access: Access, key: int, place: int) -> tuple[str, str]:
    """Kind and value of one trace, as it stands, for who may decide about it.

    Raises: CrmError("privacy_denied", action="settings"), ("privacy_unknown_customer").
    """
    require(access, "settings")
    frame = _traces(store, key)
    if not 0 <= place < len(frame):
        raise CrmError("privacy_unknown_customer")
    row = frame.iloc[place]
    return str(row["kind"]), str(row["value"])


def _traces(store: Store, key: int) -> pd.DataFrame:
    links = store.table("identity_links")
    mine = links.filter(links.customer_key == key)
    times = store.table("import_batches").select("batch_id", since="imported_at")
    told = mine.left_join(times, "batch_id").select("kind", "value", "rule", "since")
    ordered = told.order_by(told.since.asc(nulls_first=True), told.kind.desc(), told.value)
    frame = store.fetch(ordered.limit(MOST_TRACES))
    return frame.assign(place=range(len(frame)))


def identity_changes(
    store: Store, access: Access, key: int, purpose: Purpose = "view"
) -> pd.DataFrame:
    """Names, addresses and numbers a customer had before, newest first.

    Columns: field, changed_at, old_value, new_value, masked as the role demands; fields that it
    may not see at all are left out.
    Raises: CrmError("privacy_denied", action).
    """
    require(access, purpose)
    rules = {column: treatment(access, purpose, column) for column in IDENTITY_COLUMNS}
    table = store.table("identity_changes")
    seen = [column for column, rule in rules.items() if rule != "drop"]
    mine = table.filter((table.customer_key == key) & table.field.isin(seen))
    ordered = mine.order_by(mine.changed_at.desc(), mine.field, mine.old_value)
    columns = ("field", "changed_at", "old_value", "new_value")
    frame = store.fetch(ordered.select(*columns).limit(MOST_TRACES))
    for column in ("old_value", "new_value"):
        frame[column] = _treated(frame[column], frame["field"], rules)
    return frame


def _treated(values: pd.Series[Any], columns: pd.Series[Any], rules: Any) -> pd.Series[Any]:
    """Each value as its column's rule demands."""
    pairs = zip(values, columns, strict=True)
    shown = [
        value if rules[column] == "clear" else mask(TAGS[column], value) for value, column in pairs
    ]
    return pd.Series(shown, index=values.index, dtype=object)


def keys_of_traces(store: Store, kind: str, values: Iterable[str]) -> dict[str, int]:
    """The customer that each of these ids, addresses or numbers leads to, where one does.

    For lists that people bring along: it tells keys, and of nobody a name.
    """
    wanted = list(dict.fromkeys(values))
    if not wanted or not store.has("identity_links"):
        return {}
    links = store.table("identity_links")
    found: dict[str, int] = {}
    for start in range(0, len(wanted), MOST_MATCHED):
        some = wanted[start : start + MOST_MATCHED]
        mine = links.filter((links.kind == kind) & links.value.isin(some))
        rows = store.fetch(mine.select("value", "customer_key"))
        found |= {str(v): int(k) for v, k in zip(rows["value"], rows["customer_key"], strict=True)}
    return found


def keys_like(
    store: Store, access: Access, kind: str, told: Sequence[str], *, part: bool = False
) -> list[tuple[str, int]]:
    """Customers whom an e-mail address leads to, or a phone number by its last digits, with what
    their record tells: at most 50. First what imports understood, else what was written, which
    several customers may share. With `part` an address need only hold the text.

    Raises: CrmError("privacy_denied", action="call").
    """
    require(access, "call")
    for name, column in (("identity_links", "value"), ("identities", kind)):
        if not told or not store.has(name) or column not in store.table(name).columns:
            continue
        table = store.table(name) if name == "identity_links" else as_corrected(store)
        value = table[column]
        if name == "identity_links":
            table = table.filter(table.kind == kind)
        elif kind == "phone":  # its last sign first: to read the others takes long
            table = table.filter(ibis.or_(*[value.endswith(digits[-1]) for digits in told]))
            value = value.re_replace(r"[^0-9]", "")
        else:
            value = value.lower()
        if kind == "phone":
            is_wanted = ibis.or_(*[value.endswith(digits) for digits in told])
        else:
            is_wanted = (
                ibis.or_(*[value.contains(text) for text in told]) if part else value.isin(told)
            )
        found = table.filter(is_wanted).select("customer_key", value=table[column])
        rows = store.fetch(found.distinct().order_by("customer_key", "value").limit(MOST_FOUND))
        if len(rows):
            return [
                (str(v), int(k)) for v, k in zip(rows["value"], rows["customer_key"], strict=True)
            ]
    return []


def known_keys(store: Store, keys: Iterable[int]) -> set[int]:
    """Those of the keys that are customers now."""
    wanted = list(dict.fromkeys(keys))
    people = store.table("customers")
    found: set[int] = set()
    for start in range(0, len(wanted), MOST_MATCHED):
        some = wanted[start : start + MOST_MATCHED]
        rows = store.fetch(people.filter(people.customer_key.isin(some)).select("customer_key"))
        found.update(int(key) for key in rows["customer_key"])
    return found


def account_names(store: Store, access: Access, account_keys: Sequence[int]) -> dict[int, str]:
    """What these accounts are called, masked as a person's name is; at most 1,000 at once.

    Raises: CrmError("privacy_denied", action="view"), ("privacy_too_many", limit).
    """
    require(access, "view")
    keys = [int(key) for key in dict.fromkeys(account_keys)]
    if len(keys) > MOST_AT_ONCE:
        raise CrmError("privacy_too_many", limit=MOST_AT_ONCE)
    rule = treatment(access, "view", "name")
    if not keys or rule == "drop":
        return {}
    table = store.table("account_names")
    found = store.fetch(table.filter(table.account_key.isin(keys) & table.account_name.notnull()))
    names = zip(found["account_key"], found["account_name"], strict=True)
    return {int(key): name if rule == "clear" else mask("name", name) or "" for key, name in names}


def search(
    store: Store, access: Access, text: str, limit: int = MOST_FOUND, *, secret: bytes
) -> list[int]:
    """Customers whose name, e-mail or phone holds this text, or whose code or shop id it is.

    The text is looked for as it stands, never as a pattern, whatever its width and case; phones
    by their digits, the shop's own customer id as a whole. By name, at most 50. Who may not
    search by identity may still use the public code.
    Raises: CrmError("privacy_denied", action="search").
    """
    wanted = unicodedata.normalize("NFKC", text).strip()
    if _CODE.fullmatch(wanted.casefold()):
        return [customer_key(secret, wanted)]
    require(access, "search")
    if not wanted:
        return []
    keys = _by_shop_id(store, wanted) + _by_identity(store, wanted, min(limit, MOST_FOUND))
    return list(dict.fromkeys(keys))[:limit]


def _by_shop_id(store: Store, wanted: str) -> list[int]:
    if not store.has("identity_links"):
        return []
    links = store.table("identity_links")
    if "value" not in links.columns:  # files written for others tell who belongs together, not who
        return []
    is_wanted = links.value.lower() == wanted.lower()
    digits = _phone_digits(wanted)
    if digits:  # guests may have left nothing but a phone
        is_wanted |= (links.kind == "phone") & links.value.contains(digits)
    found = links.filter(is_wanted).select("customer_key")
    frame = store.fetch(found.distinct().order_by("customer_key").limit(MOST_FOUND))
    return [int(key) for key in frame["customer_key"]]


def _by_identity(store: Store, wanted: str, limit: int) -> list[int]:
    if not store.has("identities"):
        return []
    table = as_corrected(store)
    found = table.filter(_matches(table, wanted)).select("customer_key", "name")
    ordered = found.order_by(found.name.asc(nulls_first=False), found.customer_key)
    return [int(key) for key in store.fetch(ordered.limit(limit))["customer_key"]]


def _matches(table: ir.Table, wanted: str) -> ir.BooleanValue:
    folded = {wanted.lower(), wanted.casefold()}
    forms = {unicodedata.normalize(form, text) for text in folded for form in ("NFC", "NFD")}
    # Names typed in full width are kept so; turning each row's width is ten times slower.
    forms |= {text.translate(_TO_FULL_WIDTH).replace(" ", "\u3000") for text in folded}
    forms |= {text.translate(_TO_FULL_WIDTH) for text in folded}
    tests: list[Any] = [
        table[column].lower().contains(form) for column in ("name", "email") for form in forms
    ]
    digits = _phone_digits(wanted)
    if digits:
        tests.append(table["phone"].re_replace(r"[^0-9]", "").contains(digits))
    return ibis.or_(*tests)


def _phone_digits(wanted: str) -> str:
    """The digits of what may be a part of a phone number, else nothing."""
    digits = "".join(char for char in wanted if char.isdecimal()).lstrip("0")
    may_be = len(digits) >= _DIGITS_TO_SEARCH and re.fullmatch(r"[\d\s()+./-]+", wanted)
    return digits if may_be else ""


def contactable(store: Store, contact_channel: str) -> ir.Table:
    """Customers with something to reach them by on a channel: customer_key alone.

    E-mail needs an address with a domain, sms and phone a number of seven digits or more, post a
    street and a place, ads an e-mail or a phone.
    """
    table = as_corrected(store)
    return table.filter(_usable(table, contact_channel)).select("customer_key")


def _usable(table: ir.Table, contact_channel: str) -> Any:
    email = table["email"].re_search(EMAIL)
    phone = table["phone"].re_replace(r"[^0-9]", "").length() >= PHONE_DIGITS
    place = table["postal_code"].fill_null("") + table["city"].fill_null("")
    post = (table["address"].fill_null("").strip() != "") & (place.strip() != "")
    email, phone = email.fill_null(False), phone.fill_null(False)
    tests = {"email": email, "sms": phone, "phone": phone, "post": post, "ads": email | phone}
    if contact_channel not in tests:
        raise CrmError("privacy_channel_unknown", channels=", ".join(tests))
    return tests[contact_channel]


EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"
PHONE_DIGITS = 7


#: What lists read beside the columns of identities: where a customer lives, and the one number
#: that the import understood in E.164.
COUNTRY, KNOWN_PHONE = "home_country", "known_phone"


def for_export(store: Store, access: Access, columns: Sequence[str]) -> ir.Table:
    """Identities as an expression, for the one writer of lists; also `COUNTRY`, `KNOWN_PHONE`.

    Raises: CrmError("privacy_denied", action="export"), ("privacy_column_denied", column),
    ("privacy_no_identities") for a store that knows nobody by name.
    """
    require(access, "export")
    for column in columns:
        if treatment(access, "export", "phone" if column == KNOWN_PHONE else column) != "clear":
            raise CrmError("privacy_column_denied", column=column)
    if not store.has("identities"):
        raise CrmError("privacy_no_identities")
    table = as_corrected(store)
    if COUNTRY in columns:
        table = table.left_join(_countries(store, table), "customer_key")
    if KNOWN_PHONE in columns:
        table = table.left_join(_known_phones(store, table), "customer_key")
    return table.select("customer_key", *columns)


def _countries(store: Store, people: ir.Table) -> ir.Table:
    told = store.table("customers") if store.has("customers") else people
    country = told["country"] if "country" in told.columns else ibis.null("string")
    return told.select("customer_key", country.name(COUNTRY))


def _known_phones(store: Store, people: ir.Table) -> ir.Table:
    """Customers with one number, as the import understood it; those with several have none here."""
    links = store.table("identity_links") if store.has("identity_links") else people
    if not {"kind", "value"} <= set(links.columns):  # files written for others tell no values
        return people.select("customer_key", ibis.null("string").name(KNOWN_PHONE))
    numbers = links.filter(links.kind == "phone")
    if store.has("corrections"):  # another number was understood than the one that is right
        right = store.table("corrections")
        numbers = numbers.anti_join(right.filter(right.phone.notnull()), "customer_key")
    one = numbers.group_by("customer_key").agg(
        **{KNOWN_PHONE: numbers.value.min(), "most": numbers.value.max()}
    )
    return one.filter(one[KNOWN_PHONE] == one.most).select("customer_key", KNOWN_PHONE)
