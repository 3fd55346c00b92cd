"""Who is about to run out of what: a clock a customer and item, and the chance of a re-buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from crm_core.models import measures
from crm_core.models.base import Fitted, need
from crm_core.models.rebuy_chance import Chance, Gaps, Standing, learn_chance
from crm_core.models.rebuy_history import History, few_of
from crm_core.models.rebuy_items import Clock, find_clocks
from crm_core.models.threads import one_thread
from crm_core.models.triples import Floats
from crm_core.store import Tables

NAME: Final = "replenishment"
BASELINE: Final = "naive_category"
HORIZONS: Final = (7, 30)
TRIAL_DAYS: Final = 30
BINS: Final = 10

_LEAST_REBUYS = 30  # that a chance is learned from
_ENOUGH_REBUYS = 300
_MOST_LESSONS = 12
_SHORT_STEP, _LONG_STEP, _SHORT = 7, 15, 14


@dataclass(frozen=True)
class Replenishment:
    """What a shop's re-buys say as of a day: its `clocks` in order of their items, the `gaps` that
    are usual, a chance for each horizon and the `shares` of everybody of an item alike; `tried`
    items were looked at."""

    as_of: date
    clocks: tuple[Clock, ...]
    gaps: Gaps
    chances: Mapping[int, Chance]
    shares: Mapping[int, Floats]
    tried: int
    customers: int
    rows: int
    fingerprint: str

    @property
    def items(self) -> tuple[str, ...]:
        """The items by number."""
        return tuple(clock.item for clock in self.clocks)

    def usual_days(self, seen: Standing) -> Floats:
        """Each row's usual gap in days."""
        return self.gaps.usual_days(seen)

    def chance(self, seen: Standing, days: int) -> Floats:
        """The chance that each row is bought again within `days`."""
        again = np.asarray([clock.share_again for clock in self.clocks])
        return self.chances[days](seen, self.gaps, again)

    def naive(self, seen: Standing, days: int) -> Floats:
        """The share of the item's running clocks that were bought again within `days`, for all."""
        return self.shares[days][seen.item]

    def is_due(self, seen: Standing, days: int) -> np.ndarray:
        """Whether each row's usual gap ends within the next `days`."""
        left = np.rint(self.usual_days(seen)) - seen.elapsed
        return (left > 0) & (left <= days)

    @property
    def fitted(self) -> Fitted:
        """As a document: how many items were tried and have a clock, how many gaps the item weighs
        in a customer's own, and the weights of each chance."""
        weights = [pair for chance in self.chances.values() for pair in chance.named.items()]
        return Fitted(
            model=NAME,
            as_of=self.as_of,
            time_unit="day",
            parameters={
                "items_tried": float(self.tried),
                "items": float(len(self.clocks)),
                "pull_gaps": self.gaps.pull,
                "spread_log": self.gaps.spread,
                **dict(weights),
            },
            standard_errors={},
            log_likelihood=0.0,
            customers=self.customers,
            distinct=self.rows,
            fingerprint=self.fingerprint,
        )


def fit(store: Tables, *, as_of: date) -> Fitted:
    """Learns which items run out and when; see `learn`."""
    return learn(store, as_of=as_of).fitted


def learn(store: Tables, *, as_of: date, horizons: Sequence[int] = HORIZONS) -> Replenishment:
    """Finds the items that are bought again by a clock, each customer's usual gap, and the chance
    of a re-buy within each horizon.

    A gap is the customer's own, pulled to the item's and the shop's as strongly as gaps tell that
    customers are alike. The chance is a logistic regression on the shop's own past days, with
    those who never came again; what was not bought again by the end of the data is not taken for
    never. Clocks that have run down (three usual gaps) are neither learned from nor told of.
    Raises: CrmError("not_enough_data") under 90 days, 20 who came back or 30 re-buys to learn
    from, ("replenishment_no_clock") where nothing is bought again by a clock.
    """
    with one_thread():
        found = find_clocks(few_of(store, as_of), as_of)
        return _learned(found.history, found.clocks, found.tried, as_of, horizons)


