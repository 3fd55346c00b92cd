"""What was planted: gathered while the shop is made, told as one document and two small tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm_core.demo import outlook
from crm_core.demo.arrow import ids
from crm_core.demo.block import Block
from crm_core.demo.catalog import load_catalog
from crm_core.demo.checkout import CANCELLED_STATE, PENDING, TEST_STATE
from crm_core.demo.identities import SECOND_ACCOUNT, SHARED_ADDRESS, pools
from crm_core.demo.parameters import (
    ACQUISITION,
    BAD_PRODUCTS,
    BRUSHED_PRODUCTS,
    CAMPAIGNS,
    CATEGORY_MONTHS,
    LOSS_MAKERS,
    ODDITIES,
    PAIRS,
    PROCESS,
    REPLENISHED,
    SEASON,
    SERVICE,
    STOCK_OUTS,
    TEA_COST_RISE,
    TEA_COST_RISE_FROM,
)
from crm_core.demo.people import BRUSHER, GUEST_FIRST, INTERNAL, SHARED_EMAIL, TWO_ACCOUNTS
from crm_core.demo.process import BRUSHED
from crm_core.demo.tables import customer_ids, order_ids, review_ids, written

Ints = NDArray[np.int64]


@dataclass
class Truths:
    """Holds the drawn blocks; made for shops of up to some ten thousand customers."""

    blocks: list[Block] = field(default_factory=list)
    seed: int = 0

    def add(self, seed: int, block: Block) -> None:
        """Takes note of a block."""
        self.seed = seed
        self.blocks.append(block)

    def document(self) -> dict[str, Any]:
        """Everything that was planted, with its true value."""
        calendar = self.blocks[0].calendar
        customers = sum(int(b.people.usual.sum()) for b in self.blocks)
        return {
            "shop": {
                "invented": True,
                "seed": self.seed,
                "customers": customers,
                "start_day": calendar.start.isoformat(),
                "end_day": calendar.end.isoformat(),
            },
            "totals": self._totals(),
            "process": asdict(PROCESS) | {"unit_of_time": "day"},
            "acquisition": {name: asdict(source) for name, source in ACQUISITION.items()},
            "season": asdict(SEASON)
            | {"category_months": {k: [list(m), f] for k, (m, f) in CATEGORY_MONTHS.items()}},
            "service": asdict(SERVICE) | {"slow_replies": self._slow_replies()},
            "campaigns": [self._campaign(place) for place in range(len(CAMPAIGNS))],
            "pairs": _pairs(),
            "replenishment": self._replenishment(),
            "stock_outs": self._stock_outs(),
            "products": _products(),
            "oddities": asdict(ODDITIES),
            "people": self._people(),
            "brushed_orders": self._brushed(),
            "bought_reviews": self._bought(),
        }

    def customers(self) -> pa.Table:
        """One row a person: true rates, the day of leaving, and what the next year holds."""
        return pa.concat_tables([outlook.people_table(self.seed, b) for b in self.blocks])

    def reviews(self) -> pa.Table:
        """One row a review: whether it was bought, and the split it is meant for."""
        return pa.concat_tables([self._reviews(b) for b in self.blocks])

    def _reviews(self, block: Block) -> pa.Table:
        about = written(self.seed, block)
        return pa.table(
            {
                "review_id": review_ids(block),
                "is_bought": pa.array(about.suspicious),
                "split": pa.array(np.where(about.test, "test", "train")),
            }
        )

    def _totals(self) -> dict[str, Any]:
        """Control totals; orders that count are all but pending, cancelled and test ones."""
        total = {"orders": 0, "orders_that_count": 0, "lines": 0, "units": 0}
        money = {"gross": 0, "discount": 0, "revenue": 0, "refunds": 0}
        for block in self.blocks:
            state = block.checkout.status
            counts = ~np.isin(state, (PENDING, CANCELLED_STATE, TEST_STATE))
            lines = block.lines.take(counts[block.lines.order])
            total["orders"] += len(state)
            total["orders_that_count"] += int(counts.sum())
            total["lines"] += len(lines)
            total["units"] += int(lines.quantity.sum())
            money["gross"] += int(lines.gross.sum())
            money["discount"] += int(lines.discount.sum())
            money["revenue"] += int(lines.net.sum())
            money["refunds"] += int(block.refunds.amount.sum())
        return total | {name: f"{cents / 100:.2f}" for name, cents in money.items()}

    def _slow_replies(self) -> dict[str, Any]:
        slow = sum(int((b.talks.reply > SERVICE.slow_minutes).sum()) for b in self.blocks)
        return {"contacts": slow, "chance_to_leave_for_good": SERVICE.slow_leaves}

    def _campaign(self, place: int) -> dict[str, Any]:
        campaign, calendar = CAMPAIGNS[place], self.blocks[0].calendar
        count: Counter[str] = Counter()
        for block in self.blocks:
            count.update(_campaign_counts(block, place))
        sent = calendar.end - timedelta(days=campaign.days_before_end)
        return {
            "campaign": campaign.code,
            "sent_on": sent.isoformat(),
            "window_days": 30,
            "treated": count["treated"],
            "control": count["control"],
            "treated_buyers": count["buys"],
            "treated_buyers_without_message": count["would_buy"],
            "control_buyers": count["control_buys"],
            "true_lift": _lift(count, ""),
            "true_lift_by_favourite": {
                name or "others": _lift(count, name or "others") for name, _ in campaign.response
            },
            "extra_order_chance": {name or "others": value for name, value in campaign.response},
        }

    def _replenishment(self) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for place, (name, days) in enumerate(REPLENISHED):
            people = sum(int((b.people.refill == place).sum()) for b in self.blocks)
            made.append(_product(name) | {"interval_days": days, "customers": people})
        return made

    def _stock_outs(self) -> list[dict[str, Any]]:
        end = self.blocks[0].calendar.end
        return [
            _product(name)
            | {
                "first_day": (end - timedelta(days=first)).isoformat(),
                "last_day": (end - timedelta(days=last)).isoformat(),
            }
            for name, first, last in STOCK_OUTS
        ]

    def _people(self) -> dict[str, Any]:
        """Accounts with a peculiarity, by what it is."""
        kinds = {"internal": INTERNAL, "brushers": BRUSHER, "guest_then_account": GUEST_FIRST}
        kinds |= {"two_accounts": TWO_ACCOUNTS, "shared_email": SHARED_EMAIL}
        found: dict[str, Any] = {name: [] for name in kinds}
        lookalikes: list[list[str]] = []
        hostile: list[dict[str, str]] = []
        for block in self.blocks:
            people, bought = block.people, np.unique(block.orders.person)
            for name, kind in kinds.items():
                who = np.flatnonzero(people.kind == kind)
                found[name] += customer_ids(people, who[np.isin(who, bought)]).to_pylist()
            for pair in block.who.lookalikes:
                lookalikes.append(customer_ids(people, np.array(pair)).to_pylist())
            names = pools()["hostile"]["names"]
            for name, who in zip(names, block.who.hostile, strict=False):
                customer = customer_ids(people, np.array([who]))[0].as_py()
                hostile.append({"customer_id": customer, "name": name})
        found["two_accounts"] = [
            [account, f"C{int(account[1:]) + SECOND_ACCOUNT:08d}"]
            for account in found["two_accounts"]
        ]
        found["shared_email_address"] = SHARED_ADDRESS
        return found | {"lookalike_emails": lookalikes, "hostile_names": hostile}

    def _brushed(self) -> list[str]:
        made: list[str] = []
        for block in self.blocks:
            made += order_ids(block, np.flatnonzero(block.orders.origin == BRUSHED)).to_pylist()
        return made

    def _bought(self) -> list[str]:
        made: list[str] = []
        for block in self.blocks:
            made += review_ids(block).filter(pa.array(block.stars.suspicious)).to_pylist()
        return made


def _campaign_counts(block: Block, place: int) -> dict[str, int]:
    """People of each arm who bought, and treated ones who would have without the message."""
    touches = block.touches
    mine = touches.campaign == place
    favourite = block.people.category[touches.person]
    named = {
        name: favourite == load_catalog().categories.index(name)
        for name, _ in CAMPAIGNS[place].response
        if name
    }
    groups = {"": np.ones(len(touches), dtype=bool)} | named
    groups["others"] = ~np.any([np.zeros(len(touches), dtype=bool), *named.values()], axis=0)
    made = {
        "control": int((mine & ~touches.treated).sum()),
        "control_buys": int(touches.buys[mine & ~touches.treated].sum()),
    }
    for name, group in groups.items():
        arm = mine & touches.treated & group
        made["treated" + name] = int(arm.sum())
        made["buys" + name] = int(touches.buys[arm].sum())
        made["would_buy" + name] = int(touches.would_buy[arm].sum())
    return made


def _lift(count: Counter[str], group: str) -> float:
    extra = count["buys" + group] - count["would_buy" + group]
    return round(extra / max(count["treated" + group], 1), 5)


def _product(name: str) -> dict[str, Any]:
    number = np.array([load_catalog().number(name) + 1001])
    return {"product_id": ids("P", number, width=4)[0].as_py(), "product": name}


def _pairs() -> list[dict[str, Any]]:
    return [
        {
            "first": _product(first),
            "second": _product(second),
            "chance": chance,
            "odds": round(chance / (1 - chance), 4),
        }
        for first, second, chance in PAIRS
    ]


def _products() -> dict[str, Any]:
    catalog = load_catalog()
    rates = {
        name: float(catalog.refund_rate[catalog.first[place]])
        for place, name in enumerate(catalog.categories)
    }
    return {
        "loss_makers": [_product(name) for name in LOSS_MAKERS],
        "badly_made": [_product(name) for name in BAD_PRODUCTS],
        "brushed": [_product(name) for name in BRUSHED_PRODUCTS],
        "low_margin_category": "Lamps and small furniture",
        "high_refund_category": max(rates, key=lambda name: rates[name]),
        "refund_chance_a_line": rates,
        "tea_cost_rise": {"factor": TEA_COST_RISE, "from_day": TEA_COST_RISE_FROM},
    }
