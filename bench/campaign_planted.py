"""The planted lift of generated shops: is it inside the interval, and does uplift find whom?

Shops of 200,000 customers and 20 seeds. On the null store the arms are drawn anew among the people
held out, so that nothing was done to anybody.
"""

from __future__ import annotations

from bench._clock import cpu, row
from crm_core.demo.parameters import CAMPAIGNS
from crm_core.models.uplift import METHODS, Uplift, learn
from tests.models.planted_campaigns import measured, null, sent

CUSTOMERS, SEEDS = 200_000, range(1, 21)


def planted() -> None:
    inside = [0] * len(CAMPAIGNS)
    found: dict[str, list[Uplift]] = {"planted": [], "null": []}
    for seed in SEEDS:
        campaigns = sent(seed, CUSTOMERS)
        for place, one in enumerate(campaigns):
            told = measured(one)
            inside[place] += told.low is not None and told.low <= one.true_lift <= (told.high or 0)
        lesson = campaigns[1].lesson  # the one whose message works for some alone
        found["planted"].append(learn(lesson))
        found["null"].append(learn(null(lesson, seed)))
    row("shops", len(SEEDS), f"{CUSTOMERS:,} customers")
    for campaign, count in zip(CAMPAIGNS, inside, strict=True):
        row(f"{campaign.code} true lift inside", count)
    for name, learned in found.items():
        for method in METHODS:
            above = sum(one.rankings[method].low > 0 for one in learned)
            row(f"{name}: Qini above 0", method, above)
        row(f"{name}: offered", sum(one.verdict == "offered" for one in learned))


def main() -> None:
    row("CPU seconds", cpu(planted))


if __name__ == "__main__":
    main()
