"""Who buys only with a discount, and codes used by people whom campaigns left out by lot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import pandas as pd

from crm_core.metrics import coupons as offered
from crm_core.metrics import is_guarded, is_small
from crm_core.metrics.coupons import HABITS
from crm_core.privacy.policy import Access
from crm_core.rules import All, Condition
from crm_core.selection import Selection
from crm_core.store import Store

MOST_CAMPAIGNS: Final = 12
#: A code is aimed at those written to when they use it so many times as often.
AIMED: Final = 3.0
LEAST_USES: Final = 5
#: A shop may give everybody a code of their own: so many rows are shown, leaks first.
MOST_CODES: Final = 200
#: The rule of people whose every order had a discount.
ONLY_DISCOUNTS: Final = All((Condition("discounted_share", ">=", 1),))


@dataclass(frozen=True)
class Habits:
    """Known buyers by how often they had a discount.

    `rows`: habit (see HABITS), once (whether they have one order), people, share (of all), orders,
    revenue, margin and expected (a person; the last of the next 365 days), discount_rate; always
    first. `people` and `only` (with a discount on every order) count them; `only_more` of those have
    two orders or more.
    """

    as_of: date
    people: int
    only: int | None
    only_more: int | None
    rows: pd.DataFrame


@dataclass(frozen=True)
class HeldOut:
    """Codes by campaign: `rows`: campaign, first, code, state, and of the people written to and held
    out their orders, people and rate (people who used it, of all). States: leak (a code of the
    campaign, used by people it left out), clean (not used by them), open (for everybody),
    few (too few uses to tell), hidden (of too few people for who looks).

    `campaigns` have people held out by lot; `with_codes` of them had a code used. With `is_cut`
    there are more than MOST_CODES codes: those of offers and those used most are here.
    """

    campaigns: int
    with_codes: int
    rows: pd.DataFrame
    is_cut: bool = False

    @property
    def says(self) -> Literal["leak", "hidden", "clean", "nothing"]:
        """What all rows come to; `hidden` where the rows that could tell are of too few people for
        who looks."""
        states = set(self.rows["state"])
        if "leak" in states:
            return "leak"
        return "hidden" if "hidden" in states else "clean" if "clean" in states else "nothing"


def habits(selection: Selection, *, store: Store, access: Access) -> Habits:
    """Counts known buyers and what they brought so far, over everything up to the last whole day."""
    del selection
    as_of = store.meta.as_of
    at = store.at(as_of)
    found = store.fetch(offered.habits(store, at.table("order_facts"), at.table("ledger")))
    everyone = int(found["people"].sum())
    people, orders = found["people"].astype("float64"), found["orders"].astype("float64")
    rows = pd.DataFrame(
        {
            "habit": found["habit"],
            "once": found["once"].astype(bool),
            "people": people,
            "share": people / max(everyone, 1),
            "orders": orders / people,
            "revenue": found["revenue"] / people,
            "margin": (found["margin"] / people).where(found["costed"] == found["people"]),
            "expected": found["expected"] / found["foreseen"].where(found["foreseen"] > 0),
            "discount_rate": found["off"] / found["gross"].where(found["gross"] > 0),
        }
    )
    place = rows["habit"].map({habit: rank for rank, habit in enumerate(HABITS)})
    rows = rows.assign(place=place).sort_values(["once", "place"], ignore_index=True)
    always = rows[rows["habit"] == "always"]
    only, more = int(always["people"].sum()), int(always.loc[~always["once"], "people"].sum())
    if is_guarded(access):
        away = [is_small(count) for count in rows["people"]]
        rows.loc[
            away, ["people", "share", "orders", "revenue", "margin", "expected", "discount_rate"]
        ] = None
    told = not (is_guarded(access) and any(map(is_small, (only, more, only - more))))
    return Habits(
        as_of,
        everyone,
        only if told else None,
        more if told else None,
        rows.drop(columns="place"),
    )


def held_out(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    own: tuple[tuple[str, str], ...] = (),
) -> HeldOut:
    """Codes used in the days of campaigns that left people out by lot, the latest campaign first.
    `own` are the codes of campaigns' offers by their name; where none is told, a code that people
    written to use AIMED times as often as those held out counts as the campaign's."""
    del selection
    sides = store.fetch(offered.campaign_sides(store))
    sides = sides.sort_values(["first", "campaign"], ascending=[False, True]).head(MOST_CAMPAIGNS)
    used: Any = offered.campaign_codes(store, tuple(sides["campaign"]))
    mine = used.code.upper().isin(sorted({code.upper() for _, code in own}) or [""])
    order = mine.desc(), used.held_people.desc(), used.written_people.desc()
    found = store.fetch(used.order_by(*order, "campaign", "code").limit(MOST_CODES + 1))
    rows = sides.merge(found.head(MOST_CODES).drop(columns="first"), on="campaign")
    for side in ("written", "held"):
        rows[f"{side}_rate"] = rows[f"{side}_people"] / rows[side]
    told = {(campaign, code.upper()) for campaign, code in own}
    named = {campaign for campaign, _ in own}
    rows["state"] = [
        _state(
            row,
            is_own=(row["campaign"], str(row["code"]).upper()) in told,
            is_named=row["campaign"] in named,
        )
        for row in rows.to_dict("records")
    ]
    if is_guarded(access):
        for side in ("written", "held"):
            away = [is_small(count) for count in rows[f"{side}_people"]]
            names = [f"{side}_{what}" for what in ("orders", "people", "rate")]
            rows[names] = rows[names].astype("float64")
            rows.loc[away, names] = float("nan")
            rows.loc[away, "state"] = "hidden"
    place = rows["state"].map({"leak": 0, "clean": 1, "open": 2, "few": 3, "hidden": 4})
    by = ["first", "campaign", "place", "code"]
    rows = rows.assign(place=place).sort_values(by, ascending=[False, True, True, True])
    rows = rows.drop(columns="place").reset_index(drop=True)
    return HeldOut(len(sides), rows["campaign"].nunique(), rows, len(found) > MOST_CODES)


def _state(row: Mapping[Any, Any], *, is_own: bool, is_named: bool) -> str:
    written, held = row["written_rate"], row["held_rate"]
    if not is_own and row["written_orders"] + row["held_orders"] < LEAST_USES:
        return "few"
    aimed = not is_named and written >= AIMED * held and row["written_orders"] >= LEAST_USES
    if is_own or aimed:
        return "leak" if row["held_orders"] else "clean"
    return "open"
