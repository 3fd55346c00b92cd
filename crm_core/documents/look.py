"""What both writers share: colours, steps of an axis, and words without what no page can show."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from math import ceil, floor, log10
from typing import Final

from crm_core.documents.blocks import Role, Steps, Tone

INK, QUIET, RULE, WASH = "#12151F", "#5B6478", "#DFE3EC", "#F4F5FB"
PRIMARY, PALE = "#3F51D8", "#B9C2FF"
TONES: Final[dict[Tone, str]] = {"good": "#17704A", "bad": "#B3261E", "": QUIET}
LINES: Final[dict[Role, str]] = {"now": PRIMARY, "before": "#8A90A2", "year": "#E08A1E"}
UP, DOWN = "#0F9D8A", "#C2417C"
#: Control signs, halves of pairs, and signs that turn the direction of writing or have no width.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]+"
)


def tidy(words: str) -> str:
    r"""The words on one line, with nothing that cannot be seen.

    >>> tidy("Tea\n<b>\u202etxt ")
    'Tea <b> txt'
    """
    return " ".join(_UNSEEN.sub(" ", words).split())


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values for an axis, from at or below `low` to at or above `high`, zero among them.

    >>> ticks(0, 119_929)
    [0.0, 25000.0, 50000.0, 75000.0, 100000.0, 125000.0]
    >>> ticks(-120, 340)
    [-200.0, -100.0, 0.0, 100.0, 200.0, 300.0, 400.0]
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return [0.0, 1.0]
    rough = (high - low) / most
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    return [step * place for place in range(floor(low / step), ceil(high / step) + 1)]


def spans(steps: Steps) -> list[tuple[float, float]]:
    """From where to where each bar of steps reaches; that of the sum from zero.

    >>> from crm_core.text.numbers import Numbers
    >>> spans(Steps("", ("a", "b", "all"), (10.0, -4.0, 6.0), Numbers()))
    [(0.0, 10.0), (10.0, 6.0), (0.0, 6.0)]
    """
    *moves, last = steps.values
    ends = [0.0, *accumulate(moves)]
    return [*pairwise(ends), (0.0, last)]


def signed(steps: Steps) -> list[str]:
    """The values of steps in words, each with its sign.

    >>> from crm_core.text.numbers import Numbers
    >>> signed(Steps("", ("a", "all"), (10.0, 10.0), Numbers("count")))
    ['+10', '+10']
    """
    written = steps.numbers.write_all(steps.values)
    return [
        f"+{words}" if value > 0 else words
        for words, value in zip(written, steps.values, strict=True)
    ]


def step_colours(steps: Steps) -> list[str]:
    """The colour of each bar: up, down, or that of the sum."""
    return [*(UP if value >= 0 else DOWN for value in steps.values[:-1]), PRIMARY]
