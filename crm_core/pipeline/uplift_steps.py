"""Uplift as tables of the scores snapshot: for each campaign with enough control buyers, how well
each method tells whom the message changes, and what treating a share of the people would bring."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from crm_core.audiences.measurement import CONTROLS, Assignment, assignment_of, campaign_names
from crm_core.errors import CrmError
from crm_core.models.qini import SHARES, Curve
from crm_core.models.triples import Floats, Ints
from crm_core.models.uplift import METHODS, Uplift, learn, learners
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.pipeline.uplift_lesson import read_lesson, stream_designs
from crm_core.store import Store

TABLES = ("uplift", "uplift_methods", "uplift_curves")
MOST_CAMPAIGNS = 6

_CAMPAIGNS = pa.schema(
    [
        ("campaign", pa.string()),
        ("first_day", pa.date32()),
        ("people", pa.int64()),
        ("control_buyers", pa.int64()),
        ("best", pa.string()),
        ("verdict", pa.string()),
        ("costs_known", pa.bool_()),
    ]
)
_METHODS = pa.schema(
    [
        ("campaign", pa.string()),
        ("method", pa.string()),
        ("qini", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)
_CURVES = pa.schema(
    [
        ("campaign", pa.string()),
        ("method", pa.string()),
        ("measure", pa.string()),
        ("share", pa.float64()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)


def uplift(job: Scoring) -> None:
    """`uplift`: each campaign known from touches that could teach, or why not (`few`);
    `uplift_methods` and `uplift_curves`: every method's Qini, and its curves in buyers and margin
    a person (spend, where not all `costs_known`). Campaigns drawn here are learned from when their page is opened."""

    def learn_all() -> Documents:
        told = [taught(job.store, one) for one in _latest(job.store)]
        rows = [[row for one in told for row in one[place]] for place in range(len(TABLES))]
        for name, schema, found in zip(TABLES, (_CAMPAIGNS, _METHODS, _CURVES), rows, strict=True):
            job.build.upload(name, pa.Table.from_pylist(found, schema=schema))
        return []

    job.keep("uplift", TABLES, learn_all)


def _latest(store: Store) -> list[Assignment]:
    """The latest campaigns with a random control whose window is over."""
    found: list[Assignment] = []
    for name in campaign_names(store):
        assignment = assignment_of(store, name)
        if assignment.ends_on <= store.meta.as_of and _has_control(store, assignment):
            found.append(assignment)
        if len(found) == MOST_CAMPAIGNS:
            break
    return found


def _has_control(store: Store, assignment: Assignment) -> bool:
    rows = assignment.assigned
    held = rows.filter(rows.arm == CONTROLS[0])
    return bool(store.fetch(held.agg(n=held.count()))["n"].iloc[0])


Rows = list[dict[str, object]]


def taught(store: Store, assignment: Assignment) -> tuple[Rows, Rows, Rows]:
    """Rows of TABLES for one campaign: seconds for some ten thousand people."""
    name = assignment.name
    about: dict[str, object] = {"campaign": name, "first_day": assignment.first}
    read = read_lesson(store, assignment)
    lesson = read.lesson
    about |= {"people": len(lesson), "control_buyers": lesson.control_converters}
    about |= {"costs_known": read.costs_known}
    try:
        learned = learn(lesson)
    except CrmError as error:
        if error.code != "not_enough_data":
            raise
        return [{**about, "best": None, "verdict": "few"}], [], []
    return (
        [{**about, "best": learned.best, "verdict": learned.verdict}],
        [_method(name, learned, method) for method in METHODS],
        [row for method in METHODS for row in _curves(name, learned, method)],
    )


def _method(campaign: str, learned: Uplift, method: str) -> dict[str, object]:
    one = learned.rankings[method]
    bounds = {"qini": one.qini, "low": one.low, "high": one.high}
    return {"campaign": campaign, "method": method, **bounds}


def _curves(campaign: str, learned: Uplift, method: str) -> Rows:
    one = learned.rankings[method]
    curves: dict[str, Curve] = {"buyers": one.buyers, "margin": one.money}
    return [
        {
            "campaign": campaign,
            "method": method,
            "measure": measured,
            "share": float(share),
            "value": float(curve.value[place]),
            "low": float(curve.low[place]),
            "high": float(curve.high[place]),
        }
        for measured, curve in curves.items()
        for place, share in enumerate(SHARES)
    ]


def next_scores(store: Store, assignment: Assignment, method: str) -> tuple[Ints, Floats]:
    """Every customer of now by a method learned from the whole of a past campaign: keys and scores,
    the highest first. Offer them only where `taught` says so."""
    read = read_lesson(store, assignment)
    everybody = np.ones(len(read.lesson), dtype=bool)
    score = learners(read.lesson, everybody)[method]
    pieces = list(stream_designs(store, store.meta.as_of, read.words))
    keys = np.concatenate([np.zeros(0, np.int64), *[found for found, _ in pieces]])
    scores = np.concatenate([np.zeros(0), *[score(design) for _, design in pieces]])
    order = np.lexsort((keys, -scores))
    return keys[order], scores[order]