def _learned(
    history: History,
    clocks: tuple[Clock, ...],
    tried: int,
    as_of: date,
    horizons: Sequence[int],
) -> Replenishment:
    gaps = Gaps.of(history.at(as_of), len(clocks))
    again = np.asarray([clock.share_again for clock in clocks])
    chances: dict[int, Chance] = {}
    shares: dict[int, Floats] = {}
    for days in horizons:
        seen = _lessons(history, gaps, as_of, days)
        chances[days] = learn_chance(seen, gaps, again, days)
        shares[days] = _shares(seen, len(clocks), days)
    return Replenishment(
        as_of=as_of,
        clocks=clocks,
        gaps=gaps,
        chances=chances,
        shares=shares,
        tried=tried,
        customers=len(np.unique(history.bought["customer_key"])),
        rows=len(history.bought["day"]),
        fingerprint=history.fingerprint,
    )


def _lessons(history: History, gaps: Gaps, as_of: date, days: int) -> Standing:
    """Running clocks on past days whose `days` after are over, the newest days first: four of them,
    more where few re-buys came."""
    step = _SHORT_STEP if days <= _SHORT else _LONG_STEP
    parts: list[Standing] = []
    rebuys = 0
    for place in range(_MOST_LESSONS):
        seen = history.at(as_of - timedelta(days + step * place))
        seen = seen.take(gaps.is_live(seen))
        parts.append(seen)
        rebuys += int(seen.came(days).sum())
        if place >= 3 and rebuys >= _ENOUGH_REBUYS:
            break
    need(NAME, rebuys=(rebuys, _LEAST_REBUYS))
    return Standing.together(parts)


def _shares(seen: Standing, items: int, days: int) -> Floats:
    """Of each item the share bought again within `days`; the shop's where an item has none."""
    came = seen.came(days)
    people = np.bincount(seen.item, minlength=items)
    bought = np.bincount(seen.item, came, items)
    return np.where(people > 0, bought / np.maximum(people, 1), came.mean())


@dataclass(frozen=True)
class Trial:
    """What was said on past days of the running clocks, and what came: `said` by the chances and
    `naive` by the item's share, `due` those whose usual gap ended within the days."""

    origin: date
    days: int
    came: np.ndarray
    said: Floats
    naive: Floats
    due: np.ndarray


def trial(learned: Replenishment, store: Tables, origins: Sequence[date], days: int) -> Trial:
    """How a model learned up to the first of `origins` did on the days after each."""
    until = origins[-1] + timedelta(days)
    history = History.of(few_of(store, learned.as_of), until, learned.items)
    parts = [history.at(origin) for origin in origins]
    seen = Standing.together([part.take(learned.gaps.is_live(part)) for part in parts])
    return Trial(
        origin=origins[0],
        days=days,
        came=seen.came(days).astype(np.float64),
        said=learned.chance(seen, days),
        naive=learned.naive(seen, days),
        due=learned.is_due(seen, days),
    )


def equal_bins(came: Floats, said: Floats, bins: int = BINS) -> list[tuple[int, float, float]]:
    """Rows, mean chance said and share that came, in bins of equal counts, lowest chance first.

    >>> equal_bins(np.asarray([0.0, 1.0, 1.0, 1.0]), np.asarray([0.1, 0.3, 0.9, 0.9]), 2)
    [(2, 0.2, 0.5), (2, 0.9, 1.0)]
    """
    order = np.argsort(said, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [(len(part), float(said[part].mean()), float(came[part].mean())) for part in parts]


def bin_error(rows: Sequence[tuple[int, float, float]]) -> float:
    """Mean distance of what was said and what came over bins of equal counts; 0 is perfect.

    >>> round(bin_error([(2, 0.2, 0.5), (2, 0.9, 1.0)]), 9)
    0.2
    """
    return sum(abs(said - came) for _, said, came in rows) / max(len(rows), 1)


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """How well re-buys were foreseen, beside everybody at the share of the item.

    Raises: CrmError of `learn`, ("not_enough_data") where the log ends before the horizon does.
    """
    end = store.fetch(store.table("customer_days").agg(last=store.table("customer_days").day.max()))
    rows: list[dict[str, object]] = []
    for origin in origins:
        logged = (end["last"].iloc[0].date() - origin).days if len(end) else 0
        need("validate", days_after_origin=(logged, horizon_days))
        learned = learn(store, as_of=origin, horizons=(horizon_days,))
        told = trial(learned, store, [origin], horizon_days)
        rows += [_measured(told, NAME, told.said), _measured(told, BASELINE, told.naive)]
    return rows


def _measured(told: Trial, method: str, said: Floats) -> dict[str, object]:
    return {
        "method": method,
        "origin": told.origin.isoformat(),
        "horizon_days": told.days,
        "auc": measures.auc(told.came, said),
        "brier": measures.brier(told.came, said),
        "calibration_error": bin_error(equal_bins(told.came, said)),
    }
