"""How well weekly figures of published logs are foreseen: 8 weeks ahead, up to 8 origins.

The daily series of `bench/forecast.py` summed by week, and CDNOW's revenue and order lines (77
weeks of a cohort that wears off). `python -m bench.forecast_weekly BIKES.csv`, or BIKE_DAYS.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from statistics import mean

from bench._clock import cpu, row
from bench._series import bikes, cdnow_weeks, journey, weeks_of
from crm_core.models.forecast_of_periods import of_periods


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BIKE_DAYS")
    daily = journey() | (bikes(Path(path)) if path else {})
    series = {name: weeks_of(days) for name, days in daily.items()} | cdnow_weeks()
    held: dict[float, list[float]] = {0.8: [], 0.95: []}
    ratios: list[float] = []
    row("series", "weeks", "method", "MASE", "last four weeks", "80 %", "95 %", "s CPU")
    for name, values in series.items():
        seconds = cpu(lambda known=values: of_periods(known))
        made = of_periods(values)
        for level, shares in held.items():
            shares.append(made.held[level])
        assert made.mase is not None
        assert made.mase_naive is not None
        ratios.append(made.mase / made.mase_naive)
        row(
            name, len(values), made.method, made.mase, made.mase_naive, *made.held.values(), seconds
        )
    row("mean", "", "", f"{mean(ratios):.3f} of", "last four weeks", *map(mean, held.values()))


if __name__ == "__main__":
    main()
