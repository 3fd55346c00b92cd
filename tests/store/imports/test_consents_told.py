"""A yes without a moment never beats a no; a no without one is news once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.imports.merged_shop import NOW, MergedShop, loaded

UNDATED = "customer_id,email,email_consent"
DATED = "customer_id,contact_channel,state,at"
LATER = NOW + timedelta(days=30)


@pytest.fixture
def shop(tmp_path: Path) -> MergedShop:
    return MergedShop(tmp_path)


def standing(shop: MergedShop) -> list[tuple[object, ...]]:
    """The latest word of each person, as it is read everywhere: by moment."""
    return shop.rows(
        'select customer_key, arg_max(state, "at") from consents group by all order by 1'
    )


def test_a_grant_without_a_moment_never_overrides_a_denial(shop: MergedShop) -> None:
    shop.load([DATED, "c1,email,denied,2020-01-01"])
    shop.load([UNDATED, "c1,a@b.example,yes"], now=LATER)
    assert standing(shop) == [(1, "denied")]


def test_a_denial_without_a_moment_counts_from_its_import(shop: MergedShop) -> None:
    shop.load([DATED, "c1,email,granted,2026-06-01"])
    shop.load([UNDATED, "c1,a@b.example,no"])
    assert standing(shop) == [(1, "denied")]


@pytest.mark.slow
def test_the_same_denial_again_is_no_news(shop: MergedShop) -> None:
    rows = [UNDATED, "c1,a@b.example,no", "c2,c@d.example,yes"]
    shop.load(rows)
    assert loaded(shop.load(rows, now=LATER)) == 0
    assert len(shop.rows("from consents")) == 2


@pytest.mark.slow
def test_a_denial_after_a_later_grant_is_news_again(shop: MergedShop) -> None:
    rows = [UNDATED, "c1,a@b.example,no"]
    shop.load(rows)
    shop.load([DATED, "c1,email,granted,2026-07-10"], now=LATER)
    assert standing(shop) == [(1, "granted")]
    shop.load(rows, now=LATER)
    assert standing(shop) == [(1, "denied")]


def test_a_dated_denial_is_kept_though_it_is_the_second(shop: MergedShop) -> None:
    shop.load([DATED, "c1,email,denied,2026-01-01"])
    shop.load([DATED, "c1,email,denied,2026-03-01"])
    shop.load([DATED, "c1,email,granted,2026-02-01"])
    assert standing(shop) == [(1, "denied")]
