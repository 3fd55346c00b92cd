"""Where an account stands: all that its members buy and are worth, taken together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.models.lifecycle import ShopRhythm, stages_of
from crm_core.models.tiers import VALUE_TIERS
from crm_core.store import Store

_ONE = 0


@dataclass(frozen=True)
class AccountStanding:
    """The stage by the rhythm of all members' purchase days, and the value expected of them.

    `stage` is None where nobody had bought by the day of the scores. `worth` (money of a year
    ahead, of the `worth_of` that value tiers go by) is the sum over the `valued` members that
    have a value, None where none has; `value_tier` is the tier a person worth as much is in.
    """

    stage: str | None
    rhythm_days: float | None
    silent_days: int | None
    valued: int
    worth: float | None
    worth_of: str
    value_tier: str | None


def account_standing(store: Store, members: ir.Table) -> AccountStanding | None:
    """Of the customers in `members` (customer_key), as of the day of the scores; None without
    scores. Two members who buy on one day make one purchase day of the account."""
    if store.scores_as_of is None or not store.has("shop_rhythm"):
        return None
    stage, rhythm, silent = _stage(store, members, store.scores_as_of)
    valued, worth, worth_of, tier = _worth(store, members)
    return AccountStanding(stage, rhythm, silent, valued, worth, worth_of, tier)


def _stage(
    store: Store, members: ir.Table, as_of: date
) -> tuple[str, float, int] | tuple[None, None, None]:
    said = store.fetch(store.table("shop_rhythm")).iloc[0]
    shop = ShopRhythm(float(said["second_days"]), float(said["gap_days"]))
    bought = store.at(as_of).table("customer_days").semi_join(members, "customer_key")
    days = bought.select("day").distinct().mutate(customer_key=ibis.literal(_ONE).cast("int64"))
    found = store.fetch(stages_of(days, as_of, shop))
    if found.empty:
        return None, None, None
    row = found.iloc[0]
    return str(row["stage"]), float(row["rhythm_days"]), int(row["silent_days"])


def _worth(store: Store, members: ir.Table) -> tuple[int, float | None, str, str | None]:
    if not store.has("value_tiers"):
        return 0, None, "", None
    rule = json.loads(_document(store))
    tiers = store.table("value_tiers").semi_join(members, "customer_key")
    row = store.fetch(tiers.agg(n=tiers.count(), worth=tiers.worth.sum())).iloc[0]
    valued = int(row["n"])
    if not valued:
        return 0, None, str(rule["worth"]), None
    worth, bounds = float(row["worth"]), rule["bounds"]
    tier = next((t for t in VALUE_TIERS if t in bounds and worth > bounds[t]), [*VALUE_TIERS][-1])
    return valued, worth, str(rule["worth"]), tier


def _document(store: Store) -> str:
    fitted = store.table("fitted")
    found = store.fetch(fitted.filter(fitted.model == "value_tiers").select("document"))
    return str(found["document"].iloc[0])
