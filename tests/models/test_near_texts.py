from __future__ import annotations

import numpy as np

from crm_core.models.near_texts import bare, near_pairs, twins

PRAISE = (
    "Amazing quality and fast shipping, love it so much, five stars!",
    "amazing quality and very fast shipping, love it so much - five stars",
    "Amazing quality & fast shipping!! love it soo much, five stars 😍",
)
OTHERS = (
    "The handle came loose after two weeks of daily use in our kitchen.",
    "质量非常好，物流很快，五星好评，值得购买，下次还会再来",
    "茶壶的盖子有点松，倒水的时候会漏，其他都还不错的",
)


def test_copies_with_other_signs_and_small_changes_are_found_in_every_language() -> None:
    texts = [
        bare(text) for text in (*PRAISE, *OTHERS, "质量非常好物流很快！五星好评，值得购买下次还来")
    ]
    first, second = near_pairs(texts)
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == {
        (0, 1),
        (0, 2),
        (1, 2),
        (4, 6),
    }


def test_what_is_short_says_nothing() -> None:
    assert bare("好评！！！") == ""
    assert bare("All good") == ""
    assert bare("👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍") == ""


def test_twins_are_others_in_the_same_weeks() -> None:
    days = np.array([10, 12, 14, 11, 13, 15])
    near, usual, ever = twins([*PRAISE, *OTHERS], np.arange(6), days)
    assert near.tolist() == [2, 2, 2, 0, 0, 0]
    assert ever.tolist() == [2, 2, 2, 0, 0, 0]
    assert usual[0] == 2.0  # all that was written was written in these weeks
    far, _, ever = twins([*PRAISE, *OTHERS], np.arange(6), days * 20)
    assert far.tolist() == [0] * 6
    assert ever.tolist() == [2, 2, 2, 0, 0, 0]


def test_who_repeats_themselves_is_one_person() -> None:
    near, _, _ = twins([PRAISE[0]] * 3, np.array([7, 7, 7]), np.array([1, 2, 3]))
    assert near.tolist() == [0, 0, 0]


def test_without_a_long_text_nobody_has_a_twin() -> None:
    near, usual, ever = twins(["", "ok", "好评"], np.arange(3), np.arange(3))
    assert near.tolist() == ever.tolist() == [0, 0, 0]
    assert usual.tolist() == [0.0, 0.0, 0.0]
