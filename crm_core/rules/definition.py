"""What a rule is made of: conditions on fields and on what people did, joined by all, any, not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

FieldType = Literal["number", "text", "date", "bool"]
Unit = Literal["", "money", "count", "days", "rate", "stars", "code", "date"]
Scalar = str | int | float | date
Value = Scalar | tuple[Scalar, ...] | None
Shape = Literal["one", "pair", "list", "days", "none"]
Measure = Literal["times", "amount"]
Compared = Literal[">=", "<=", "="]

MAX_DEPTH: Final = 8
MAX_CONDITIONS: Final = 200
MAX_LIST: Final = 10_000
MAX_TEXT: Final = 200
MAX_NUMBER: Final = 1e15
MAX_DAYS: Final = 36_500
MAX_BEHAVIOURS: Final = 20
MAX_WHERE: Final = 8
MAX_TIMES: Final = 1_000_000

#: Which value an operator takes: one, two (both included), a list, a count of days, none.
SHAPES: Final[Mapping[str, Shape]] = {
    "=": "one",
    "!=": "one",
    "<": "one",
    "<=": "one",
    ">": "one",
    ">=": "one",
    "between": "pair",
    "is": "one",
    "is_not": "one",
    "in": "list",
    "not_in": "list",
    "contains": "one",
    "starts_with": "one",
    "on_or_after": "one",
    "before": "one",
    "in_last_days": "days",
    "is_true": "none",
    "is_false": "none",
    "is_unknown": "none",
    "is_known": "none",
}

_UNKNOWN = ("is_known", "is_unknown")

#: What may be asked of a field, by its type.
OPERATORS: Final[Mapping[FieldType, tuple[str, ...]]] = {
    "number": ("=", "!=", "<", "<=", ">", ">=", "between", *_UNKNOWN),
    "text": ("is", "is_not", "in", "not_in", "contains", "starts_with", *_UNKNOWN),
    "date": ("on_or_after", "before", "between", "in_last_days", *_UNKNOWN),
    "bool": ("is_true", "is_false", *_UNKNOWN),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a rule may ask about: its name, type, unit, text key and allowed operators.

    `label` is a text key; without `operators`, all of the type are allowed.

    >>> Field("orders", "number", "feature.orders.label").operators[0]
    '='
    """

    name: str
    type: FieldType
    label: str
    unit: Unit = ""
    operators: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.operators:
            object.__setattr__(self, "operators", OPERATORS[self.type])


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about one field. An unknown value answers only `is_unknown`."""

    field: str
    operator: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Then:
    """What came (or did not come) in the days after each event that is counted.

    Later on the same day counts as after. Of "did not" only those events are counted whose days
    are over: of the others nobody knows yet.
    """

    event: str
    within_days: int
    where: tuple[Condition, ...] = ()
    happened: bool = True


@dataclass(frozen=True, slots=True)
class Did:
    """How often something happened to a customer, or what it came to in money.

    `where` are conditions on the event itself, all of which hold. Without `last_days` (the last
    of them the day asked about) and `between` (both days included) it is asked of all time.
    Nothing happened to somebody without such an event: 0 times is known, not unknown.
    """

    event: str
    where: tuple[Condition, ...] = ()
    measure: Measure = "times"
    operator: Compared = ">="
    value: int | float = 1
    last_days: int | None = None
    between: tuple[date, date] | None = None
    then: Then | None = None


@dataclass(frozen=True, slots=True)
class InList:
    """Who is in an imported list, by its number or name."""

    name: int | str


@dataclass(frozen=True, slots=True)
class InAudience:
    """Who is in a saved audience as it is now, by its number or name."""

    name: int | str


@dataclass(frozen=True, slots=True)
class InOffer:
    """Who is given what a rule of the offer book says, by the rule's number or name."""

    name: int | str


@dataclass(frozen=True, slots=True)
class All:
    """Holds where every part holds; without parts it holds for everyone."""

    parts: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """Holds where at least one part holds; it needs at least one part."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where the part is known not to hold: who is unknown stays out of both."""

    part: Rule


Leaf = Condition | Did | InList | InAudience | InOffer
Rule = Leaf | All | Any | Not
Fields = Mapping[str, Field]


def conditions(rule: Rule) -> Iterator[Condition]:
    """The questions of a rule about fields, in the order in which they are read.

    >>> [c.field for c in conditions(All((Condition("a", "is_known"), Not(Condition("b", "is_true")))))]
    ['a', 'b']
    """
    return (leaf for leaf in leaves(rule) if isinstance(leaf, Condition))


def leaves(rule: Rule) -> Iterator[Leaf]:
    """All questions of a rule, of whatever kind, in the order in which they are read.

    >>> list(leaves(Any((InList(1), Not(InAudience(2))))))
    [InList(name=1), InAudience(name=2)]
    """
    match rule:
        case Not(part):
            yield from leaves(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield rule
