"""A list of people before it leaves: how many, what they are worth, who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from crm_core.audiences import (
    FIELDS,
    PAST_FIELDS,
    Size,
    count,
    event_rows,
    fetched,
    known_values,
    members,
    members_at,
    names_of,
    size,
    size_at,
)
from crm_core.audiences.events import LISTED
from crm_core.errors import CrmError, close_match
from crm_core.features.catalog import care, habits, money, purchases, visits
from crm_core.privacy.policy import Access
from crm_core.records import CONTACT_CHANNELS
from crm_core.rules import All, Condition, Leaf, Rule, event_of, from_json
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.people import is_scored
from crm_core.views.segments import segment_choices

PREVIEW_ROWS = 10
PREVIEW_COLUMNS = (
    "stage",
    "value_tier",
    "last_order_day",
    "orders",
    "revenue",
)
MOST_VALUES = 200
MOST_LISTED = 1_000

_THEMES = {"purchases": purchases, "money": money, "habits": habits, "care": care, "visits": visits}

#: The fields of rules by theme, in the order in which a menu lists them.
GROUPS: dict[str, tuple[str, ...]] = {
    "scores": (
        "stage",
        "value_tier",
        "segment",
        "loyalty_tier",
        "to_next_tier",
        "cluster",
        "expected_contribution",
        "expected_revenue",
        "expected_orders",
        "p_no_order",
        "value_at_stake",
    ),
    **{theme: tuple(f.name for f in module.FEATURES) for theme, module in _THEMES.items()},
}


@dataclass(frozen=True)
class Audience:
    """Who a rule picks. `reach` (code: contact channel, value: customers who may be contacted),
    `preview` (the ten with the most revenue: customer_key and `PREVIEW_COLUMNS`, the value tier
    unknown as of a past day), `without`
    (only for nobody: how many fit when the condition at each place is dropped)."""

    as_of: date
    size: Size
    reach: pd.DataFrame
    preview: pd.DataFrame
    without: tuple[tuple[int, int], ...] = ()

    @property
    def share(self) -> float | None:
        """The audience as a share of all scored customers."""
        return self.size.customers / self.size.everyone if self.size.everyone else None

    @property
    def is_everyone(self) -> bool:
        """Whether the rule leaves nobody out."""
        return self.size.customers == self.size.everyone > 0


def can_choose(selection: Selection, *, store: Store, access: Access) -> bool:
    """Whether there are scored customers to choose from."""
    del selection, access
    return is_scored(store)


def choices(selection: Selection, *, store: Store, access: Access) -> list[str]:
    """The segments to choose from, by their codes in the filter, the default's first."""
    del selection, access
    return segment_choices(store)


def audiences(
    selection: Selection, *, store: Store, access: Access, rule: str, day: date | None = None
) -> Audience | None:
    """Measures the audience of a rule (JSON, see `crm_core.rules.to_json`) as of a day, that of
    the scores unless said otherwise.

    None before the first scores. Raises: CrmError of the rules, ("rule_too_slow"),
    ("scores_other_day") as of another day for a rule about what would have to be learned anew.
    """
    del selection, access
    if not is_scored(store):
        return None
    meant = from_json(rule, FIELDS)
    if day is None or day == store.scores_as_of:
        measured, picked = size(store, meant), members(store, meant, PREVIEW_COLUMNS)
    else:
        measured, picked = size_at(store, meant, day), members_at(store, meant, day)
    ordered = picked.order_by(picked.revenue.desc(nulls_first=False), picked.customer_key.asc())
    known = [name for name in PREVIEW_COLUMNS if name in picked.columns]
    preview = ordered.select("customer_key", *known).limit(PREVIEW_ROWS)
    reach = [measured.reachable.get(channel, 0) for channel in CONTACT_CHANNELS]
    return Audience(
        as_of=day or store.scores_as_of or store.meta.as_of,
        size=measured,
        reach=pd.DataFrame({"code": CONTACT_CHANNELS, "value": reach}),
        preview=fetched(store, preview).reindex(columns=["customer_key", *PREVIEW_COLUMNS]),
        without=_without(store, meant) if day is None and measured.customers == 0 else (),
    )


def _without(store: Store, rule: Rule) -> tuple[tuple[int, int], ...]:
    """Which single condition to drop so that somebody fits, most people first."""
    if not isinstance(rule, All) or len(rule.parts) < 2:
        return ()
    found: list[tuple[int, int]] = []
    for place in range(len(rule.parts)):
        left = count(store, All((*rule.parts[:place], *rule.parts[place + 1 :])))
        if left:
            found.append((place, left))
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def past_facts() -> tuple[str, ...]:
    """The facts that are known of any day; scores are not."""
    return PAST_FIELDS


def names(selection: Selection, *, store: Store, access: Access, rule: str) -> dict[Leaf, str]:
    """What the lists and audiences that a rule names are called."""
    del selection, access
    return names_of(store, from_json(rule, FIELDS))


def part_values(
    selection: Selection, *, store: Store, access: Access, event: str, part: str
) -> tuple[str, ...]:
    """What a part of an event holds in this shop: products and campaigns by name, at most 1,000;
    else what most customers have, at most 200.

    Raises: CrmError of `event_of`, ("rule_no_field") for anything but a part that is a text.
    """
    del selection, access
    fields = event_of(event).fields
    if part not in fields or fields[part].type != "text":
        raise CrmError("rule_no_field", name=part, match=close_match(part, fields))
    if part in LISTED:
        listed = known_values(store, part).order_by(part).limit(MOST_LISTED)
    else:
        rows = event_rows(store, store.at(store.meta.last_day))(event, {part})
        known = rows.filter(rows[part].notnull() & rows.customer_key.notnull())
        counted = known.group_by(part).agg(customers=known.customer_key.nunique())
        listed = counted.order_by(counted.customers.desc(), counted[part].asc()).limit(MOST_VALUES)
    return tuple(str(value) for value in store.fetch(listed)[part])


def field_values(
    selection: Selection, *, store: Store, access: Access, field: str
) -> tuple[str, ...]:
    """What a text field holds in this shop, most customers first, at most 200.

    Raises: CrmError("rule_no_field") or ("rule_field") for anything but a text field.
    """
    del selection, access
    if field not in FIELDS or FIELDS[field].type != "text":
        match = close_match(field, FIELDS)
        raise CrmError("rule_field" if match else "rule_no_field", name=field, match=match)
    if not is_scored(store):
        return ()
    people = members(store, Condition(field, "is_known"), (field,))
    known = people.filter(people[field].notnull())
    counted = known.group_by(field).agg(customers=known.count())
    ordered = counted.order_by(counted.customers.desc(), counted[field].asc())
    return tuple(str(value) for value in store.fetch(ordered.limit(MOST_VALUES))[field])
