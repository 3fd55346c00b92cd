"""What reviews say, as tables of the scores snapshot.

`review_tones`, a row a review with words: review_id, tone (chance that it is one of praise), a column
an aspect (-1 blame, 1 praise, 0 neither, nothing where it is not named), wish, against (the words
say the contrary of the stars). `review_terms`: words of blame (columns: `models.review_terms.Term`).
`review_trials`: how tones were met on the shop's last quarter (columns: `models.reviews.trial`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.models.review_drivers import BLAME, PRAISE
from crm_core.models.review_lexicon import ASPECTS, language_of
from crm_core.models.review_terms import Term, terms_of
from crm_core.models.review_texts import BAD, GOOD, Texts, read_texts
from crm_core.pipeline.learned import Scoring

NAME: Final = "reviews"
TABLES: Final = ("review_tones", "review_terms", "review_trials")
TRIAL_DAYS: Final = 91

#: Words too few to hold against stars: `ok` under five of them is no contradiction.
_LEAST_LETTERS: Final = {"en": 20, "zh": 8}
_SURELY_BLAME, _SURELY_PRAISE = 0.15, 0.85
_MEASURES = ("accuracy", "balanced_accuracy", "auc")
_TONES = pa.schema(
    [
        ("review_id", pa.string()),
        ("tone", pa.float32()),
        *((name, pa.int32()) for name in ASPECTS),
        ("wish", pa.bool_()),
        ("against", pa.bool_()),
    ]
)
_KINDS = {"str": pa.string(), "int": pa.int32(), "float": pa.float32()}
_TERMS = pa.schema([(each.name, _KINDS[str(each.type)]) for each in fields(Term)])
_TRIALS = pa.schema(
    [
        ("method", pa.string()),
        ("origin", pa.date32()),
        ("horizon_days", pa.int32()),
        *(
            column
            for end in ("", "_en", "_zh")
            for column in (
                (f"texts{end}", pa.int32()),
                *((f"{name}{end}", pa.float32()) for name in _MEASURES),
            )
        ),
    ]
)


def reviews(job: Scoring) -> None:
    """Reads every review by what the shop's own stars teach.

    Raises: CrmError("no_reviews") where no review has words.
    """
    from crm_core.models import reviews as model

    words = job.said.aspect_words
    reader = model.learn(job.build, as_of=job.as_of, words=words)
    texts = read_texts(job.build, job.as_of)
    read = model.predict(reader, texts)
    job.build.upload("review_tones", _tones(read))
    job.build.upload("review_terms", _rows([asdict(term) for term in terms_of(texts)], _TERMS))
    job.build.upload("review_trials", _rows(_trials(job), _TRIALS))
    job.documents.append((NAME, reader.fitted.to_json()))


def _tones(read: Any) -> pa.Table:
    order = np.argsort(np.asarray(read.texts.review_id, dtype=object), kind="stable")
    ids = pa.array(read.texts.review_id, pa.string()).take(pa.array(order))
    columns: dict[str, Any] = {
        "review_id": ids,
        "tone": np.round(read.tone[order], 2).astype(np.float32),
        **{
            name: pa.array(_sides(read.aspects[order, place]), pa.int32(), from_pandas=True)
            for place, name in enumerate(ASPECTS)
        },
        "wish": read.wish[order],
        "against": _against(read.texts, read.tone)[order],
    }
    return pa.table(columns, schema=_TONES)


def _sides(tone: np.ndarray) -> np.ndarray:
    """Blame, praise or neither; not a number where the aspect is not named."""
    side = np.where(tone < BLAME, -1.0, np.where(tone > PRAISE, 1.0, 0.0))
    return np.where(np.isfinite(tone), side, np.nan)


def _against(texts: Texts, tone: np.ndarray) -> np.ndarray:
    long_enough = [len(text) >= _LEAST_LETTERS[language_of(text)] for text in texts.text]
    blame = (texts.stars >= GOOD) & (tone < _SURELY_BLAME)
    praise = (texts.stars <= BAD) & (tone > _SURELY_PRAISE)
    return np.asarray(long_enough, dtype=np.bool_) & (blame | praise)


def _trials(job: Scoring) -> list[dict[str, Any]]:
    """The last quarter, told by what was known before it; nothing of a shop too young for that."""
    from crm_core.models import reviews as model

    origin = job.as_of - timedelta(TRIAL_DAYS)
    try:
        rows = model.validate(job.build, origins=[origin], horizon_days=TRIAL_DAYS)
    except CrmError as error:
        if error.code not in ("no_reviews", "not_enough_data"):
            raise
        return []
    return [{**row, "origin": origin} for row in rows]


def _rows(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=schema)
