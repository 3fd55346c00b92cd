"""One question of the Explore page as a value, and as the parts of an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crm_core.metrics.catalog import DIMENSIONS, METRICS

#: The last two hold numbers against their goals.
SHOWS: Final = ("value", "share", "running", "change", "goal", "gap")
OF_GOALS: Final = SHOWS[-2:]
MOST_METRICS: Final = 6
MOST_BY: Final = 3
MOST_TOP: Final = 500
MOST_WHERE: Final = 20
_LONGEST: Final = 200
#: One account is one household or firm: it has a page, and is in no address of this one.
UNASKED: Final = ("account",)
_ASKED: Final = {name: found for name, found in DIMENSIONS.items() if name not in UNASKED}
#: What the parts of an address are called.
NAMES: Final = ("m", "by", "across", "f", "top", "show")


@dataclass(frozen=True)
class Exploration:
    """Which numbers, split by what, of which rows. Codes, never labels.

    `by` are up to three dimensions as rows, `across` is one more as columns. `where` keeps rows
    with these values; the same dimension twice means either, "" means unknown. Rows beyond `top`
    become "all others".
    """

    metrics: tuple[str, ...] = ("net_revenue",)
    by: tuple[str, ...] = ("category",)
    across: str = ""
    where: tuple[tuple[str, str], ...] = ()
    top: int = 20
    show: str = "value"


def to_query(asked: Exploration) -> dict[str, list[str]]:
    """The question as parts of an address; defaults are left out.

    >>> to_query(Exploration(by=("category", "product"), where=(("region", ""),)))
    {'by': ['category', 'product'], 'f': ['region:']}
    """
    default = Exploration()
    said: dict[str, list[str]] = {}
    if asked.metrics != default.metrics:
        said["m"] = list(asked.metrics)
    if asked.by != default.by:
        said["by"] = list(asked.by) or [""]
    if asked.across:
        said["across"] = [asked.across]
    if asked.where:
        said["f"] = [f"{name}:{value}" for name, value in asked.where]
    if asked.top != default.top:
        said["top"] = [str(asked.top)]
    if asked.show != default.show:
        said["show"] = [asked.show]
    return said


def from_query(query: Mapping[str, Sequence[str]]) -> Exploration:
    """Reads an address; what it does not say, or says wrongly, is dropped or the default.

    >>> from_query({"by": ["region", "colour"], "f": ["region:", "nonsense"], "top": ["many"]})
    Exploration(metrics=('net_revenue',), by=('region',), across='', where=(('region', ''),), top=20, show='value')
    """
    default = Exploration()
    metrics = _known(query.get("m", ()), METRICS)[:MOST_METRICS]
    rows = _known(query.get("by", ()), _ASKED)[:MOST_BY]
    across = next(iter(_known(query.get("across", ()), _ASKED)), "")
    show = (query.get("show") or [""])[-1]
    return Exploration(
        metrics=metrics or default.metrics,
        by=rows if rows or "" in query.get("by", ()) else default.by,
        across="" if across in rows else across,
        where=_where(query.get("f", ())),
        top=_top(query.get("top", ()), default.top),
        show=show if show in SHOWS else default.show,
    )


def _known(said: Sequence[str], known: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(said) if name in known)


def _where(said: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = (text[: _LONGEST * 2].partition(":") for text in said)
    kept = dict.fromkeys(
        (name, value[:_LONGEST]) for name, colon, value in pairs if colon and name in _ASKED
    )
    return tuple(kept)[:MOST_WHERE]


def _top(said: Sequence[str], default: int) -> int:
    text = (said or [""])[-1]
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        return default
    return min(max(int(text), 1), MOST_TOP)
