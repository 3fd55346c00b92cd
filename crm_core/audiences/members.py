"""Who a rule picks: the members as an expression, their number, value and reach."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.audiences.answers import held
from crm_core.audiences.fields import FIELDS, SEGMENT_FIELDS, people
from crm_core.audiences.references import resolved
from crm_core.errors import CrmError, close_match
from crm_core.models.cluster_names import words_of
from crm_core.models.lifecycle import STAGES
from crm_core.models.rfm import SEGMENTS
from crm_core.models.tiers import LOYALTY_TIERS, VALUE_TIERS
from crm_core.privacy.consent import reach
from crm_core.privacy.policy import CHANNEL_COLUMNS
from crm_core.records import Records
from crm_core.rules import All, Condition, InOffer, Rule, conditions, from_document, from_json
from crm_core.selection import by_segmentation, segment_code, segment_of_code
from crm_core.store import Store

#: A rule that runs longer is stopped.
RULE_SECONDS: Final = 10.0
#: What a list tells of each member beside how to reach them: what a campaign is worded by.
LIST_FACTS: Final = (
    "stage",
    "value_tier",
    "segment",
    "last_order_day",
    "orders",
    "revenue_365d",
    "favourite_category",
    "expected_orders",
    "p_no_order",
)

#: Every code of the segment filter but those of groups, which each shop has its own of.
SEGMENT_CODES = (
    *(segment_code("stage", stage) for stage in STAGES),
    *(segment_code("value", tier) for tier in VALUE_TIERS),
    *(segment_code("rfm", segment.code) for segment in SEGMENTS),
    *(segment_code("loyalty", tier) for tier in LOYALTY_TIERS),
)


def list_columns(contact_channel: str | None) -> tuple[str, ...]:
    """What an exported list tells of each member: the public code, how to reach them on the
    channel (nothing for a list without one), and the facts a campaign is worded by."""
    reachable_by = CHANNEL_COLUMNS[contact_channel] if contact_channel else ()
    return ("customer", *reachable_by, *LIST_FACTS)


@dataclass(frozen=True)
class Size:
    """An audience in numbers: people, what they spent in the last year, what is expected of
    them in the next, and how many may be contacted on each channel."""

    customers: int
    everyone: int
    revenue_365d: float
    expected_contribution: float | None
    reachable: dict[str, int]


def rule_of(text: str, records: Records) -> Rule:
    """The rule meant by a JSON document, a saved audience's name, `segment:CODE` or
    `offer:RULE`, those to whom a rule of the offer book is given.

    Raises: CrmError of the rules, ("records_audience_unknown"), ("no_such_segment"),
    ("offer_rule_unknown").
    """
    text = text.strip()
    if text.startswith("{"):
        return from_json(text, FIELDS)
    if text.startswith("segment:"):
        return segment_rule(text.removeprefix("segment:"))
    if text.startswith("offer:"):
        return InOffer(records.offer_book().rule(text.removeprefix("offer:")).id)
    return from_document(records.audience(text).rule, FIELDS)


def segment_rule(code: str) -> Rule:
    """Everybody in one segment, by its code in the filter: `champions`, `stage.active`.

    Raises: CrmError("no_such_segment") with the closest code.
    """
    name, value = segment_of_code(code)
    is_group = name == "cluster" and words_of(value)  # which groups there are differs by shop
    if code not in SEGMENT_CODES and not is_group:
        match = close_match(code, SEGMENT_CODES)
        raise CrmError("no_such_segment", name=code, match=match)
    return Condition(SEGMENT_FIELDS[name], "is", value)


def segments_rule(codes: Sequence[str]) -> Rule:
    """Everybody in the segments of these codes, as the filter means them: one of each way to
    divide customers that is named.

    >>> segments_rule(["champions"])
    Condition(field='segment', operator='is', value='champions')
    """
    parts = [
        Condition(SEGMENT_FIELDS[name], "is", values[0])
        if len(values) == 1
        else Condition(SEGMENT_FIELDS[name], "in", values)
        for name, values in by_segmentation(codes).items()
    ]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def members(store: Store, rule: Rule, names: Collection[str] = FIELDS.keys()) -> ir.Table:
    """One row a member: `customer_key` and the fields of these names, as of the current scores.

    A rule that asks about the life-cycle stage is asked of prospects too; no other is.
    Raises: CrmError("no_scores") before the first refresh, CrmError of the rules.
    """
    if not store.has("features") or store.scores_as_of is None:
        raise CrmError("no_scores")
    rule = resolved(store, rule)
    asked = {part.field for part in conditions(rule)}
    if rule == All():
        return people(store, names=names)
    table = people(store, prospects="stage" in asked, names={*names, *asked})
    return held(table, store, rule, store.scores_as_of, names)


def count(store: Store, rule: Rule, *, seconds: float = RULE_SECONDS) -> int:
    """How many a rule picks: sooner told than their size.

    Raises: CrmError("rule_too_slow") after `seconds`, CrmError of `members`.
    """
    picked = members(store, rule, ())
    return int(fetched(store, picked.agg(customers=picked.count()), seconds)["customers"].iloc[0])


def fetched(store: Store, expr: ir.Table, seconds: float = RULE_SECONDS) -> pd.DataFrame:
    """The rows of an expression over a rule's members.

    Raises: CrmError("rule_too_slow") with what to do: a rule is stopped sooner than other work,
    since whoever made it waits for it.
    """
    try:
        return store.fetch(expr, seconds=seconds)
    except CrmError as error:
        if error.code != "query_timeout":
            raise
        raise CrmError("rule_too_slow", seconds=seconds) from None


def size(store: Store, rule: Rule, *, seconds: float = RULE_SECONDS) -> Size:
    """How large an audience is, what it is worth, and how it can be reached.

    Raises: CrmError("rule_too_slow") after `seconds`, CrmError of `members`.
    """
    picked = members(store, rule, ("revenue_365d", "expected_contribution"))
    counted = picked.agg(
        customers=picked.count(),
        revenue=picked.revenue_365d.sum().cast("float64").fill_null(0.0),
        expected=picked.expected_contribution.sum().cast("float64"),
    )
    row = fetched(store, counted, seconds).iloc[0]
    everyone = store.fetch(store.table("features").agg(n=store.table("features").count()))
    expected = row["expected"]
    return Size(
        customers=int(row["customers"]),
        everyone=int(everyone.iloc[0]["n"]),
        revenue_365d=float(row["revenue"]),
        expected_contribution=None if expected is None or expected != expected else float(expected),
        reachable=reach(store, picked),
    )


def tenths(members: ir.Table, worth: str) -> ir.Table:
    """Members in ten equal groups by a field, the greatest first: `decile` 1 to 10, `value`,
    the sum of the field over the group, and its `low` and `high` in it."""
    window = ibis.window(order_by=[ibis.desc(members[worth]), ibis.asc(members.customer_key)])
    place = (ibis.ntile(10).over(window) + 1).cast("int64")
    ranked = members.select(worth=members[worth], decile=place)
    return ranked.group_by("decile").agg(
        value=ranked.worth.sum(), low=ranked.worth.min(), high=ranked.worth.max()
    )
