"""The rule book as a file that people edit and keep: TOML or JSON, out and in again."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final, cast

from crm_core.audiences import FIELDS, by_name
from crm_core.audiences.offer_book import Askable, askable
from crm_core.audiences.offer_conflicts import stopping
from crm_core.audiences.offer_words import conflict_words
from crm_core.errors import CrmError
from crm_core.records import OfferBook, OfferRule, Records
from crm_core.rules import from_document, to_document
from crm_core.store import Store

FORMS: Final = ("toml", "json")
MOST_BYTES: Final = 2_000_000
#: How a file calls what the book keeps of a rule.
_WORDS: Final[Mapping[str, str]] = {
    "name": "name",
    "rule": "if",
    "action": "then",
    "what": "what",
    "contact_channel": "channel",
    "is_on": "on",
    "most_people": "most_people",
    "again_days": "again_days",
}
_NEEDED: Final = ("name", "if", "then", "channel")
_CAPS: Final = ("most_offers", "offer_days")
_BARE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def portable(store: Store, book: OfferBook) -> OfferBook:
    """The book with lists and audiences by name, as another shop can read it; a rule that cannot
    be read any more stays as it is."""
    rules: list[OfferRule] = []
    for each in book.rules:
        try:
            said = to_document(by_name(store, from_document(dict(each.rule), FIELDS)))
        except CrmError:
            said = dict(each.rule)
        rules.append(replace(each, rule=said))
    return replace(book, rules=tuple(rules))


def write_book(book: OfferBook, form: str) -> str:
    """The book as the text of a file.

    >>> print(write_book(OfferBook((OfferRule("Peace", {"all": []}, "nothing", "all"),)), "toml"))
    most_offers = 2
    offer_days = 30
    <BLANKLINE>
    [[rule]]
    name = "Peace"
    if = {all = []}
    then = "nothing"
    what = ""
    channel = "all"
    on = true
    again_days = 30
    <BLANKLINE>
    """
    caps = {name: getattr(book, name) for name in _CAPS}
    rules = [_told(each) for each in book.rules]
    if form == "json":
        return json.dumps({**caps, "rule": rules}, ensure_ascii=False, indent=2) + "\n"
    lines = [f"{name} = {value}" for name, value in caps.items()]
    for told in rules:
        lines += ["", "[[rule]]", *(f"{name} = {_toml(value)}" for name, value in told.items())]
    return "\n".join(lines) + "\n"


def _told(offer: OfferRule) -> dict[str, Any]:
    told = {word: getattr(offer, name) for name, word in _WORDS.items()}
    return {word: value for word, value in told.items() if value is not None}


def _toml(value: object) -> str:
    """A value as TOML writes it: what JSON knows, on one line."""
    if isinstance(value, dict):
        parts = cast("dict[str, object]", value).items()
        return "{" + ", ".join(f"{_key(name)} = {_toml(part)}" for name, part in parts) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(part) for part in cast("list[object]", value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _key(name: str) -> str:
    return name if name and set(name) <= _BARE else _toml(name)


def read_book(content: bytes, form: str, held: OfferBook) -> OfferBook:
    """The book that a file describes, to be saved after `held`: rules of the same name keep their
    numbers, so that what names them holds.

    Raises: CrmError("rule_book_form"), ("rule_book_unreadable"), ("rule_book_shape", rule, word),
    CrmError of the rules, and as `OfferBook.checked`.
    """
    if form not in FORMS:
        raise CrmError("rule_book_form", forms=", ".join(FORMS))
    if len(content) > MOST_BYTES:
        raise CrmError("rule_book_unreadable")
    told = _parsed(content, form)
    if not isinstance(told, dict):
        raise CrmError("rule_book_unreadable")
    whole = cast("dict[str, Any]", told)
    listed = whole.pop("rule", [])
    if not isinstance(listed, list) or set(whole) - set(_CAPS):
        unknown = sorted(set(whole) - set(_CAPS))
        raise CrmError("rule_book_shape", rule="", word=unknown[0][:60] if unknown else "rule")
    numbers = {each.name.casefold(): each.id for each in held.rules}
    rules = [_rule(each, numbers) for each in cast("list[object]", listed)]
    return OfferBook(tuple(rules), **whole, version=held.version).checked()


def _parsed(content: bytes, form: str) -> object:
    try:
        text = content.decode("utf-8-sig")
        return _plain(tomllib.loads(text) if form == "toml" else json.loads(text))
    except (ValueError, RecursionError):
        raise CrmError("rule_book_unreadable") from None


def _plain(value: object) -> object:
    """Days that a TOML file writes without quotation marks, as rules know them."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_plain(part) for part in cast("list[object]", value)]
    return value.isoformat() if isinstance(value, date) else value


def _rule(told: object, numbers: Mapping[str, int]) -> OfferRule:
    said = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    name = said.get("name")
    called = name if isinstance(name, str) else ""
    missing = next((word for word in _NEEDED if word not in said), None)
    odd = missing or next((word for word in said if word not in _WORDS.values()), None)
    texts = ("name", "then", "channel", "what")
    odd = odd or next((word for word in texts if not isinstance(said.get(word, ""), str)), None)
    if odd is not None:
        raise CrmError("rule_book_shape", rule=called[:60], word=odd[:60])
    values = {field: said[word] for field, word in _WORDS.items() if word in said}
    values["rule"] = to_document(from_document(values["rule"], FIELDS))
    return OfferRule(**values, id=numbers.get(called.casefold(), 0))


def save_read(
    store: Store, records: Records, book: OfferBook, *, file: str, user: str, now: datetime,
    language: str = "en",
) -> OfferBook:  # fmt: skip
    """Keeps a book that was read as the next version, if every rule of it can be asked here.

    Raises: the CrmError for which a rule cannot be asked, ("offer_book_conflict", name, why) for
    rules that contradict themselves or each other, and as `save_offer_book`.
    """
    found = askable(store, book)
    for error in found.broken.values():
        raise error
    check_book(found, language)
    return records.save_offer_book(book, change="file", about=file, user=user, now=now)


def check_book(found: Askable, language: str) -> None:
    """Whether the rules that are on can stand beside each other.

    Raises: CrmError("offer_book_conflict", name, why).
    """
    for name, conflict in stopping(found):
        why = conflict_words(conflict, language)
        raise CrmError("offer_book_conflict", name=name, why=why)
