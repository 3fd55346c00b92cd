"""What the viewer asked for: one frozen value, bound to the URL, handed to every view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from crm_core.errors import CrmError, close_match

PERIODS = ("7d", "30d", "90d", "12m", "ytd", "all", "custom")
COMPARISONS = ("previous", "year", "none")
LANGUAGES = ("en", "zh")
#: What of a shop can be looked at alone.
PARTS = ("shop", "sales_channel", "category", "region", "segment")
_YEAR_DAYS = 52 * 7


@dataclass(frozen=True)
class Segmentation:
    """A way of dividing customers: the table of scores that holds it, and the column."""

    table: str
    column: str


#: The first two together are the product's default segment. A code of the filter is
#: `<name>.<value>`; those of RFM are older than the others and stand without a name.
SEGMENTATIONS: Final[Mapping[str, Segmentation]] = {
    "stage": Segmentation("lifecycle", "stage"),
    "value": Segmentation("value_tiers", "value_tier"),
    "rfm": Segmentation("rfm", "segment"),
    "loyalty": Segmentation("loyalty", "loyalty_tier"),
    "cluster": Segmentation("clusters", "cluster"),
}
_UNNAMED: Final = "rfm"


def segment_code(name: str, value: str) -> str:
    """A value of a segmentation as the filter and the address write it.

    >>> segment_code("stage", "at_risk"), segment_code("rfm", "at_risk")
    ('stage.at_risk', 'at_risk')
    """
    return value if name == _UNNAMED else f"{name}.{value}"


def segment_of_code(code: str) -> tuple[str, str]:
    """The segmentation and value of a code; a name that is none makes it one of RFM's.

    >>> segment_of_code("stage.at_risk"), segment_of_code("at_risk")
    (('stage', 'at_risk'), ('rfm', 'at_risk'))
    """
    name, dot, value = code.partition(".")
    known = dot and name in SEGMENTATIONS and name != _UNNAMED
    return (name, value) if known else (_UNNAMED, code)


def by_segmentation(codes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The values asked for of each segmentation: one of them, and of every segmentation named.

    >>> by_segmentation(["stage.active", "value.top", "stage.at_risk"])
    {'stage': ('active', 'at_risk'), 'value': ('top',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, value in map(segment_of_code, codes):
        found[name] = (*found.get(name, ()), value)
    return found


@dataclass(frozen=True)
class Period:
    """Shop days from `start` to `end`, both included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many shop days it covers."""
        return (self.end - self.start).days + 1

    def before(self) -> Period:
        """The period of equal length that ends the day before this one starts.

        >>> Period(date(2026, 6, 1), date(2026, 6, 30)).before().start
        datetime.date(2026, 5, 2)
        """
        return Period(self.start - timedelta(self.days), self.start - timedelta(1))

    def year_before(self) -> Period:
        """The same weekdays 52 weeks (364 days) earlier, so that Mondays meet Mondays.

        A period longer than that would meet its own days: as many days just before it stand in.

        >>> Period(date(2025, 7, 1), date(2026, 6, 30)).year_before().end
        datetime.date(2025, 6, 30)
        """
        shift = timedelta(max(_YEAR_DAYS, self.days))
        return Period(self.start - shift, self.end - shift)


@dataclass(frozen=True)
class Selection:
    """The filter bar as a value. Codes, never labels; nothing in it identifies a person.

    `without_set_aside`: the store opened for it is the one without what was set aside.

    >>> Selection(period="7d").resolve(date(2026, 1, 1), date(2026, 6, 30)).start
    datetime.date(2026, 6, 24)
    """

    period: str = "30d"
    start: date | None = None
    end: date | None = None
    compare: str = "previous"
    shop: tuple[str, ...] = ()
    sales_channel: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    language: str = "en"
    without_set_aside: bool = False

    def __post_init__(self) -> None:
        for name, value, known in (
            ("period", self.period, PERIODS),
            ("compare", self.compare, COMPARISONS),
            ("language", self.language, LANGUAGES),
        ):
            if value not in known:
                raise CrmError(
                    "unknown_choice", name=name, value=value, match=close_match(value, known)
                )

    def resolve(self, first_day: date, as_of: date) -> Period:
        """The days meant, counted back from `as_of`, never starting before `first_day`."""
        if self.period == "custom":
            end = min(self.end or as_of, as_of)
            start = max(self.start or first_day, first_day)
            if start > end:
                raise CrmError("period_is_empty", start=start, end=end)
            return Period(start, end)
        start = {
            "7d": as_of - timedelta(6),
            "30d": as_of - timedelta(29),
            "90d": as_of - timedelta(89),
            "12m": as_of - timedelta(364),
            "ytd": date(as_of.year, 1, 1),
            "all": first_day,
        }[self.period]
        return Period(min(max(start, first_day), as_of), as_of)

    def compared(self, first_day: date, as_of: date) -> Period | None:
        """The period to compare with, or None when asked for none or it precedes the log."""
        period = self.resolve(first_day, as_of)
        if self.compare == "none":
            return None
        other = period.before() if self.compare == "previous" else period.year_before()
        return other if other.start >= first_day else None
