"""What reviews say, learned from a shop's own stars: tone, aspects, words of blame, what moves stars."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.models.review_drivers import drivers
from crm_core.models.review_lexicon import ASPECTS, lexicon, tidy
from crm_core.models.review_movers import movers
from crm_core.models.review_terms import LEAST_PEOPLE, terms_of
from crm_core.models.review_texts import Texts
from crm_core.models.reviews import (
    LEXICON,
    MAJORITY,
    NAME,
    ReviewReader,
    explain,
    learn,
    predict,
    reader_of,
    trial,
)
from crm_core.pipeline.workspace import DEMO_DATA
from tests.small_shop import line, order, small_shop

DAY = date(2026, 6, 30)


def texts_of(rows: pd.DataFrame) -> Texts:
    stars = rows["stars"].to_numpy(np.float64)
    text = tuple(tidy(body) for body in rows["body"])
    return Texts(tuple(rows["review_id"]), text, stars, np.arange(len(rows)))


@pytest.fixture(scope="module")
def labelled() -> pd.DataFrame:
    """Reviews of the demo that nobody bought, with the split that holds phrases apart."""
    rows = pd.read_parquet(DEMO_DATA / "reviews.parquet")
    truths = pd.read_parquet(DEMO_DATA / "truths" / "reviews.parquet")
    found = rows.merge(truths, on="review_id")
    return found[found["body"].notna() & ~found["is_bought"]]


@pytest.fixture(scope="module")
def reader(labelled: pd.DataFrame) -> ReviewReader:
    return reader_of(DAY, texts_of(labelled[labelled["split"] == "train"].head(1_000)))


@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_reviews_teach_both_languages(labelled: pd.DataFrame, seed: int) -> None:
    """Phrases of the test split never stand in the train split: see data/README.md."""
    some = labelled[labelled["split"] == "train"].sample(200, random_state=seed)
    taught = reader_of(DAY, texts_of(some))
    tests = labelled[(labelled["split"] == "test") & (labelled["stars"] != 3)]
    for language in ("en", "zh"):
        rows = trial(taught, texts_of(tests[tests["language"] == language]), 90)
        found: dict[Any, Any] = {row["method"]: row for row in rows}
        assert found[NAME]["accuracy"] >= 0.85
        assert found[NAME]["balanced_accuracy"] >= 0.85
        assert found[NAME]["balanced_accuracy"] > found[LEXICON]["balanced_accuracy"] - 0.03
        assert found[NAME]["balanced_accuracy"] > found[MAJORITY]["balanced_accuracy"] + 0.3


def test_a_shop_with_few_rated_reviews_is_read_by_words(labelled: pd.DataFrame) -> None:
    few = reader_of(DAY, texts_of(labelled.head(199)))
    assert few.method == LEXICON
    assert few.fitted.warnings == ("few_rated",)
    said = few.tone(["great quality, love it", "broken and late", "质量很好", "太差了，失望"])
    assert (said > 0.5).tolist() == [True, False, True, False]
    assert reader_of(DAY, texts_of(labelled.head(200).assign(stars=5))).method == LEXICON


def test_odd_texts_are_read_too(reader: ReviewReader) -> None:
    odd = ["👍👍👍", "😡", "好 good 不错 but slow 快递", "?" * 3_000, "\u200b", "5"]
    said = reader.tone([tidy(text) for text in odd])
    assert np.isfinite(said).all()
    assert ((said >= 0) & (said <= 1)).all()
    assert said[0] > 0.5 > said[1]  # faces nobody taught are read by the list of words
    by_words = reader_of(DAY, Texts((), (), np.empty(0), np.empty(0, np.int64)))
    assert by_words.tone(["👍👍👍"])[0] > 0.5 > by_words.tone(["😡"])[0]


def test_each_clause_is_heard_for_its_own_aspect(reader: ReviewReader) -> None:
    told = ["The quality is far above what I paid, but delivery took far longer than promised."]
    told += ["质量超出预期，但是物流一直显示明天送达。"]
    rows = pd.DataFrame({"review_id": ["a", "b"], "body": told, "stars": [3, 3]})
    said = predict(reader, texts_of(rows)).aspects
    quality, delivery, size = (ASPECTS.index(name) for name in ("quality", "delivery", "size"))
    assert (said[:, quality] > 0.6).all()
    assert (said[:, delivery] < 0.4).all()
    assert np.isnan(said[:, size]).all()


def test_a_shops_own_words_take_the_place_of_the_programs(reader: ReviewReader) -> None:
    own = lexicon({"size": ["brew*", "壶嘴"]})
    assert set(own.about("it brews too little")) == {"size"}
    assert set(own.about("壶嘴不好")) == {"size"}
    assert own.about("smaller than i thought") == {}
    assert set(lexicon().about("smaller than i thought")) == {"size"}


def test_what_speaks_for_blame_can_be_told(reader: ReviewReader) -> None:
    weights = dict(explain(reader, "Lovely pot, disappointed by the crack"))
    assert weights["lovely"] > 0 > weights["crack"]
    assert weights["disappointed"] < 0


def test_a_rated_text_is_not_read_by_what_learned_from_it() -> None:
    """One customer's odd words with one star: who learned them would find blame in them."""
    rng = np.random.default_rng(5)
    good = ["lovely tea", "really happy", "great pot", "worth it"]
    bad = ["it broke", "came late", "smells odd", "very bad"]
    body = [
        f"{(good if at % 5 else bad)[rng.integers(4)]} {(good if at % 5 else bad)[rng.integers(4)]} {at}"
        for at in range(300)
    ]
    stars = [5 if at % 5 else 1 for at in range(300)]
    rows = pd.DataFrame({"review_id": [f"r{i:03}" for i in range(301)]})
    rows["body"], rows["stars"] = [*body, "zwölf boxkämpfer jagen viktor"], [*stars, 1]
    own = reader_of(DAY, texts_of(rows))
    mine = tidy("zwölf boxkämpfer jagen viktor")
    seen, unseen = own.learner.tone([mine])[0], own.tone([mine])[0]  # type: ignore[union-attr]
    assert seen < 0.2 < unseen


