"""How values of a unit are written: in full, and as short as an axis needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core.text import formats, t

#: Longer times are told in days.
_HOURS_SAID = 72


@dataclass(frozen=True)
class Numbers:
    """How a chart or a card writes its values: unit, language, currency.

    Units: money, count, number, rate (a share, .131 is 13.1%), points (a difference of shares,
    .131 is +13.1 pts), days, hours (as minutes, hours or days), per (two decimals).

    >>> Numbers("rate", "en").write(0.131), Numbers("money", "en", "EUR").write(68.19)
    ('13.1%', '€68.19')
    """

    unit: str = "number"
    language: str = "en"
    currency: str = "EUR"

    def write(self, value: float | None) -> str:
        """The value in full, for cards, hovers and tables; what is not known has no unit.

        >>> Numbers("points", "en").write(0.125), Numbers("points", "en").write(None)
        ('+12.5 pts', '–')
        """
        if value is None or value != value:
            return formats.number(None, self.language)
        match self.unit:
            case "money":
                return formats.money(value, self.currency, self.language)
            case "rate":
                return formats.percent(value, self.language)
            case "points":
                return t("chart.points", self.language, points=_signed(value, self.language, 1))
            case "days":
                return t("chart.days", self.language, days=formats.number(value, self.language))
            case "hours":
                return _spell(value, self.language)
            case "per":
                return formats.number(value, self.language, 2)
            case _:
                return formats.number(value, self.language)

    def short(self, value: float) -> str:
        """The value as short as an axis needs it.

        >>> Numbers("count", "zh").short(120_000), Numbers("money", "en", "EUR").short(15_000)
        ('12万', '€15k')
        """
        match self.unit:
            case "money":
                return formats.compact_money(value, self.currency, self.language)
            case "rate":
                return formats.percent(
                    value, self.language, 0 if abs(value) >= 0.02 or not value else 1
                )
            case "points":
                return _signed(value, self.language, 0 if abs(value) >= 0.02 or not value else 1)
            case "hours":
                return t("chart.hours", self.language, hours=formats.number(value, self.language))
            case "per":
                return formats.number(value, self.language, 1)
            case _:
                return formats.compact_money(value, "", self.language).replace(" ", "")

    def write_all(self, values: Iterable[float]) -> list[str]:
        """Every value in full, all of them with the same number of decimals.

        >>> Numbers("money", "en", "EUR").write_all([24_405.0, 992.15])
        ['€24,405', '€992']
        """
        every = list(values)
        if self.unit != "money" or not any(abs(value) >= 1_000 for value in every):
            return [self.write(value) for value in every]
        return [formats.money(value, self.currency, self.language, 0) for value in every]


def _spell(value: float, language: str) -> str:
    """A length of time, in the unit in which it is said.

    >>> _spell(0.1, "en"), _spell(26.5, "en"), _spell(96.0, "en")
    ('6 min', '26.5 h', '4.0 days')
    """
    if value < 1:
        return t("chart.minutes", language, minutes=formats.number(value * 60, language))
    if value < _HOURS_SAID:
        return t("chart.hours", language, hours=formats.number(value, language, 1))
    return t("chart.days", language, days=formats.number(value / 24, language, 1))


def _signed(value: float, language: str, digits: int) -> str:
    """A difference of shares in points, with its sign."""
    words = formats.number(value * 100, language, digits)
    return f"+{words}" if round(value * 100, digits) > 0 else words
