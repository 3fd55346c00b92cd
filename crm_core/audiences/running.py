"""Who is about to run out of something, as a rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crm_core.rules import Condition, Did

DUE_STATES: Final = ("due", "overdue", "later")
DUE_DAYS: Final = 7

_IN_DAYS: Final = {
    "due": Condition("due_in_days", "between", (1, DUE_DAYS)),
    "overdue": Condition("due_in_days", "<=", 0),
    "later": Condition("due_in_days", ">", DUE_DAYS),
}


def running_out_rule(
    state: str, *, items: Sequence[str] = (), categories: Sequence[str] = (), least: float = 0.0
) -> Did:
    """Customers with something in a state of DUE_STATES: one of these items (by name), of these
    categories, with at least this chance of buying it within 30 days; no matter which or how
    likely where nothing is said.

    >>> [part.field for part in running_out_rule("due", items=["Coffee"], least=0.3).where]
    ['item', 'due_in_days', 'chance_30_days']
    """
    where = [Condition("item", "in", tuple(items))] if items else []
    where += [Condition("category", "in", tuple(categories))] if categories else []
    where.append(_IN_DAYS[state])
    where += [Condition("chance_30_days", ">=", least)] if least > 0 else []
    return Did("running_out", tuple(where))
