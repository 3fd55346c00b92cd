"""What people write with their stars: English and Chinese, put together from many parts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crm_core.demo.arrow import join, words
from crm_core.demo.catalog import load_catalog

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MOODS = ("poor", "fair", "good")
HELD_BACK = 3
TEST_SHARE = 0.25


@dataclass(frozen=True)
class Written:
    """What a review is about: by review, the stars, and what went wrong."""

    stars: Ints
    product: Ints
    chinese: Flags
    late: Flags
    suspicious: Flags
    burst: Ints
    test: Flags


@cache
def _parts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("reviews.toml").read_text(encoding="utf-8"))


def write_reviews(rng: np.random.Generator, written: Written) -> pa.Array:
    """The text of every review; some have only stars."""
    n = len(written.stars)
    mood = np.where(written.stars >= 4, 2, np.where(written.stars == 3, 1, 0))
    draw = rng.random((6, n))
    body = pa.nulls(n, pa.string())
    for language, is_chinese in (("en", False), ("zh", True)):
        text = _sentences(language, mood, written, draw)
        body = pc.if_else(pa.array(written.chinese == is_chinese), text, body)
    body = pc.if_else(pa.array(draw[4] < 0.07), pc.utf8_lower(body), body)
    silent = (draw[5] < 0.12) & ~written.suspicious
    body = pc.if_else(pa.array(silent), pa.scalar(None, pa.string()), body)
    return pc.if_else(pa.array(written.suspicious), _bought(rng, written), body)


def _sentences(language: str, mood: Ints, written: Written, draw: NDArray[np.float64]) -> pa.Array:
    parts, gap = _parts()[language], " " if language == "en" else ""
    opening = _drawn([parts[m]["open"] for m in MOODS], mood, draw[0], written.test)
    detail = _drawn([parts[m]["detail"] for m in MOODS], mood, draw[1], None)
    closing = _drawn([parts[m]["close"] for m in MOODS], mood, draw[2], None)
    detail = _name_things(language, detail, written.product)
    late_pool = parts["poor"]["late"]
    late = words((draw[3] * len(late_pool)).astype(np.int64), late_pool)
    complains = written.late & (written.stars <= 3)
    late = pc.if_else(pa.array(complains), late, "")
    text = pc.utf8_trim_whitespace(join(opening, gap, detail, gap, late, gap, closing))
    text = pc.replace_substring_regex(text, " {2,}", " ")
    short_pool = parts["poor"]["short"]
    short = words((draw[1] * len(short_pool)).astype(np.int64), short_pool)
    is_short = (draw[3] < 0.06) & (mood == 2)
    return pc.if_else(pa.array(is_short), short, text)


def _drawn(
    pools: list[list[str]], mood: Ints, draw: NDArray[np.float64], test: Flags | None
) -> pa.Array:
    """A phrase of the mood's pool; the last ones only in the test split."""
    size = np.array([len(pool) for pool in pools])[mood]
    start = np.concatenate(([0], np.cumsum([len(pool) for pool in pools])))[mood]
    if test is None:
        place = (draw * size).astype(np.int64)
    else:
        place = (draw * (size - HELD_BACK)).astype(np.int64)
        again = draw * 997 % 1.0
        own = size - 1 - (again * 7919).astype(np.int64) % HELD_BACK
        place = np.where(test & (again < 0.6), own, place)
    return words(start + place, [phrase for pool in pools for phrase in pool])


def _name_things(language: str, text: pa.Array, product: Ints) -> pa.Array:
    catalog = load_catalog()
    subs = list(dict.fromkeys(_subcategories_in_file_order()))
    names = _parts()["things"][language]["names"]
    place = np.array([subs.index(sub) for sub in catalog.subcategories])
    thing = words(place[product], names)
    before = pc.list_element(pc.split_pattern(join(text, "{thing}"), "{thing}"), 0)
    after = pc.list_element(pc.split_pattern(join(text, "{thing}{thing}"), "{thing}"), 1)
    has = pc.match_substring(text, "{thing}")
    return pc.if_else(has, join(before, thing, after), text)


def _subcategories_in_file_order() -> list[str]:
    raw = tomllib.loads(Path(__file__).with_name("catalog.toml").read_text(encoding="utf-8"))
    return [sub["name"] for entry in raw["category"] for sub in entry["subcategory"]]


def _bought(rng: np.random.Generator, written: Written) -> pa.Array:
    """Praise in one of six wordings; only the end differs."""
    texts = [text.removesuffix("{mark}") for text in _parts()["bought"]["texts"]]
    marks = _parts()["bought"]["marks"]
    half = len(texts) // 2
    place = np.where(written.chinese, half + written.burst % half, written.burst % half)
    return join(words(place, texts), words(rng.integers(0, len(marks), len(place)), marks))
