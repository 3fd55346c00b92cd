"""Groups of customers that the data itself falls into, if it falls into any that hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from crm_core.models.base import Fitted, need
from crm_core.models.cluster_names import codes_of
from crm_core.models.lifecycle import lifecycle, shop_rhythm
from crm_core.models.measures import eta_squared
from crm_core.models.threads import one_thread
from crm_core.models.triples import Floats, Ints, fingerprint_of, read_columns
from crm_core.store import StoreAt, Tables

NAME: Final = "clusters"
COLUMNS: Final = ("customer_key", "cluster")
FEATURES: Final = ("recency_days", "purchase_days", "revenue")
KS: Final = range(2, 9)
BOOTSTRAPS: Final = 50
MEAN_ARI: Final = 0.78
LEAST_ARI: Final = 0.5
HORIZON_DAYS: Final = 91

_LEAST_BEFORE = 100
_NEEDED = {"buyers": 300, "history_days": 2 * HORIZON_DAYS}
_MOST_ROWS = 4_000
_SMALLEST_SHARE, _SMALLEST = 0.015, 30
_AS_GOOD = 0.9
_STARTS, _STARTS_AGAIN = 10, 3
_NORMAL_WIDTH = 2.563  # from the first to the last tenth of a normal curve, in its deviations
_FARTHEST = 3.0


@dataclass(frozen=True)
class Trial:
    """How well k groups hold. `ari_mean` and `ari_min`: agreement (adjusted Rand index, 1 is the
    same groups) of the groups found in `bootstraps` redrawn samples with those of the sample;
    trying stops where one falls below .5. `smallest_share` of customers; `separation`: the share
    of differences in the next 91 days' revenue (in logarithms) that the groups explain."""

    k: int
    bootstraps: int
    ari_mean: float
    ari_min: float
    smallest_share: float
    separation: float
    qualifies: bool


@dataclass(frozen=True)
class Clusters:
    """The chosen groups, the best customers' first: `centres` (one row a group, one column a
    feature, scaled), `codes` of their names, `middles` (medians of FEATURES by group). Without a
    k that qualifies all are empty and `k` is None."""

    as_of: date
    k: int | None
    trials: tuple[Trial, ...]
    medians: Floats
    scales: Floats
    centres: Floats
    middles: Floats
    codes: tuple[str, ...]
    customers: int
    fingerprint: str

    @property
    def fitted(self) -> Fitted:
        """As a document: the scaling, the centres by the groups' names, and the trial chosen."""
        names = zip(FEATURES, self.medians, self.scales, strict=True)
        parameters = {"k": float(self.k or 0)}
        for name, median, scale in names:
            parameters |= {f"{name}_median": float(median), f"{name}_scale": float(scale)}
        for code, centre in zip(self.codes, self.centres, strict=True):
            told = zip(FEATURES, centre, strict=True)
            parameters |= {f"{code}_{name}": float(value) for name, value in told}
        for trial in self.trials:
            if trial.k == self.k:
                parameters |= {"ari_mean": trial.ari_mean, "ari_min": trial.ari_min}
        return Fitted(
            model=NAME,
            as_of=self.as_of,
            time_unit="day",
            parameters=parameters,
            standard_errors={},
            log_likelihood=0.0,
            customers=self.customers,
            distinct=len(self.codes),
            fingerprint=self.fingerprint,
            warnings=() if self.k else ("no_stable_clusters",),
        )


def fit(store: Tables, *, as_of: date, seed: int = 7) -> Fitted:
    """Learns the groups of the customers as they were at the end of `as_of`."""
    return learn(store, as_of=as_of, seed=seed).fitted


def learn(store: Tables, *, as_of: date, seed: int = 7) -> Clusters:
    """Tries 2 to 8 groups (k-means) and takes the number that holds and tells apart.

    Customers are seen by days since the last purchase, purchase days and revenue so far, each in
    logarithms, less the median, over the width of the middle eight tenths. A number of groups
    qualifies where 50 bootstraps agree with it by .78 on average and .5 at least, and no group
    is under 1.5 % or 30 customers. Of those that qualify, the smallest is taken that separates
    the revenue of a later, held-out quarter as well as the best, within a tenth.
    At most 4,000 customers, one in so many by key, are learned from; `seed` starts the drawing.
    Raises: CrmError("not_enough_data") under 300 buyers or half a year of history.
    """
    now = _read(store, as_of)
    need(NAME, buyers=(now.everyone, _NEEDED["buyers"]))
    need(NAME, history_days=(now.history_days, _NEEDED["history_days"]))
    earlier = _read(store, as_of - timedelta(HORIZON_DAYS), with_next=True)
    scaled, medians, scales = _scaled(now.rows)
    # A shop that had hardly any customers a quarter ago cannot say how groups tell revenue apart.
    enough = len(earlier.rows) >= _LEAST_BEFORE
    before = _scaled(earlier.rows)[0] if enough else np.empty((0, len(FEATURES)))
    with one_thread():
        fits = {k: _kmeans(scaled, k, seed=seed, starts=_STARTS) for k in KS}
        trials = tuple(_trial(scaled, fits[k], before, earlier.brought, k, seed) for k in KS)
    k = _chosen(trials)
    centres, middles = np.empty((0, len(FEATURES))), np.empty((0, len(FEATURES)))
    codes: tuple[str, ...] = ()
    if k is not None:
        order, middles = _in_order(fits[k].labels, now.rows)
        centres = fits[k].centres[order]
        quiet = [float(np.median(now.silence[fits[k].labels == group])) for group in order]
        codes = codes_of(middles, quiet, now.rows)
    return Clusters(
        as_of=as_of,
        k=k,
        trials=trials,
        medians=medians,
        scales=scales,
        centres=centres,
        middles=middles,
        codes=codes,
        customers=now.everyone,
        fingerprint=fingerprint_of(*np.round(now.rows * 100).astype(np.int64).T),
    )


