"""Where each customer stood at the end of past months, kept so that pages need not compute it."""

from __future__ import annotations

from crm_core.models.category_rhythm import category_days
from crm_core.models.lifecycle import people_seen
from crm_core.models.standing import (
    HISTORY,
    RHYTHM,
    RfmRule,
    is_worth_keeping,
    kept_days,
)
from crm_core.models.standing_history import (
    BOUGHT,
    DAY,
    DAY_FACTS,
    DAY_PEOPLE,
    NET_DAYS,
    SEEN,
    STATES,
    day_facts,
    day_people,
    day_row,
    net_days,
    purchase_states,
    standing_from,
    told_quiet,
)
from crm_core.pipeline.learned import Documents, Scoring


def segment_history(job: Scoring) -> None:
    """`segment_history`: one row a kept day and person known by then, a day at a time.

    No table in a shop so small that a page has any day's segments in a moment. The document says
    how RFM scores are cut, for pages to cut those of other days alike.
    """
    rule = RfmRule(job.rules.rfm_by, job.rules.own_cuts)
    job.documents.append((HISTORY, rule.to_json()))

    def learn() -> Documents:
        build = job.build
        build.materialise(STATES, purchase_states(build), helper=True)
        build.materialise(NET_DAYS, net_days(build), helper=True)
        if rule.by == RHYTHM:
            build.materialise(BOUGHT, category_days(build), helper=True)
        seen = people_seen(build)
        if seen is not None:
            build.materialise(SEEN, seen, helper=True)
        try:
            _keep_days(job, rule)
        finally:
            for helper in (STATES, NET_DAYS, BOUGHT, SEEN, DAY, DAY_PEOPLE, DAY_FACTS):
                build.drop(helper)
        return ()

    if is_worth_keeping(job.build):
        job.keep(HISTORY, (HISTORY,), learn)


def _keep_days(job: Scoring, rule: RfmRule) -> None:
    build, states = job.build, job.build.table(STATES)
    first, *others = kept_days(job.as_of, job.store.meta.first_day)
    build.materialise(DAY, day_row(states, first), helper=True)
    people = day_people(states, build.table(DAY))
    if rule.by == RHYTHM:
        people = told_quiet(people, build.table(BOUGHT), build.table(DAY))
    build.materialise(DAY_PEOPLE, people, helper=True)
    facts = day_facts(states, build.table(DAY_PEOPLE), build.table(DAY), rule)
    build.materialise(DAY_FACTS, facts, helper=True)
    rows = standing_from(build, build.table(DAY_PEOPLE), build.table(DAY_FACTS), rule)
    build.materialise(HISTORY, rows)
    for day in others:
        build.materialise(DAY, day_row(states, day), helper=True)
        build.materialise(DAY_PEOPLE, people, helper=True)
        build.materialise(DAY_FACTS, facts, helper=True)
        build.append(HISTORY, rows)
