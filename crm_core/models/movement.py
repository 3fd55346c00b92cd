"""Who went from which segment to which between two days, and the money that went with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import ibis.expr.types as ir

from crm_core.errors import CrmError, close_match
from crm_core.models.standing import Segmentation, segmentation, standing
from crm_core.store import Store

#: The code of who was not known to the shop, or no customer, on the first day.
ABSENT: Final = "absent"

COLUMNS: Final = (
    "customer_key",
    "code_then",
    "code_now",
    "last_then",
    "last_now",
    "purchases_then",
    "net_then",
    "net_now",
)
_MONEY: Final = "decimal(18,2)"


def moves(store: Store, then: date, now: date, name: str) -> ir.Table:
    """One row a person known by the end of `now`: columns of COLUMNS.

    `code_then` is ABSENT for who was not known by the end of `then`. Nobody leaves: who was
    known once stays known, however long silent. `then` is not after `now`.
    """
    before = standing(store, then, name).rename(
        code_then="code",
        last_then="last_day",
        purchases_then="purchase_days",
        net_then="net_revenue_365d",
    )
    after = standing(store, now, name).drop("purchase_days")
    after = after.rename(code_now="code", last_now="last_day", net_now="net_revenue_365d")
    joined = after.left_join(before, "customer_key")
    return joined.mutate(
        code_then=joined.code_then.fill_null(ABSENT),
        purchases_then=joined.purchases_then.fill_null(0),
        net_then=joined.net_then.fill_null(0).cast(_MONEY),
    ).select(*COLUMNS)


def flows(moved: ir.Table) -> ir.Table:
    """One row a pair of segments anybody went between (or stayed in): customers, how many of
    them bought since `then` (see `has_bought`), net revenue of the year to each day."""
    return moved.group_by("code_then", "code_now").agg(
        customers=moved.count(),
        bought=moved.count(where=has_bought(moved)),
        net_then=moved.net_then.sum().cast(_MONEY),
        net_now=moved.net_now.sum().cast(_MONEY),
    )


def has_bought(moved: ir.Table) -> ir.BooleanValue:
    """Whether a person bought between the two days."""
    return moved.last_now.notnull() & (
        moved.last_then.isnull() | (moved.last_now > moved.last_then)
    )


def became_customer(kind: Segmentation, then: str, now: str) -> bool:
    """Whether this is the first purchase: no customer before, one after."""
    return kind.is_customer(now) and not kind.is_customer(then)


def went_up(kind: Segmentation, then: str, now: str) -> bool:
    """Whether a customer is in a better segment than before."""
    return _both(kind, then, now) and kind.ranks[now] < kind.ranks[then]


def went_down(kind: Segmentation, then: str, now: str) -> bool:
    """Whether a customer is in a worse segment than before."""
    return _both(kind, then, now) and kind.ranks[now] > kind.ranks[then]


def came_back(kind: Segmentation, then: str, now: str) -> bool:
    """Whether a customer who had stopped coming is in a segment of those who come. Only who
    also bought since counts: a segment may change because others did."""
    return _both(kind, then, now) and then in kind.quiet and now not in kind.quiet


def fell_silent(kind: Segmentation, then: str, now: str) -> bool:
    """Whether a customer who came has stopped coming."""
    return _both(kind, then, now) and then not in kind.quiet and now in kind.quiet


def moved_at_all(kind: Segmentation, then: str, now: str) -> bool:
    """Whether the segment is another one."""
    del kind
    return then != now


GROUPS: Final[Mapping[str, Callable[[Segmentation, str, str], bool]]] = {
    "moved": moved_at_all,
    "up": went_up,
    "down": went_down,
    "back": came_back,
    "silent": fell_silent,
    "new": became_customer,
}


def movers(moved: ir.Table, name: str, group: str) -> ir.Table:
    """The people of a group of GROUPS.

    Raises: CrmError("unknown_choice").
    """
    if group not in GROUPS:
        match = close_match(group, GROUPS)
        raise CrmError("unknown_choice", name="group", value=group, match=match)
    kind, belongs = segmentation(name), GROUPS[group]
    pairs = [
        f"{then} {now}"
        for then in (ABSENT, *kind.codes)
        for now in kind.codes
        if belongs(kind, then, now)
    ]
    # One list of words: a hundred comparisons joined by "or" take longer to write than to run.
    pair = moved.code_then.concat(" ", moved.code_now)
    chosen = moved.filter(pair.isin(pairs))
    return chosen.filter(has_bought(chosen)) if group == "back" else chosen


def of_flow(moved: ir.Table, then: str, now: str) -> ir.Table:
    """The people who went from one segment to another, or stayed where both are the same."""
    return moved.filter((moved.code_then == then) & (moved.code_now == now))


def _both(kind: Segmentation, then: str, now: str) -> bool:
    return kind.is_customer(then) and kind.is_customer(now)