def clusters(past: StoreAt, found: Clusters) -> ir.Table:
    """One row a customer who had bought by `past.as_of`: the code of the nearest group.

    No rows where no number of groups qualified.
    """
    people = _people(past)
    if found.k is None:
        nobody = people.filter(ibis.literal(False))
        return nobody.select("customer_key", cluster=ibis.null("string"))
    columns = zip(FEATURES, found.medians, found.scales, strict=True)
    scaled = people.select(
        "customer_key",
        **{
            name: _held(((people[name] + 1.0).ln() - float(median)) / ibis.literal(float(scale)))
            for name, median, scale in columns
        },
    )
    far = scaled.select("customer_key", **_distances(scaled, found))
    nearest = ibis.least(*[far[f"to_{place}"] for place in range(len(found.codes))])
    near = far.mutate(nearest=nearest)
    steps = [(near[f"to_{place}"] <= near.nearest, code) for place, code in enumerate(found.codes)]
    return near.select("customer_key", cluster=ibis.cases(*steps))


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """How much of the differences in later revenue the groups explain, beside as many equal
    groups by recency alone; one row an origin and method, none where no number qualifies.

    Raises: CrmError("not_enough_data").
    """
    rows: list[dict[str, object]] = []
    for origin in origins:
        found = learn(store, as_of=origin)
        seen = _read(store, origin, with_next=True, horizon_days=horizon_days)
        if found.k is None:
            continue
        scaled = _scaled(seen.rows)[0]
        ours = _nearest(scaled, found.centres)
        place = np.argsort(np.argsort(seen.rows[:, 0], kind="stable"), kind="stable")
        theirs = place * found.k // max(len(place), 1)
        for method, groups in ((NAME, ours), ("naive_recency", theirs)):
            told: dict[str, object] = {
                "method": method,
                "origin": origin.isoformat(),
                "horizon_days": horizon_days,
            }
            rows.append(told | {"separation": eta_squared(np.log1p(seen.brought), groups)})
    return rows


@dataclass(frozen=True)
class _Seen:
    """A sample of customers: one row each, one column a feature, in natural units; `silence` is
    the days since the last purchase day in the customer's own usual gaps."""

    rows: Floats
    silence: Floats
    brought: Floats
    everyone: int
    history_days: int


def _people(past: StoreAt) -> ir.Table:
    days = past.table("customer_days")
    known = days.filter(days.customer_key.notnull())
    seen = known.group_by("customer_key").agg(
        last_day=known.day.max(), purchase_days=known.count(), spent=known.revenue.sum()
    )
    today = ibis.literal(past.as_of)
    return seen.select(
        "customer_key",
        recency_days=today.delta(seen.last_day, unit="day").cast("float64"),
        purchase_days=seen.purchase_days.cast("float64"),
        revenue=ibis.greatest(seen.spent.cast("float64"), ibis.literal(0.0)),
    )


