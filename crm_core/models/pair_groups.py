"""Things that belong on one shelf: groups tied by their strongest pairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MOST_ON_A_SHELF: Final = 6


def tied_groups(
    pairs: Iterable[tuple[str, str, float]], most: int = MOST_ON_A_SHELF
) -> list[tuple[str, ...]]:
    """Groups of at most `most` things, put together pair by pair from the strongest tie on; those of
    the strongest ties first, the names of each in order.

    A cut at the size keeps one thing that goes with everything (milk, bags) from tying all into
    one group.

    >>> tied_groups([("whisk", "matcha", 9.0), ("whisk", "stand", 8.0), ("wok", "steamer", 7.0)])
    [('matcha', 'stand', 'whisk'), ('steamer', 'wok')]
    """
    group_of: dict[str, list[str]] = {}
    groups: list[list[str]] = []
    for a, b, _ in sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1])):
        one, other = group_of.get(a, [a]), group_of.get(b, [b])
        if one is other or len(one) + len(other) > most:
            continue
        if one not in groups:
            groups.append(one)
        if other in groups:
            groups.remove(other)
        one += other
        group_of |= dict.fromkeys(one, one)
    return [tuple(sorted(group)) for group in groups if len(group) > 1]
