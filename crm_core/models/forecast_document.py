"""A forecast with everything a page says about it, and its one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.errors import CrmError
from crm_core.models.base import Fitted

NAME: Final = "forecast"

_BOUNDS: Final = ("value", "low_80", "high_80", "low_95", "high_95")
FRAME: Final = ("day", *_BOUNDS)
PERIODS: Final = ("grain", "starts_on", "ends_on", *_BOUNDS)
TRIALS: Final = ("origin", "day", "actual", "said")
ELIGIBLE: Final = ("method", "may", "reason", "days_needed")
BACKTEST: Final = (
    "method",
    "origin",
    "horizon_days",
    "mase",
    "wape",
    "total_error",
    "coverage_80",
    "coverage_95",
)
EVENTS: Final = (
    "event",
    "starts_on",
    "ends_on",
    "extra",
    "times_seen",
    "is_past",
    "multiplier",
)
_FORMAT = 2


@dataclass(frozen=True)
class Forecast:
    """A forecast with everything a page says about it.

    `frame`: day, value and interval ends, in the unit of the input. `periods`: the same of sums:
    grain `week` (Monday to Sunday) and `month`, whole or the part that lies ahead, and `to_date`,
    from the first day ahead to each day. `backtest`: one row a method and past trial; baselines
    start with `naive_`. `trials`: the shown method's past trials day by day. `eligible`: which
    methods could be chosen, and why not. `events`: each event of the past year and of the horizon
    with what it adds to its days (`extra`, empty where neither seen nor typed) and the mean
    `multiplier` of its days.

    `method` is the one shown, `reason` why (words: `forecast.reason.<reason>`), `members` what a
    blend is of, `yearly` whether Prophet has a yearly wave. `measures` are means over the trials.
    `warnings` are codes (words: `forecast.warning.<code>`): those of `forecast_oddities`, and
    not_better_than_naive (a plain method is shown), interval_not_tested (too few trials to check
    the interval), interval_too_narrow (it held under 70 % for a stated 80 %), event_seen_once,
    event_never_seen (ahead, own event without a typed uplift), event_typed (ahead, as typed).
    """

    as_of: date
    method: str
    reason: str
    members: tuple[str, ...]
    yearly: bool
    frame: pd.DataFrame
    periods: pd.DataFrame
    backtest: pd.DataFrame
    trials: pd.DataFrame
    eligible: pd.DataFrame
    events: pd.DataFrame
    measures: dict[str, float | None]
    days: int
    log_likelihood: float
    fingerprint: str
    warnings: tuple[str, ...]

    @property
    def fitted(self) -> Fitted:
        """The fit as every model keeps it: settings and measures as parameters."""
        parameters = {name: value for name, value in self.measures.items() if value is not None}
        settings = {"yearly": float(self.yearly), "is_prophet": float("prophet" in self._shown)}
        return Fitted(
            model=NAME,
            as_of=self.as_of,
            time_unit="day",
            parameters=settings | parameters,
            standard_errors={},
            log_likelihood=self.log_likelihood,
            customers=0,
            distinct=self.days,
            fingerprint=self.fingerprint,
            warnings=self.warnings,
        )

    @property
    def _shown(self) -> tuple[str, ...]:
        return self.members if self.method.startswith("blend_") else (self.method,)

    def to_json(self) -> str:
        """The whole forecast as one line of JSON; the same forecast gives the same line."""
        document = {
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: _rows(getattr(self, name)) for name in _FRAMES},
            "as_of": self.as_of.isoformat(),
            "format": _FORMAT,
        }
        return json.dumps(document, sort_keys=True, allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Forecast:
        """The forecast a document holds.

        Raises: CrmError("fitted_unreadable") for anything but a document of `to_json`.
        """
        try:
            document = json.loads(text)
            if document["format"] != _FORMAT:
                raise CrmError("fitted_unreadable")
            parts = {name: document[name] for name in _PLAIN}
            parts |= {name: table_of(document[name], columns) for name, columns in _FRAMES.items()}
            parts |= {name: tuple(parts[name]) for name in ("warnings", "members")}
            return cls(as_of=date.fromisoformat(document["as_of"]), **parts)
        except (ValueError, TypeError, KeyError):
            raise CrmError("fitted_unreadable") from None


_FRAMES: Final = {
    "frame": FRAME,
    "periods": PERIODS,
    "backtest": BACKTEST,
    "trials": TRIALS,
    "eligible": ELIGIBLE,
    "events": EVENTS,
}
_PLAIN: Final = (
    "method",
    "reason",
    "members",
    "yearly",
    "measures",
    "days",
    "log_likelihood",
    "fingerprint",
    "warnings",
)


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {str(name): _json(value) for name, value in row.items()} for row in frame.to_dict("records")
    ]


def _json(value: Any) -> object:
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, float):
        return None if np.isnan(value) else float(value)
    return value.item() if isinstance(value, np.generic) else value


def table_of(rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a frame of these columns, each of its own type even where there is no row."""
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in columns:
        if name == "day":
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
        elif name in _DATES:
            frame[name] = pd.Series([_as_date(value) for value in frame[name]], dtype=object)
        elif name not in _OTHERS:
            frame[name] = frame[name].astype(float)
    return frame


def _as_date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


_DATES: Final = ("origin", "starts_on", "ends_on")
_OTHERS: Final = (
    "method",
    "horizon_days",
    "event",
    "times_seen",
    "is_past",
    "grain",
    "may",
    "reason",
    "days_needed",
)
