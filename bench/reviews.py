"""How well praise and blame are told from words, by how many rated reviews were learned from.

`python -m bench.reviews`. The demo's reviews, in both languages; the test split holds openings that the
train split never uses (`data/README.md`), bought reviews are left out of both. Five draws a row; the
worst of them in brackets.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from crm_core.models.review_lexicon import tidy
from crm_core.models.review_texts import Texts
from crm_core.models.reviews import reader_of, trial
from crm_core.pipeline.workspace import DEMO_DATA

SEEDS: Final = range(5)
LEARNED_FROM: Final = (200, 500, 1_000)
DAY: Final = date(2026, 10, 31)


def main() -> None:
    known = labelled()
    train, test = (known[known["split"] == split] for split in ("train", "test"))
    later = texts_of(test[test["stars"] != 3])
    print(f"{len(train)} to learn from, {len(later)} to tell")
    for count in LEARNED_FROM:
        rows = [
            row
            for seed in SEEDS
            for row in trial(
                reader_of(DAY, texts_of(train.sample(count, random_state=seed))), later, 0
            )
        ]
        for line in told(pd.DataFrame(rows)):
            print(f"{count:5} rated texts  {line}")


def labelled() -> pd.DataFrame:
    """Reviews with words that nobody bought, with their split."""
    rows = pd.read_parquet(DEMO_DATA / "reviews.parquet")
    found = rows.merge(pd.read_parquet(DEMO_DATA / "truths" / "reviews.parquet"), on="review_id")
    return found[found["body"].notna() & ~found["is_bought"]]


def texts_of(rows: pd.DataFrame) -> Texts:
    """The same as a model reads them."""
    text = tuple(tidy(body) for body in rows["body"])
    stars = rows["stars"].to_numpy(np.float64)
    return Texts(tuple(rows["review_id"]), text, stars, np.arange(len(rows)))


def told(rows: pd.DataFrame) -> Iterator[str]:
    """A line a method and language: means, and the worst draw."""
    for method, mine in rows.groupby("method", sort=False):
        for language in ("en", "zh"):
            accuracy, balanced = mine[f"accuracy_{language}"], mine[f"balanced_accuracy_{language}"]
            yield (
                f"{method:15} {language} of {mine[f'texts_{language}'].iloc[0]}: "
                f"accuracy {accuracy.mean():.3f} ({accuracy.min():.3f}) "
                f"balanced {balanced.mean():.3f} ({balanced.min():.3f})"
            )


if __name__ == "__main__":
    main()
