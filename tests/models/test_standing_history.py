"""Past days kept from one pass are those that are computed one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from crm_core.models import standing_history as kept
from crm_core.models.category_rhythm import category_days
from crm_core.models.rfm import Cuts
from crm_core.models.standing import RHYTHM, SEGMENTATIONS, RfmRule, net_revenue_365d
from crm_core.store import Build, StoreAt
from tests.examples import fast
from tests.models.histories import AS_OF, shop, simulate
from tests.models.test_lifetime_value import ledger

LOG = simulate(800, seed=3, days=500)
DAYS = (AS_OF, AS_OF - timedelta(100), AS_OF - timedelta(430))
OWN = Cuts((20.0, 60.0, 120.0, 240.0), (3.0, 4.0, 6.0), (10.0, 30.0, 60.0, 120.0))
RULES = {
    "quantiles": RfmRule(),
    "rhythm": RfmRule(RHYTHM),
    "fixed": RfmRule("fixed"),
    "own": RfmRule("own", OWN),
}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    rows = ledger(LOG, refund=0.2)
    rows = rows.append_column("known_on", rows["day"])
    kinds = pa.array([("tea", "rugs")[place % 3 == 0] for place in range(len(rows))])
    rows = rows.drop_columns(["category"]).append_column("category", kinds)
    folder = tmp_path_factory.mktemp("standing")
    with shop(folder, customer_days=LOG.table(), ledger=rows) as opened:
        opened.materialise(kept.STATES, kept.purchase_states(opened))
        opened.materialise(kept.BOUGHT, category_days(opened))
        opened.materialise(kept.NET_DAYS, kept.net_days(opened))
        yield opened


def kept_on(build: Build, day: date, rule: RfmRule) -> pd.DataFrame:
    states = build.table(kept.STATES)
    build.materialise(kept.DAY, kept.day_row(states, day))
    one = build.table(kept.DAY)
    at_day = kept.day_people(states, one)
    if rule.by == RHYTHM:
        at_day = kept.told_quiet(at_day, build.table(kept.BOUGHT), one)
    build.materialise(kept.DAY_PEOPLE, at_day)
    people = build.table(kept.DAY_PEOPLE)
    build.materialise(kept.DAY_FACTS, kept.day_facts(states, people, one, rule))
    rows = kept.standing_from(build, people, build.table(kept.DAY_FACTS), rule)
    return build.fetch(rows.order_by("customer_key")).set_index("customer_key")


@pytest.mark.parametrize("name", fast(list(RULES), "fixed", "rhythm"))
def test_a_kept_day_is_the_day_computed(build: Build, name: str) -> None:
    rule = RULES[name]
    for day in DAYS:
        past, found = StoreAt(build, day), kept_on(build, day, rule)
        for kind in SEGMENTATIONS.values():
            codes = build.fetch(kind.at(past, rule)).set_index("customer_key")["code"]
            assert codes.sort_index().to_dict() == found[kind.column].to_dict()
        money = build.fetch(net_revenue_365d(past)).set_index("customer_key")
        recent = found.loc[money.index, "net_revenue_365d"]
        assert recent.to_dict() == money["net_revenue_365d"].to_dict()
        assert found["net_revenue_365d"].sum() == pytest.approx(recent.sum())
        assert set(found["as_of"].dt.date) == {day}
