"""Whom to send to next time, by a past campaign: how well each method tells, and what it pays."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crm_core.audiences.measurement import Assignment, assignment_of
from crm_core.models.uplift import CONTROL_CONVERTERS, RESPONSE
from crm_core.pipeline.uplift_steps import TABLES, next_scores, taught
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store

PER = 1_000
TOP = 50
LOT = "lot"


@dataclass(frozen=True)
class UpliftView:
    """What was learned from one campaign.

    `methods`: method, qini, low, high (extra buyers of 10,000 people, a mean over all shares),
    the best first. `buyers`: method, share, value, low, high (extra buyers of 1,000 people when so
    many are written to, best first; `lot` is the straight line of no order); `margin` the same in
    money before the cost of contact; of spend where not all `costs_known`. Both are empty where the
    verdict is `few`.
    """

    verdict: str
    best: str
    people: int
    control_buyers: int
    needed: int
    methods: pd.DataFrame
    buyers: pd.DataFrame
    margin: pd.DataFrame
    costs_known: bool

    def profit(self, cost_per_contact: float) -> pd.DataFrame:
        """The margin curves less the cost of writing to each share."""
        spent = self.margin["share"] * PER * cost_per_contact
        return self.margin.assign(
            **{name: self.margin[name] - spent for name in ("value", "low", "high")}
        )

    @property
    def is_order_known(self) -> bool:
        """Whether the method shown beats a lot for sure, so that a part of the people may be
        chosen by it."""
        return self.verdict not in ("few", "no_better_than_random")

    @property
    def shown(self) -> str:
        """The method whose curve is drawn with its band: the one to use, else the best learner."""
        return RESPONSE if self.verdict == "use_response" else self.best


@dataclass(frozen=True)
class Advice:
    """What a profit curve says: `all`, `none` or `part`, the share with the most profit, that
    profit of 1,000 people, and whether its interval leaves out zero."""

    send: str
    share: float
    profit: float
    is_sure: bool


def uplift(selection: Selection, *, store: Store, access: Access, name: str) -> UpliftView | None:
    """What a campaign teaches: as the last refresh learned it, else learned now; None while its
    window is not over.

    Raises: CrmError("no_such_campaign").
    """
    del selection, access
    assignment = assignment_of(store, name)
    if assignment.ends_on > store.meta.as_of:
        return None
    campaigns, methods, curves = _kept(store, assignment) or [
        pd.DataFrame(rows) for rows in taught(store, assignment)
    ]
    told = campaigns.iloc[0]
    bounds = ["qini", "low", "high"]
    if not methods.empty:
        methods = methods.assign(**{x: methods[x].astype("float64") * 10_000 for x in bounds})
        methods = methods.sort_values(["qini", "method"], ascending=[False, True])
    return UpliftView(
        verdict=str(told["verdict"]),
        best=str(told["best"]),
        people=int(told["people"]),
        control_buyers=int(told["control_buyers"]),
        needed=CONTROL_CONVERTERS,
        methods=methods.reset_index(drop=True),
        buyers=_curves(curves, "buyers"),
        margin=_curves(curves, "margin"),
        costs_known=bool(told["costs_known"]),
    )


def next_people(selection: Selection, *, store: Store, access: Access, name: str) -> pd.DataFrame:
    """The customers whom the method to use puts first now: customer_key, score (points more
    likely to buy if written to; for the response model the chance to buy), orders, last_order_day,
    favourite_category. Nobody where no order is known to beat a lot.

    Raises: CrmError("no_such_campaign").
    """
    view = uplift(selection, store=store, access=access, name=name)
    columns = ["orders", "last_order_day", "favourite_category"]
    if view is None or view.verdict not in ("offered", "use_response"):
        return pd.DataFrame(columns=["customer_key", "score", *columns])
    keys, scores = next_scores(store, assignment_of(store, name), view.shown)
    first = pd.DataFrame({"customer_key": keys[:TOP], "score": scores[:TOP]})
    people = store.table("features")
    chosen = people.filter(people.customer_key.isin([int(key) for key in keys[:TOP]]))
    return first.merge(store.fetch(chosen.select("customer_key", *columns)), on="customer_key")


def _kept(store: Store, assignment: Assignment) -> list[pd.DataFrame] | None:
    """The rows that the last refresh kept of a campaign, and of no other that had its name."""
    if not all(store.has(table) for table in TABLES):
        return None
    tables = [store.table(table) for table in TABLES]
    if "costs_known" not in tables[0].columns:
        return None  # scores that an earlier version made
    frames = [store.fetch(table.filter(table.campaign == assignment.name)) for table in tables]
    days = {pd.Timestamp(day).date() for day in frames[0]["first_day"]}
    return frames if days == {assignment.first} else None


def advice(view: UpliftView, cost_per_contact: float) -> Advice:
    """Whom to write to by the profit curve of the method shown; where no order is known to beat a
    lot, only all or nobody are compared: the top of a curve of chance is always somewhere."""
    profit = view.profit(cost_per_contact)
    mine = profit[profit["method"] == view.shown].sort_values("share", ignore_index=True)
    if not view.is_order_known:
        mine = mine[mine["share"].isin([0.0, 1.0])]
    best = mine.iloc[int(mine["value"].to_numpy().argmax())]
    share = float(best["share"])
    send = "none" if share == 0.0 else "all" if share == 1.0 else "part"
    return Advice(send, share, float(best["value"]), bool(best["low"] > 0))


def _curves(drawn: pd.DataFrame, measured: str) -> pd.DataFrame:
    if drawn.empty:
        return drawn
    mine = drawn[drawn["measure"] == measured].drop(columns=["campaign", "measure"])
    numbers = ["value", "low", "high"]
    mine = mine.assign(**{name: mine[name].astype("float64") * PER for name in numbers})
    mine = mine.sort_values(["method", "share"], ignore_index=True)
    whole = float(mine.loc[mine["share"] == 1.0, "value"].iloc[0])
    shares = mine.loc[mine["method"] == mine["method"].iloc[0], "share"]
    lot = pd.DataFrame({"method": LOT, "share": shares, "value": shares * whole})
    return pd.concat([mine, lot.assign(low=lot["value"], high=lot["value"])], ignore_index=True)
