"""Writes the invented shop: `python -m crm_core.demo --out data --customers 5000 --seed 7`."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from crm_core.demo import END_DAY, Truths, generate, write_canonical, write_truths


def main() -> None:
    """Makes the folder that the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m crm_core.demo", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=5000)
    parser.add_argument("--months", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--end-day", type=date.fromisoformat, default=END_DAY)
    given = parser.parse_args()
    truths = Truths()  # kept for every size: for a large store without it, stream `generate`
    tables = generate(given.customers, given.months, given.seed, given.end_day, truths=truths)
    write_canonical(given.out, tables, end_day=given.end_day)
    write_truths(given.out, truths)


if __name__ == "__main__":
    main()
