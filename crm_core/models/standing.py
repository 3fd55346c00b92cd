"""Where each customer stood on a day: the segment of then, with the money of the year before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.errors import CrmError, close_match
from crm_core.models.lifecycle import STAGES, lifecycle, shop_rhythm
from crm_core.models.rfm import SEGMENTS, Cuts, rfm, standard_cuts
from crm_core.store import Store, StoreAt, Tables

HISTORY: Final = "segment_history"
RHYTHM: Final = "rhythm"
YEAR_DAYS: Final = 365
MONTH_ENDS: Final = 25

#: Days before the scores' day that are kept beside the month ends: what a page asks for first,
#: and the years that tell what became of a segment.
KEPT_BACK: Final = (0, 30, 91, 182, 365, 547, 730)

#: Purchase days from which on it takes a page longer to compute a day than to read it.
LEAST_KEPT: Final = 20_000

COLUMNS: Final = ("customer_key", "code", "last_day", "purchase_days", "net_revenue_365d")
KEPT_COLUMNS: Final = ("as_of", "customer_key", "stage", "segment", *COLUMNS[2:])
_MONEY: Final = "decimal(18,2)"


@dataclass(frozen=True)
class RfmRule:
    """How the shop's RFM scores are cut: by `quantiles`, at `fixed` numbers, at its `own`, or by
    quantiles with recency by the `rhythm` of what each customer buys.

    >>> RfmRule.from_json(RfmRule("fixed").to_json())
    RfmRule(by='fixed', own=None)
    """

    by: str = "quantiles"
    own: Cuts | None = None

    def cuts(self, past: StoreAt) -> Cuts | None:
        """Where scores begin on a day; None where they rank customers against each other."""
        return standard_cuts(past) if self.by == "fixed" else self.own if self.by == "own" else None

    def to_json(self) -> str:
        """The document that a refresh leaves for pages."""
        return json.dumps({"by": self.by, "own": asdict(self.own) if self.own else None})

    @classmethod
    def from_json(cls, text: str) -> RfmRule:
        """The rule a document holds."""
        told = json.loads(text)
        own = {name: tuple(cuts) for name, cuts in (told["own"] or {}).items()}
        return cls(told["by"], Cuts(**own) if own else None)


def rfm_rule(store: Tables) -> RfmRule:
    """The rule by which the last refresh cut RFM scores; by quantiles before any."""
    if not store.has("fitted"):
        return RfmRule()
    fitted = store.table("fitted")
    found = store.fetch(fitted.filter(fitted.model == HISTORY))
    return RfmRule.from_json(str(found["document"].iloc[0])) if len(found) else RfmRule()


@dataclass(frozen=True)
class Segmentation:
    """A way to tell customers apart as of any day.

    `codes` are in the order in which pages list them, `ranks` say which is better (0 best; equal
    ranks are equally good), `quiet` are those of customers who have stopped coming, `outside`
    those of people who have not bought yet. `column` names the code in `segment_history`.
    """

    column: str
    codes: tuple[str, ...]
    ranks: Mapping[str, int]
    quiet: frozenset[str]
    outside: frozenset[str]
    at: Callable[[StoreAt, RfmRule], ir.Table]

    def is_customer(self, code: str) -> bool:
        """Whether this is the code of somebody who has bought."""
        return code in self.ranks and code not in self.outside


def _rfm(past: StoreAt, rule: RfmRule) -> ir.Table:
    found = rfm(past, rule.cuts(past), by_rhythm=rule.by == RHYTHM)
    return found.select("customer_key", code="segment")


def _stages(past: StoreAt, rule: RfmRule) -> ir.Table:
    del rule
    return lifecycle(past, shop_rhythm(past)).select("customer_key", code="stage")


_BEST_FIRST: Final = ("active", "won_back", "first_order", "at_risk")

#: Named as in the filter bar; the default first.
SEGMENTATIONS: Final[Mapping[str, Segmentation]] = {
    "stage": Segmentation(
        column="stage",
        codes=STAGES,
        ranks={
            **{code: place for place, code in enumerate(_BEST_FIRST)},
            "lapsed": 4,
            "one_and_done": 4,
            "prospect": 5,
        },
        quiet=frozenset(("lapsed", "one_and_done")),
        outside=frozenset(("prospect",)),
        at=_stages,
    ),
    "rfm": Segmentation(
        column="segment",
        codes=tuple(segment.code for segment in SEGMENTS),
        ranks={segment.code: place for place, segment in enumerate(SEGMENTS)},
        quiet=frozenset(segment.code for segment in SEGMENTS if segment.r[1] <= 2),
        outside=frozenset(),
        at=_rfm,
    ),
}


def segmentation(name: str) -> Segmentation:
    """The segmentation of that name.

    Raises: CrmError("unknown_choice") with the closest name.
    """
    if name not in SEGMENTATIONS:
        match = close_match(name, SEGMENTATIONS)
        raise CrmError("unknown_choice", name="segmentation", value=name, match=match)
    return SEGMENTATIONS[name]


def kept_days(as_of: date, first_day: date) -> tuple[date, ...]:
    """The days that a refresh as of `as_of` keeps: month ends, and those of KEPT_BACK, that are
    not before the log.

    >>> [day.isoformat() for day in kept_days(date(2026, 3, 15), date(2026, 1, 20))]
    ['2026-01-31', '2026-02-13', '2026-02-28', '2026-03-15']
    """
    days = {as_of - timedelta(back) for back in KEPT_BACK}
    month_end = as_of + timedelta(1)
    for _ in range(MONTH_ENDS):
        month_end = month_end.replace(day=1) - timedelta(1)
        days.add(month_end)
    return tuple(sorted(day for day in days if day >= first_day))


def is_worth_keeping(store: Tables) -> bool:
    """Whether a shop is so large that its past days are kept."""
    days = store.table("customer_days")
    return int(store.fetch(days.agg(n=days.count()))["n"].iloc[0]) >= LEAST_KEPT


def is_kept(store: Store, day: date) -> bool:
    """Whether the last refresh kept the segments of that day, of the facts as they are now."""
    if not store.has(HISTORY) or store.scores_as_of is None:
        return False
    if store.scores_facts != store.snapshot:
        return False
    return day in kept_days(store.scores_as_of, store.meta.first_day)


def standing(store: Store, day: date, name: str) -> ir.Table:
    """One row a person known by the end of `day`, by what was known then: as kept by the last
    refresh, else computed.

    Columns: those of COLUMNS. `code` is the segment (see SEGMENTATIONS), last_day the last
    purchase day by then (NULL for who had not bought), net_revenue_365d what was paid in the
    year to then, less refunds given by then.
    """
    kind = segmentation(name)
    if not is_kept(store, day):
        past = StoreAt(store, day)
        return _with_purchases(past, kind.at(past, rfm_rule(store))).select(*COLUMNS)
    kept = store.table(HISTORY)
    kept = kept.filter((kept.as_of == ibis.literal(day)) & kept[kind.column].notnull())
    return kept.mutate(code=kept[kind.column]).select(*COLUMNS)


def _with_purchases(past: StoreAt, people: ir.Table) -> ir.Table:
    """The same people with their purchases and money by then."""
    days = past.table("customer_days")
    bought = days.group_by("customer_key").agg(last_day=days.day.max(), purchases=days.count())
    told = _left(_left(people, bought), net_revenue_365d(past))
    return told.mutate(
        purchase_days=told.purchases.fill_null(0).cast("int64"),
        net_revenue_365d=told.net_revenue_365d.fill_null(0).cast(_MONEY),
    )


def net_revenue_365d(past: StoreAt) -> ir.Table:
    """What each customer paid in the year to the day, less refunds given in it."""
    ledger = past.table("ledger_by_day" if past.has("ledger_by_day") else "ledger")
    since = ibis.literal(past.as_of - timedelta(YEAR_DAYS))
    recent = ledger.filter((ledger.day > since) & ledger.customer_key.notnull())
    net = recent.gross - recent.discount - recent.refund
    return recent.group_by("customer_key").agg(net_revenue_365d=net.sum().cast(_MONEY))


def _left(left: ir.Table, right: ir.Table) -> ir.Table:
    joined = left.left_join(right, "customer_key")
    return joined.drop("customer_key_right") if "customer_key_right" in joined.columns else joined
