"""What a rule names besides fields: saved audiences, imported lists, the shop's own products."""

from __future__ import annotations

from crm_core.audiences.events import CLOSED, known_values
from crm_core.audiences.fields import FIELDS
from crm_core.errors import CrmError, close_match
from crm_core.rules import (
    All,
    Any,
    Condition,
    Did,
    InAudience,
    InList,
    InOffer,
    Leaf,
    Not,
    Rule,
    checked,
    from_json,
    leaves,
)
from crm_core.store import Store

_SHOWN = 60
_MOST_CLOSE = 20_000
_OFFERS = "offer_rules"
_TABLES: dict[type, str] = {InList: "id_lists", InAudience: "saved_audiences", InOffer: _OFFERS}


def resolved(store: Store, rule: Rule, *, of: int | None = None, in_book: bool = False) -> Rule:
    """The rule with every saved audience replaced by its rule of now, lists and offer rules by
    their number.

    `of` is the number of the audience that the rule is (to be) that of; `in_book` says that it is
    (to be) an offer rule, which cannot ask who gets another.

    Raises: CrmError("rule_no_audience"), ("rule_no_list") with the closest name, ("rule_circle")
    for an audience that is in itself, ("rule_in_book"), ("rule_no_offer"), ("rule_broken") for one whose rule names what is gone,
    ("rule_no_value") for a product, category, brand or campaign that the shop has not.
    """
    whole = _Resolving(store, in_book=in_book).rule(rule, () if of is None else (of,))
    # Audiences within audiences count as if they were written out.
    whole = checked(whole, FIELDS) if whole != rule else whole
    _known_values(store, whole)
    return whole


def names_of(store: Store, rule: Rule) -> dict[Leaf, str]:
    """What the lists and audiences that a rule names are called now."""
    found: dict[Leaf, str] = {}
    for leaf in leaves(rule):
        if isinstance(leaf, InList | InAudience | InOffer):
            known = _named(store, _TABLES[type(leaf)])
            if isinstance(leaf.name, int) and leaf.name in known:
                found[leaf] = known[leaf.name]
    return found


def by_name(store: Store, rule: Rule) -> Rule:
    """The rule with lists, audiences and offer rules by name: what another shop can read."""
    names = names_of(store, rule)

    def said(part: Rule) -> Rule:
        match part:
            case All(parts):
                return All(tuple(said(each) for each in parts))
            case Any(parts):
                return Any(tuple(said(each) for each in parts))
            case Not(inner):
                return Not(said(inner))
            case InList() | InAudience() | InOffer() if part in names:
                return type(part)(names[part])
            case _:
                return part

    return said(rule)


class _Resolving:
    """One walk over a rule, reading each table of names once."""

    def __init__(self, store: Store, *, in_book: bool) -> None:
        self._store = store
        self._in_book = in_book
        self._lists: dict[int, str] | None = None
        self._audiences: dict[int, tuple[str, str]] | None = None

    def rule(self, rule: Rule, inside: tuple[int, ...]) -> Rule:
        """A part of a rule; `inside` are the audiences it is written in."""
        match rule:
            case All(parts):
                return All(tuple(self.rule(part, inside) for part in parts))
            case Any(parts):
                return Any(tuple(self.rule(part, inside) for part in parts))
            case Not(part):
                return Not(self.rule(part, inside))
            case InList(name):
                return InList(self._list(name))
            case InAudience(name):
                return self._audience(name, inside)
            case InOffer(name):
                if self._in_book:
                    raise CrmError("rule_in_book")
                return InOffer(_number(name, _named(self._store, _OFFERS), "rule_no_offer"))
            case _:
                return rule

    def _list(self, name: int | str) -> int:
        if self._lists is None:
            self._lists = _named(self._store, "id_lists")
        return _number(name, self._lists, "rule_no_list")

    def _audience(self, name: int | str, inside: tuple[int, ...]) -> Rule:
        if self._audiences is None:
            self._audiences = _rules(self._store)
        names = {number: called for number, (called, _) in self._audiences.items()}
        number = _number(name, names, "rule_no_audience")
        called, document = self._audiences[number]
        if number in inside:
            raise CrmError("rule_circle", name=called)
        return self.rule(_saved_rule(called, document), (*inside, number))


def _saved_rule(name: str, document: str) -> Rule:
    try:
        return from_json(document, FIELDS)
    except CrmError as error:
        condition = error.facts.get("name") or error.facts.get("field") or error.code
        match = error.facts.get("match", "")
        raise CrmError("rule_broken", name=name, condition=condition, match=match) from None


def _named(store: Store, table: str) -> dict[int, str]:
    if not store.has(table):
        return {}
    number = "number" if table == _OFFERS else "id"
    rows = store.fetch(store.table(table).select(number, "name"))
    return {int(key): str(name) for key, name in zip(rows[number], rows["name"], strict=True)}


def _rules(store: Store) -> dict[int, tuple[str, str]]:
    if not store.has("saved_audiences"):
        return {}
    rows = store.fetch(store.table("saved_audiences").select("id", "name", "rule"))
    columns = zip(rows["id"], rows["name"], rows["rule"], strict=True)
    return {int(number): (str(name), str(rule)) for number, name, rule in columns}


def _number(name: int | str, known: dict[int, str], code: str) -> int:
    """The number of what is named by number or name."""
    if isinstance(name, int):
        if name not in known:
            raise CrmError(code, name=name, match="")
        return name
    same = [number for number, called in known.items() if called.casefold() == name.casefold()]
    if not same:
        raise CrmError(code, name=name[:_SHOWN], match=close_match(name, known.values()))
    return same[0]


def _known_values(store: Store, rule: Rule) -> None:
    for condition in _closed(rule):
        field = condition.field
        wanted = [str(value) for value in condition.value if value]  # pyright: ignore
        values = known_values(store, field)
        there = store.fetch(values.filter(values[field].isin(wanted)))
        missing = set(wanted) - set(there[field])
        if missing:
            name = next(value for value in wanted if value in missing)
            known = store.fetch(values.order_by(field).limit(_MOST_CLOSE))[field]
            match = close_match(name, known)
            raise CrmError("rule_no_value", field=field, name=name[:_SHOWN], match=match)


def _closed(rule: Rule) -> list[Condition]:
    """Conditions that list the shop's products or campaigns, each once."""
    found: dict[Condition, None] = {}
    for leaf in leaves(rule):
        if isinstance(leaf, Did):
            for part in (*leaf.where, *(leaf.then.where if leaf.then else ())):
                if part.field in CLOSED and isinstance(part.value, tuple):
                    found[part] = None
    return list(found)