def _read(
    store: Tables, as_of: date, *, with_next: bool = False, horizon_days: int = HORIZON_DAYS
) -> _Seen:
    past = StoreAt(store, as_of)
    people, days = _people(past), past.table("customer_days")
    first = ibis.literal(as_of).delta(days.day.min(), unit="day")
    row = store.fetch(days.agg(n=days.customer_key.nunique(), history=first)).iloc[0]
    everyone = int(row["n"])
    sample = people.filter(people.customer_key % max(-(-everyone // _MOST_ROWS), 1) == 0)
    whole = {name: sample[name] for name in FEATURES[:2]}
    table = sample.select("customer_key", **whole, cents=sample.revenue * 100.0)
    stages = lifecycle(past, shop_rhythm(past))
    rhythm = stages.rhythm_days.nullif(0.0)
    silence = stages.silent_days.cast("float64") / rhythm
    told = stages.select("customer_key", hundredths=silence * 100.0)
    table = table.left_join(told, "customer_key").drop("customer_key_right")
    if with_next:
        until = ibis.literal(as_of + timedelta(horizon_days))
        later = store.table("customer_days")
        later = later.filter((later.day > ibis.literal(as_of)) & (later.day <= until))
        came = later.group_by("customer_key").agg(next_cents=later.revenue.sum() * 100)
        table = table.left_join(came, "customer_key").drop("customer_key_right")
    ordered = table.order_by("customer_key").drop("customer_key")
    told = ordered.select(**{c: ordered[c].fill_null(0).cast("int64") for c in ordered.columns})
    recency, bought, cents, silence, *after = read_columns(store, told)
    return _Seen(
        rows=np.column_stack([recency, bought, cents / 100.0]).astype(np.float64),
        silence=silence / 100.0,
        brought=np.maximum(after[0], 0) / 100.0 if after else np.empty(0),
        everyone=everyone,
        history_days=0 if everyone == 0 else int(row["history"]),
    )


def _scaled(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """Rows in logarithms, centred and scaled so that no single customer weighs much."""
    logs = np.log1p(rows)
    medians = np.median(logs, axis=0)
    low, high = np.quantile(logs, [0.1, 0.9], axis=0)
    scales = np.where(high - low > 1e-9, (high - low) / _NORMAL_WIDTH, 1.0)
    return np.clip((logs - medians) / scales, -_FARTHEST, _FARTHEST), medians, scales


def _held(scaled: ir.Value) -> ir.Value:
    far = ibis.literal(_FARTHEST)
    return ibis.least(ibis.greatest(scaled, -far), far)


def _distances(scaled: ir.Table, found: Clusters) -> dict[str, ir.Value]:
    """The squared distance of every customer to each centre."""
    told: dict[str, ir.Value] = {}
    for place, centre in enumerate(found.centres):
        away = [scaled[name] - float(at) for name, at in zip(FEATURES, centre, strict=True)]
        squares: Any = away[0] * away[0]
        for distance in away[1:]:
            squares = squares + distance * distance
        told[f"to_{place}"] = squares
    return told


@dataclass(frozen=True)
class _Groups:
    """Groups that k-means found: a centre each, and which of them every row is in."""

    centres: Floats
    labels: Ints


def _kmeans(scaled: Floats, k: int, *, seed: int, starts: int) -> _Groups:
    given: dict[str, Any] = {"n_clusters": k, "n_init": starts, "random_state": seed}
    learner: Any = KMeans(**given).fit(scaled)
    return _Groups(learner.cluster_centers_, learner.labels_.astype(np.int64))


def _nearest(scaled: Floats, centres: Floats) -> Ints:
    return np.argmin(((scaled[:, None, :] - centres[None]) ** 2).sum(axis=2), axis=1)


def _trial(
    scaled: Floats, fitted: _Groups, before: Floats, brought: Floats, k: int, seed: int
) -> Trial:
    labels = fitted.labels
    random = np.random.default_rng([seed, k])
    agreed: list[float] = []
    for _ in range(BOOTSTRAPS):
        drawn = scaled[random.integers(0, len(scaled), len(scaled))]
        again = _kmeans(drawn, k, seed=int(random.integers(2**31)), starts=_STARTS_AGAIN)
        agreed.append(float(adjusted_rand_score(labels, _nearest(scaled, again.centres))))
        if agreed[-1] < LEAST_ARI:
            break
    sizes = np.bincount(labels, minlength=k)
    share = float(sizes.min()) / len(labels)
    is_big = share >= _SMALLEST_SHARE and int(sizes.min()) >= _SMALLEST
    mean, least = float(np.mean(agreed)), min(agreed)
    return Trial(
        k=k,
        bootstraps=len(agreed),
        ari_mean=mean,
        ari_min=least,
        smallest_share=share,
        separation=_separation(before, brought, k) if len(before) else 0.0,
        qualifies=mean >= MEAN_ARI and least >= LEAST_ARI and is_big,
    )


def _separation(before: Floats, brought: Floats, k: int) -> float:
    # Not of the seed, so that two runs do not choose differently where two numbers come close.
    groups = _kmeans(before, k, seed=k, starts=_STARTS).labels
    return eta_squared(np.log1p(brought), groups)


def _chosen(trials: tuple[Trial, ...]) -> int | None:
    able = [trial for trial in trials if trial.qualifies]
    if not able:
        return None
    enough = _AS_GOOD * max(trial.separation for trial in able)
    return next(trial.k for trial in able if trial.separation >= enough)


def _in_order(labels: Ints, rows: Floats) -> tuple[Ints, Floats]:
    """The groups by the revenue of their middle customer, highest first, and their medians."""
    middles = np.array([np.median(rows[labels == g], axis=0) for g in range(labels.max() + 1)])
    order = np.lexsort((middles[:, 0], -middles[:, 1], -middles[:, 2]))
    return order, middles[order]
