"""Lists of ids that people bring along: read as they are, matched in the store, never guessed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crm_core.errors import CrmError
from crm_core.privacy.gate import EMAIL, customer_key, keys_of_traces, known_keys
from crm_core.privacy.policy import Access, require
from crm_core.store import Store
from crm_core.store.phones import phone_number
from crm_core.text import t

MOST_ROWS = 200_000
_CODE = re.compile(r"[a-z2-7]{26}")
_PHONE = re.compile(r"\+[\d\s()./\-]+|[\d\s()./\-]{7,}")
_DELIMITERS = ";,\t|"
_REASONS = ("stranger", "invalid", "no_country")
_HEADINGS = ("customer", "email", "phone")
_ALSO = {
    "customer": ("customer_code", "code", "customer_id", "id"),
    "email": ("e-mail", "mail", "email address", "e-mail address", "电子邮箱", "电子邮件"),
    "phone": ("mobile", "phone number", "telephone", "电话", "手机"),
}


@dataclass(frozen=True)
class Matched:
    """The customers that a list names, and what became of its rows: `rows` in all, `double` that
    repeat a customer, `stranger` that are none here, `invalid` e-mails, phones of `no_country`."""

    keys: tuple[int, ...]
    told: dict[str, int]


def text_of(content: bytes) -> str:
    """The text of a file that was brought along."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def values_of(text: str) -> list[str]:
    """The ids in a text: a line each, or one column of a table, told by its heading.

    Raises: CrmError("privacy_list_columns") where a table does not say which column it is,
    ("privacy_list_rows") above 200,000 rows, ("privacy_list_unreadable").

    >>> values_of("email;name\\nann@example.com;Ann")
    ['ann@example.com']
    """
    lines = [line for line in text.replace("\0", "").splitlines() if line.strip()]
    if len(lines) > MOST_ROWS + 1:
        raise CrmError("privacy_list_rows", limit=MOST_ROWS)
    if not lines:
        return []
    delimiter = max(_DELIMITERS, key=lines[0].count)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        raise CrmError("privacy_list_unreadable") from None
    place, is_headed = _column(rows)
    cells = [row[place].strip() if place < len(row) else "" for row in rows[is_headed:]]
    return [cell for cell in cells if cell]


def match_list(
    store: Store, access: Access, values: Sequence[str], *, secret: bytes, country: str | None
) -> Matched:
    """Which customers these ids are: public codes, e-mails, phones or the shop's own numbers.

    National phones are read in the shop's `country`, and in none where it has not said.
    Raises: CrmError("privacy_denied", action="search").
    """
    require(access, "search")
    sorted_ = _Sorted(secret, country)
    for value in values:
        sorted_.take(value)
    found = {key: key for key in known_keys(store, sorted_.codes.values())}
    by_value = {text: found[key] for text, key in sorted_.codes.items() if key in found}
    for kind, forms in sorted_.traces.items():
        keys = keys_of_traces(store, kind, forms.values())
        by_value |= {text: keys[form] for text, form in forms.items() if form in keys}
    matched = [by_value[value] for value in values if value in by_value]
    missing = [value for value in values if value not in by_value]
    why = [sorted_.reasons.get(value, "stranger") for value in missing]
    reasons = {reason: why.count(reason) for reason in ("stranger", "invalid", "no_country")}
    keys = tuple(dict.fromkeys(matched))
    told = {"rows": len(values), "double": len(matched) - len(keys), **reasons}
    return Matched(keys, told)


class _Sorted:
    """Ids by what they are, each in the form in which the store would have it."""

    def __init__(self, secret: bytes, country: str | None) -> None:
        self._secret = secret
        self._country = country or ""
        self.codes: dict[str, int] = {}
        self.traces: dict[str, dict[str, str]] = {"email": {}, "phone": {}, "source_id": {}}
        self.reasons: dict[str, str] = {}

    def take(self, value: str) -> None:
        """Sorts one id in."""
        if "@" in value:
            self._email(value)
            return
        if _CODE.fullmatch(value.casefold()):
            self._code(value)
            return
        self.traces["source_id"][value] = value
        if _PHONE.fullmatch(value):
            number = phone_number(value, self._country)
            if number is None:
                self.reasons[value] = "invalid" if value.startswith("+") else "no_country"
            else:
                self.traces["phone"][value] = number

    def _email(self, value: str) -> None:
        form = value.strip().casefold()
        if re.fullmatch(EMAIL, form):
            self.traces["email"][value] = form
        else:
            self.reasons[value] = "invalid"

    def _code(self, value: str) -> None:
        try:
            self.codes[value] = customer_key(self._secret, value)
        except CrmError:
            self.traces["source_id"][value] = value


def _column(rows: list[list[str]]) -> tuple[int, int]:
    """Which column holds the ids, and how many heading lines there are."""
    first = [cell.strip().casefold() for cell in rows[0]]
    for name in _HEADINGS:
        for place, cell in enumerate(first):
            if cell in _words(name):
                return place, 1
    if max(len(row) for row in rows) > 1:
        raise CrmError("privacy_list_columns", known=", ".join(_HEADINGS))
    return 0, 0


def _words(name: str) -> Iterable[str]:
    yield name
    yield from _ALSO[name]
    yield from _translated(name)


def _translated(name: str) -> Iterator[str]:
    for language in ("en", "zh"):
        yield t(f"privacy.column.{name}", language).casefold()
