"""The steps of a refresh that put every customer into segments, one table a way of doing so."""

from __future__ import annotations

import json
from dataclasses import asdict

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.models.lifecycle import lifecycle, shop_rhythm
from crm_core.models.rfm import Cuts, rfm, standard_cuts
from crm_core.models.standing import RHYTHM
from crm_core.models.tiers import loyalty_rules, loyalty_tiers, value_bounds, value_tiers
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.store import StoreAt


def rfm_segments(job: Scoring) -> None:
    """`rfm`: each customer's scores and segment, cut as the shop's settings say."""
    past = StoreAt(job.build, job.as_of)
    found = rfm(past, _cuts(job, past), by_rhythm=job.rules.rfm_by == RHYTHM)
    job.build.materialise("rfm", found.order_by("customer_key"))


def _cuts(job: Scoring, past: StoreAt) -> Cuts | None:
    by = job.rules.rfm_by
    return standard_cuts(past) if by == "fixed" else job.rules.own_cuts if by == "own" else None


def stages(job: Scoring) -> None:
    """`lifecycle`: where each known person stands; `shop_rhythm`, one row: what it rests on."""
    past = StoreAt(job.build, job.as_of)
    shop = shop_rhythm(past)
    job.build.materialise("lifecycle", lifecycle(past, shop).order_by("customer_key"))
    row = {name: pa.array([days], pa.float64()) for name, days in asdict(shop).items()}
    job.build.upload("shop_rhythm", pa.table(row))


def loyalty(job: Scoring) -> None:
    """`loyalty`: each customer's tier and the money to the next; `loyalty_rules`: what tiers ask."""
    past = StoreAt(job.build, job.as_of)
    rules = loyalty_rules(past, job.rules.loyalty)
    job.build.materialise("loyalty", loyalty_tiers(past, rules).order_by("customer_key"))
    told = {
        "loyalty_tier": pa.array(list(rules.least), pa.string()),
        "least": pa.array(list(rules.least.values()), pa.float64()),
        "is_own": pa.array([rules.is_own] * len(rules.least), pa.bool_()),
    }
    job.build.upload("loyalty_rules", pa.table(told))


def values(job: Scoring) -> None:
    """`value_tiers`: each customer's tier by what is expected of them.

    Raises: CrmError("value_tiers_no_value") where no value could be learned.
    """
    if not job.build.has("lifetime_value"):
        raise CrmError("value_tiers_no_value")
    foreseen = job.build.table("lifetime_value")
    bounds, worth = value_bounds(job.build, foreseen)
    tiers = value_tiers(foreseen, bounds, worth)
    job.build.materialise("value_tiers", tiers.order_by("customer_key"))
    document = json.dumps({"worth": worth, "bounds": bounds}, sort_keys=True)
    job.documents.append(("value_tiers", document))


def groups(job: Scoring) -> None:
    """`clusters`: each customer's group; `cluster_trials`: how well each number of groups held;
    `cluster_middles`: the middle customer of each. The first and last have no rows where no
    number held."""

    def learn() -> Documents:
        from crm_core.models import clusters

        found = clusters.learn(job.build, as_of=job.as_of)
        past = StoreAt(job.build, job.as_of)
        job.build.materialise("clusters", clusters.clusters(past, found).order_by("customer_key"))
        trials = [asdict(trial) | {"is_chosen": trial.k == found.k} for trial in found.trials]
        job.build.upload("cluster_trials", pa.Table.from_pylist(trials))
        middles = dict(zip(clusters.FEATURES, found.middles.T, strict=True))
        told = {name: pa.array(column, pa.float64()) for name, column in middles.items()}
        codes = pa.array(list(found.codes), pa.string())
        place = pa.array(range(len(found.codes)), pa.int64())
        job.build.upload("cluster_middles", pa.table({"cluster": codes, "place": place, **told}))
        return [("clusters", found.fitted.to_json())]

    job.keep("clusters", ("clusters", "cluster_trials", "cluster_middles"), learn)
