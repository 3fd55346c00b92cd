"""How likely a customer buys an item again within some days, from the pace of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, ndtr
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from crm_core.models.triples import Floats, Ints

#: After so many usual gaps without a purchase a clock has run down: hardly anybody comes then.
LAPSED: Final = 3.0
COLUMNS: Final = (
    "by_gaps",
    "late",
    "overdue",
    "overdue_squared",
    "early_squared",
    "purchases",
    "bought_once",
    "usual_days",
    "pace",
    "silence",
    "share_again",
    "bought_once_late",
    "purchases_late",
)
_LEAST_SPREAD = 0.05  # of logarithms of gaps, between customers
_PULL_TO_SHOP = 10.0  # as many customers' gaps does the whole shop weigh in an item's
_NEVER = 1e-4


@dataclass(frozen=True)
class Standing:
    """Customers and items as they stood on a day, a row each: the item's number, purchases so far,
    days since the last, sums of the logarithms of gaps (and of their squares), days since the last
    order, and the last gaps between orders with the days they took. `wait` is
    the days to the next purchase (0: none seen)."""

    item: Ints
    purchases: Ints
    elapsed: Ints
    log_gaps: Floats
    log_squares: Floats
    silent: Ints
    pace_gaps: Ints
    pace_days: Ints
    wait: Ints

    def __len__(self) -> int:
        return len(self.item)

    def take(self, rows: np.ndarray) -> Standing:
        """Only these rows."""
        return Standing(**{name: column[rows] for name, column in vars(self).items()})

    def came(self, days: int) -> np.ndarray:
        """Whether each was bought again within so many days."""
        return (self.wait > 0) & (self.wait <= days)

    @classmethod
    def together(cls, parts: Sequence[Standing]) -> Standing:
        """The rows of all."""
        names = list(vars(parts[0]))
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


@dataclass(frozen=True)
class Gaps:
    """What gaps are usual: `middle` of the logarithms by item, and for a customer's own a pull to
    it as strong as `pull` gaps; `spread` is that of one customer's gaps around their own middle."""

    middle: Floats
    pull: float
    spread: float

    @classmethod
    def of(cls, seen: Standing, items: int) -> Gaps:
        """Middles by item, pulled to the shop's, and the pull that the gaps themselves tell: how
        much one customer's gaps differ against how much customers do (method of moments)."""
        came = seen.take(seen.purchases > 1)
        gaps = np.asarray(came.purchases - 1, np.float64)
        mean = came.log_gaps / gaps
        freedom = float(np.sum(gaps - 1))
        own = float(np.sum(came.log_squares - came.log_gaps * mean))
        within = own / freedom if freedom > 0 else 1.0
        shop = float(np.mean(mean)) if len(mean) else np.log(30.0)
        people = np.bincount(came.item, minlength=items)
        sums = np.bincount(came.item, mean, items)
        middle = (sums + _PULL_TO_SHOP * shop) / (people + _PULL_TO_SHOP)
        apart = float(np.mean((mean - middle[came.item]) ** 2)) if len(mean) else 1.0
        noise = within * float(np.mean(1.0 / gaps)) if len(gaps) else 0.0
        between = max(apart - noise, _LEAST_SPREAD)
        return cls(middle, within / between, max(within, _LEAST_SPREAD) ** 0.5)

    def log_usual(self, seen: Standing) -> tuple[Floats, Floats]:
        """Each row's usual gap as a logarithm, and how far off the next may be."""
        told = seen.purchases - 1 + self.pull
        middle = (seen.log_gaps + self.pull * self.middle[seen.item]) / told
        return middle, self.spread * np.sqrt(1.0 + 1.0 / told)

    def usual_days(self, seen: Standing) -> Floats:
        """Each row's usual gap: the customer's own, pulled to the item's and the shop's."""
        return np.exp(self.log_usual(seen)[0])

    def is_live(self, seen: Standing) -> np.ndarray:
        """Whether each clock still runs."""
        return seen.elapsed <= LAPSED * self.usual_days(seen)


def design(seen: Standing, gaps: Gaps, again: Floats, days: int) -> Floats:
    """What a chance is learned from, columns as in COLUMNS; `again` is the share of an item's
    buyers who buy it again."""
    middle, spread = gaps.log_usual(seen)
    elapsed = np.maximum(np.asarray(seen.elapsed, np.float64), 0.5)
    until, by_now = (ndtr((np.log(at) - middle) / spread) for at in (elapsed + days, elapsed))
    by_gaps = _logit((until - by_now) / np.maximum(1.0 - by_now, 1e-6))
    late = np.log(elapsed) - middle
    purchases, once = np.log(seen.purchases), np.asarray(seen.purchases == 1, np.float64)
    paced = seen.pace_gaps > 0
    pace = np.where(paced, seen.pace_days / np.maximum(seen.pace_gaps, 1), np.exp(middle))
    columns = (
        by_gaps,
        late,
        np.maximum(late, 0.0),
        np.maximum(late, 0.0) ** 2,
        np.minimum(late, 0.0) ** 2,
        purchases,
        once,
        middle,
        np.log1p(pace),
        np.log((seen.silent + 1.0) / (pace + 1.0)),
        _logit(again)[seen.item],
        once * late,
        purchases * late,
    )
    return np.column_stack(columns)


@dataclass(frozen=True)
class Chance:
    """A chance as a sum of columns: one `weights` each, the constant last."""

    days: int
    weights: Floats

    def __call__(self, seen: Standing, gaps: Gaps, again: Floats) -> Floats:
        """The chance that each row is bought again within `days`."""
        columns = design(seen, gaps, again, self.days)
        return np.asarray(expit(columns @ self.weights[:-1] + self.weights[-1]), np.float64)

    @property
    def named(self) -> Mapping[str, float]:
        """The weights by name, as a fit keeps them."""
        names = (*COLUMNS, "constant")
        return {
            f"chance_{self.days}_{name}": float(weight)
            for name, weight in zip(names, self.weights, strict=True)
        }


def learn_chance(seen: Standing, gaps: Gaps, again: Floats, days: int) -> Chance:
    """Logistic regression on what past days showed and the `days` after each brought; where all
    came, or nobody, what is next to certain for everybody."""
    came = seen.came(days)
    if came.all() or not came.any():
        share = (came.sum() + 0.5) / (len(came) + 1.0)
        return Chance(days, np.append(np.zeros(len(COLUMNS)), _logit(share)))
    scaler = StandardScaler()
    columns = scaler.fit_transform(design(seen, gaps, again, days))
    learner = LogisticRegression(C=1.0, max_iter=1_000).fit(columns, came)
    slopes = learner.coef_[0] / scaler.scale_
    constant = float(learner.intercept_[0]) - float(slopes @ scaler.mean_)
    return Chance(days, np.append(slopes, constant))


def _logit(share: Floats | float) -> Floats:
    inside = np.clip(share, _NEVER, 1.0 - _NEVER)
    return np.log(inside / (1.0 - inside))
