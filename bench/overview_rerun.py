"""Server CPU of one rerun of the overview: with filters seen before, and with new ones.

On the demo store, then on a generated store of a million orders. The run goes through the entry
script as a browser's would; reading the page back adds some milliseconds to each figure.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from itertools import product
from statistics import median
from typing import Any

from streamlit.testing.v1 import AppTest

from bench._clock import ROOT, command, cpu, row

ASKED = {"cached": 150, "new filter": 400}
BIG_CUSTOMERS = 130_000
BUILD_MB = "3000"  # what building it takes; reading it keeps to the default
ROUNDS = 12
PERIODS = ("7d", "30d", "90d", "12m")


def opened(var: str, store: str | None) -> AppTest:
    os.environ.update(CLIENTELE_VAR=var, CLIENTELE_SINGLE_USER="1")
    os.environ.pop("CLIENTELE_STORE", None)
    if store:
        os.environ["CLIENTELE_STORE"] = store
    test = AppTest.from_file(str(ROOT / "crm_core/ui/main.py"), default_timeout=600)
    test.query_params["lang"] = "en"
    test.run()
    if test.exception or test.error:
        raise SystemExit([*test.exception, *test.error])
    return test


def rerun(test: AppTest, period: str, categories: Sequence[str]) -> float:
    """CPU milliseconds of the run after these filters were chosen."""
    test.segmented_control(key="period").set_value(period)
    test.multiselect(key="category").set_value(list(categories))
    return cpu(test.run) * 1000


def measured(test: AppTest) -> dict[str, float]:
    choices: Any = test.multiselect(key="category").options
    codes = [code for code in choices if code][:6]
    fresh = [rerun(test, period, [code]) for code, period in product(codes, PERIODS)][1:]
    seen = [rerun(test, period, [codes[0]]) for period in PERIODS * (ROUNDS // len(PERIODS))]
    return {"cached": median(seen), "new filter": median(fresh)}


def main() -> None:
    with tempfile.TemporaryDirectory() as var:
        command(["demo"], CLIENTELE_VAR=var)
        small = measured(opened(var, None))
        store = f"duckdb:///{var}/big"
        big_demo = ["demo", "--customers", str(BIG_CUSTOMERS), "--store", store]
        command(big_demo, CLIENTELE_VAR=var, CLIENTELE_MEMORY_MB=BUILD_MB)
        refresh = ["refresh", "--store", store]
        command(refresh, CLIENTELE_VAR=var, CLIENTELE_MEMORY_MB=BUILD_MB)
        # The invented shop ends in the past: however long ago, it is not stale here.
        status = ["status", "--max-age-days", "36500", "--store", store]
        orders = command(status, CLIENTELE_VAR=var).answer["tables"]["orders"]
        forget()
        big = measured(opened(var, store))
    row("overview, CPU ms", "demo", "asked", f"{orders:,} orders", "ratio", "asked")
    for name, milliseconds in small.items():
        asked = f"<= {ASKED[name]}"
        row(name, milliseconds, asked, big[name], big[name] / milliseconds, "<= 1.5")


def forget() -> None:
    """Another store in the same process: what was kept for the first one goes."""
    import streamlit as st

    clear: tuple[Callable[[], None], ...] = (st.cache_resource.clear, st.cache_data.clear)
    for each in clear:
        each()


if __name__ == "__main__":
    main()
