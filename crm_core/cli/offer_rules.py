"""The rule book for schedules and checks: its rules, whom they reach, what a past day says."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from crm_core.audiences import FIELDS, names_of
from crm_core.audiences.look_back import look_back
from crm_core.audiences.offer_book import Askable, askable
from crm_core.audiences.offer_conflicts import Reach, conflicts, reaches
from crm_core.audiences.offer_words import conflict_words, offer_sentence
from crm_core.cli.process import language, now, user
from crm_core.errors import CrmError
from crm_core.pipeline import jobs
from crm_core.pipeline.rule_book_files import portable, read_book, save_read, write_book
from crm_core.records import OfferBook, OfferRule, Records
from crm_core.rules import from_document, sentence
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.text import error_text

Answer = dict[str, Any]
ACTIONS = ("list", "show", "reach", "look-back", "write", "read")
_DAYS = 60


def options(parser: argparse.ArgumentParser, day: Callable[[str], Any]) -> None:
    """What may be asked of the rule book."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, default=ACTIONS[0])
    parser.add_argument("name", nargs="?", help="a rule's name, or the file (.toml, .json)")
    parser.add_argument("--day", type=day, help="look back to this day")
    parser.add_argument("--days", type=int, default=_DAYS, help="what was done in so many days")


def rules_command(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """The book, one rule, numbers, a past day, or the book out to or in from a file."""
    with jobs.opened(settings, arguments.store) as (store, records):
        return _ASKED[arguments.action](arguments, store, records)


def _list(_: argparse.Namespace, store: Store, records: Records) -> Answer:
    book = records.offer_book()
    found = askable(store, book)
    return {**_about(book), "rules": [_told(each, store, found) for each in _placed(book)]}


def _show(arguments: argparse.Namespace, store: Store, records: Records) -> Answer:
    book = records.offer_book()
    place, offer = _named(book, arguments.name)
    told = _told((place, offer), store, askable(store, book))
    past = [
        {"version": each.version, "change": each.change, "by": each.saved_by, "at": each.saved_at}
        for each in records.offer_books()
        if each.about == offer.name
    ]
    return {**told, "if": offer.rule, "history": past}


def _reach(arguments: argparse.Namespace, store: Store, records: Records) -> Answer:
    book = records.offer_book()
    found = askable(store, book)
    counted = reaches(store, found)
    placed = [_named(book, arguments.name)] if arguments.name else _placed(book)
    return {
        **_about(book),
        "as_of": store.scores_as_of,
        "rules": [_counted(place, book, counted, store, found) for place, _ in placed],
    }


def _look_back(arguments: argparse.Namespace, store: Store, records: Records) -> Answer:
    _, offer = _named(records.offer_book(), arguments.name)
    day = arguments.day or store.meta.as_of - timedelta(days=arguments.days)
    found = look_back(store, from_document(dict(offer.rule), FIELDS), day, arguments.days)
    stages = found.stages.astype(object).where(found.stages.notna(), None)
    told = asdict(replace(found, stages=stages.head(0)))
    told["likeness"] = list(found.likeness)
    return {
        "name": offer.name,
        "kind": "observational",
        **told,
        "stages": stages.to_dict("records"),
    }


def _write(arguments: argparse.Namespace, store: Store, records: Records) -> Answer:
    book = records.offer_book()
    out = _file(arguments.name)
    text = write_book(portable(store, book), out.suffix.lstrip(".").lower())
    out.write_text(text, encoding="utf-8")
    return {**_about(book), "file": str(out), "rules": len(book.rules)}


def _read(arguments: argparse.Namespace, store: Store, records: Records) -> Answer:
    file = _file(arguments.name)
    if not file.is_file():
        raise CrmError("import_missing_file", file=file.name)
    fresh = read_book(file.read_bytes(), file.suffix.lstrip(".").lower(), records.offer_book())
    saved = save_read(
        store, records, fresh, file=file.name, user=user(), now=now(), language=language()
    )
    return {**_about(saved), "rules": len(saved.rules)}


_ASKED: dict[str, Callable[[argparse.Namespace, Store, Records], Answer]] = {
    "list": _list,
    "show": _show,
    "reach": _reach,
    "look-back": _look_back,
    "write": _write,
    "read": _read,
}
COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], Answer]] = {"rules": rules_command}


def _about(book: OfferBook) -> Answer:
    caps = {"most_offers": book.most_offers, "offer_days": book.offer_days}
    return {"version": book.version, "saved_by": book.saved_by, "saved_at": book.saved_at, **caps}


def _placed(book: OfferBook) -> list[tuple[int, OfferRule]]:
    return list(enumerate(book.rules))


def _named(book: OfferBook, name: str | None) -> tuple[int, OfferRule]:
    offer = book.rule(name or "")
    return book.rules.index(offer), offer


def _file(name: str | None) -> Path:
    file = Path(name or "")
    if file.suffix.lower() not in (".toml", ".json"):
        raise CrmError("rule_book_form", forms="toml, json")
    return file


def _told(placed: tuple[int, OfferRule], store: Store, found: Askable) -> Answer:
    place, offer = placed
    error = found.broken.get(place)
    return {
        "place": place + 1,
        "name": offer.name,
        "on": offer.is_on,
        "then": offer.action,
        "what": offer.what,
        "channel": offer.contact_channel,
        "sentence": None if error else _sentence(store, offer),
        "broken": error_text(error, language()) if error else None,
    }


def _sentence(store: Store, offer: OfferRule) -> str:
    rule, words = from_document(dict(offer.rule), FIELDS), language()
    who = sentence(
        rule,
        fields=FIELDS,
        language=words,
        currency=store.meta.currency,
        names=names_of(store, rule),
    )
    return offer_sentence(offer, who, words)


def _counted(
    place: int, book: OfferBook, counted: dict[int, Reach], store: Store, found: Askable
) -> Answer:
    offer = book.rules[place]
    if place not in counted:
        return {"name": offer.name, "broken": error_text(found.broken[place], language())}
    reach = counted[place]
    return {
        "name": offer.name,
        "on": offer.is_on,
        "customers": reach.fits,
        "everyone": reach.everyone,
        "reachable": reach.reachable,
        "gets": reach.gets,
        "states": dict(reach.states),
        "conflicts": [
            {**asdict(each), "message": conflict_words(each, language())}
            for each in conflicts(store, book, place, reach, found)
        ],
    }