def test_words_of_blame_are_told_from_chance_and_from_one_persons_words() -> None:
    rng = np.random.default_rng(3)
    filler = [f"{a}{b}word" for a in "bcdfgh" for b in "aeiou"]
    rows: list[tuple[str, int, int]] = []
    for at in range(600):
        blame = at % 4 == 0
        words = list(rng.choice(filler, 6, replace=False))
        words += ["handle wobbles"] if blame and at % 8 == 0 else []
        rows.append((" ".join(words), 1 if blame else 5, at))
    rows += [("secret name smithson", 1, 9_999)] * 30
    texts = Texts(
        tuple(str(i) for i in range(len(rows))),
        tuple(text for text, _, _ in rows),
        np.asarray([stars for _, stars, _ in rows], np.float64),
        np.asarray([person for _, _, person in rows], np.int64),
    )
    found = terms_of(texts)
    assert found[0].term.startswith("handle wobbles")
    assert (found[0].bad, found[0].good) == (75, 0)
    assert found[0].q < 0.001
    assert not any("smithson" in each.term for each in found)
    assert len(found) <= 3  # thirty words of filler say nothing
    assert LEAST_PEOPLE == 5


def test_chinese_words_of_blame_are_whole() -> None:
    rng = np.random.default_rng(4)
    other = ["颜色正", "很喜欢", "包装好", "推荐", "回购", "漂亮", "实用", "客人也说好"]
    text = [
        "，".join([*rng.choice(other, 2, replace=False), *(["壶盖有裂纹"] if at % 5 == 0 else [])])
        for at in range(300)
    ]
    stars = np.where(np.arange(300) % 5 == 0, 1.0, 5.0)
    found = terms_of(Texts(tuple(str(i) for i in range(300)), tuple(text), stars, np.arange(300)))
    assert [each.term for each in found] == ["壶盖有裂纹"]


def test_what_moves_stars_is_found_together() -> None:
    """Late and broken often come together: each is counted for what it does itself."""
    rng = np.random.default_rng(8)
    n = 4_000
    late = rng.random(n) < 0.2
    broken = rng.random(n) < np.where(late, 0.5, 0.05)
    stars = 4.6 - 1.0 * late - 2.0 * broken + rng.normal(0, 0.4, n)
    rows = pd.DataFrame({"stars": stars.round(1), **dict.fromkeys(ASPECTS, np.nan)})
    rows["delivery"] = np.where(late, -1.0, np.nan)
    rows["quality"] = np.where(broken, -1.0, np.nan)
    told = rows.assign(reviews=1).groupby([*ASPECTS, "stars"], dropna=False, as_index=False)
    found = {each.aspect: each for each in drivers(told["reviews"].sum())}
    for aspect, true in (("delivery", -1.0), ("quality", -2.0)):
        effect = found[aspect].blame
        assert effect is not None
        assert effect.low <= true <= effect.high
        assert effect.high - effect.low < 0.2
        assert found[aspect].praise is None
    assert found["delivery"].named == int(late.sum())
    assert found["delivery"].blame_share == 1.0


def test_few_products_are_said_to_move_where_none_did() -> None:
    rng = np.random.default_rng(11)
    share = np.array([0.04, 0.06, 0.16, 0.32, 0.42])
    named = 0
    for _ in range(30):
        rows = [_stars(rng, share, share) for _ in range(60)]
        found = movers(pd.DataFrame(rows))
        named += int((found["q"] <= 0.1).any())
    assert named <= 7  # one shop in ten, and chance
    worse = np.array([0.35, 0.25, 0.2, 0.1, 0.1])
    rows = [_stars(rng, worse, share, 30), *(_stars(rng, share, share) for _ in range(60))]
    found = movers(pd.DataFrame(rows))
    assert found["change"].iloc[0] < -1
    assert found["q"].iloc[0] < 0.05
    assert found["low"].iloc[0] < (worse - share) @ np.arange(1, 6) < found["high"].iloc[0]


def _stars(
    rng: np.random.Generator, now: np.ndarray, before: np.ndarray, more: int = 0
) -> dict[str, float]:
    told: dict[str, float] = {}
    for end, share in (("", now), ("_before", before)):
        drawn = rng.choice(np.arange(1, 6), rng.poisson(8) + 1 + more, p=share)
        told |= {
            f"n{end}": len(drawn),
            f"total{end}": drawn.sum(),
            f"squares{end}": (drawn**2).sum(),
        }
    return told


def test_a_shop_without_words_says_so(tmp_path: Path) -> None:
    rows = {
        "orders": [order("1", "ann", "2026-01-05T10:00:00")],
        "order_lines": [line("1", "tea", "10")],
        "reviews": [
            {
                "review_id": "r1",
                "customer_id": "ann",
                "product_id": "tea",
                "reviewed_at": datetime(2026, 1, 9),
                "stars": 5,
            }
        ],
    }
    store = small_shop(tmp_path, rows).open()
    with pytest.raises(CrmError, match="no_reviews"):
        learn(store, as_of=store.meta.as_of)
    store.close()
