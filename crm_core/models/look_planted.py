"""Made-up orders and reviews put into a copy of a shop's rows, to see who would find them.

Three kinds of attackers: crude (a rush of three days by a ring of accounts, copied praise), half
hidden (eighteen days, every second account fresh, every second text its own), hidden (five weeks,
fresh accounts, ordinary baskets and words). What the points of evidence are was settled on attackers
with other numbers and other words than these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Attack:
    """How somebody makes up orders. Shares are of a campaign's orders; `ring` accounts come again in
    every campaign and live at `places` addresses, all others are fresh and live by themselves."""

    name: str
    span_days: int
    orders: tuple[int, int]
    ring_share: float
    ring: int
    places: int
    night_share: float
    note_share: float
    at_once_share: float
    quick_share: float
    extra_share: float
    two_pieces_share: float
    copied_share: float
    review_share: float
    review_hours: tuple[float, float]
    early_share: float


CRUDE: Final = Attack(
    "crude", 3, (18, 36), 0.9, 26, 3, 0.55, 0.3, 0.35, 0.3, 0.0, 0.05, 1.0, 0.7, (1, 30), 0.25
)
HALF_HIDDEN: Final = Attack(
    "half_hidden", 18, (14, 26), 0.5, 30, 5, 0.1, 0.0, 0.0, 0.1, 0.25, 0.2, 0.5, 0.6, (12, 120), 0.0
)
HIDDEN: Final = Attack(
    "hidden", 33, (6, 12), 0.0, 0, 0, 0.03, 0.0, 0.0, 0.0, 0.7, 0.4, 0.0, 0.4, (24, 260), 0.0
)
LEVELS: Final = (CRUDE, HALF_HIDDEN, HIDDEN)

#: Praise with places for words that mean the same.
PRAISE: Final = (
    (
        "The {quality|finish|look} is {perfect|superb|first class} and it {arrived|came} {so fast|really "
        "quickly}, {I will buy again|ordering again}, {highly|fully} recommended to {everyone|all my friends}"
    ),
    (
        "{Absolutely|Totally} love this, {best purchase|best buy} of the year, the {seller|shop} is "
        "{so kind|very friendly} and the {packing|wrapping} was {great|perfect}, five stars"
    ),
    "{收到货了|东西收到了}，{质量很好|做工不错}，和图片一样，{发货速度快|物流给力}，{店家|卖家}态度也好，{下次还来|以后还会光顾}",
    "{真的很好用|非常好用}，{家人都喜欢|全家都喜欢}，{包装很用心|包装严实}，{价格实惠|价格公道}，{值得信赖|可以放心买}的{店铺|一家店}",
)

#: How numbers of made-up rows begin.
MADE: Final = "MADE-"

_DAY = 86_400


@dataclass(frozen=True)
class Rows:
    """What is put in, by table, with every column that looking needs."""

    tables: Mapping[str, pd.DataFrame]


def plant(
    base: Mapping[str, pd.DataFrame],
    attack: Attack,
    *,
    share: float,
    seed: int,
    praise: Sequence[str] = PRAISE,
) -> Rows:
    """Made-up rows: `share` of the base's orders and of its reviews, beside them."""
    draw = np.random.default_rng([seed, len(attack.name), attack.span_days])
    return _Planter(base, attack, draw, praise).rows(share)


class _Planter:
    def __init__(
        self,
        base: Mapping[str, pd.DataFrame],
        attack: Attack,
        draw: np.random.Generator,
        praise: Sequence[str],
    ) -> None:
        self.base, self.attack, self.draw, self.praise = base, attack, draw, praise
        orders = base["order_facts"]
        self.second = _seconds(orders["at"])
        self.key = int(orders["customer_key"].max()) + 1_000_000
        self.first_key = int(orders["order_key"].max()) + 1
        self.ring = [self._customer() for _ in range(attack.ring)]
        lines = base["order_lines"].merge(orders[["order_id", "revenue"]], on="order_id")
        prices = lines.groupby("product_id")["revenue"].median()
        self.products = prices.index.to_numpy()
        self.price = prices.to_numpy(np.float64)
        self.people: list[dict[str, Any]] = []
        self.made: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.reviews: list[dict[str, Any]] = []
        self._house()

    def _customer(self) -> int:
        self.key += 1
        return self.key

    def _house(self) -> None:
        """The ring's addresses; a fresh account has one of its own."""
        for number, key in enumerate(self.ring):
            place = number % max(self.attack.places, 1)
            self.people.append(
                {"customer_key": key, "address": f"Ringweg {place + 1}", "postal_code": "90009"}
            )

    def rows(self, share: float) -> Rows:
        """Campaigns until there are enough orders; reviews of whole campaigns until enough."""
        orders = round(share * len(self.base["order_facts"]))
        reviews = round(share * len(self.base["reviews"]))
        while len(self.made) < orders:
            self._campaign(orders - len(self.made), reviews - len(self.reviews))
        tables = {
            "order_facts": pd.DataFrame(self.made),
            "order_lines": pd.DataFrame(self.lines),
            "reviews": pd.DataFrame(self.reviews),
            "identities": pd.DataFrame(self.people),
        }
        return Rows(tables)

    def _campaign(self, most: int, reviews: int) -> None:
        attack, draw = self.attack, self.draw
        size = min(int(draw.integers(attack.orders[0], attack.orders[1] + 1)), most)
        pushed = int(draw.integers(len(self.products)))
        first, last = float(self.second.min()), float(self.second.max())
        begin = first + draw.random() * max(last - first - (attack.span_days + 30) * _DAY, 1)
        text = self.praise[int(draw.integers(len(self.praise)))]
        from_ring = draw.random(size) < attack.ring_share
        chosen = draw.permutation(len(self.ring))[:size] if self.ring else np.zeros(0, np.int64)
        for place in range(size):
            if from_ring[place] and place < len(chosen):
                customer = self.ring[int(chosen[place])]
            else:
                customer = self._fresh()
            moment = self._moment(begin)
            order = self._order(customer, pushed, moment)
            if reviews > 0 and draw.random() < attack.review_share:
                self._review(order, pushed, text)
                reviews -= 1

    def _fresh(self) -> int:
        key = self._customer()
        home = {"customer_key": key, "address": f"Eigenweg {key}", "postal_code": "90010"}
        self.people.append(home)
        return key

    def _moment(self, begin: float) -> float:
        """A moment of the span, at an hour like others' or by night."""
        day = np.floor(begin / _DAY) + self.draw.integers(self.attack.span_days)
        if self.draw.random() < self.attack.night_share:
            return float(day * _DAY + self.draw.integers(0, 4 * 3600))
        usual = self.second[int(self.draw.integers(len(self.second)))] % _DAY
        return float(day * _DAY + usual)

    def _order(self, customer: int, pushed: int, moment: float) -> dict[str, Any]:
        attack, draw = self.attack, self.draw
        number = f"{MADE}{attack.name}-{len(self.made)}"
        pieces = 2 if draw.random() < attack.two_pieces_share else 1
        held = [(pushed, pieces)]
        if draw.random() < attack.extra_share:
            for other in draw.integers(len(self.products), size=int(draw.integers(1, 3))):
                if int(other) != pushed:
                    held.append((int(other), 1))
        for product, count in dict(held).items():
            self.lines.append(
                {
                    "order_id": number,
                    "product_id": self.products[product],
                    "quantity": count,
                    "discount": 0.0,
                }
            )
        if draw.random() < attack.at_once_share:
            hours = float(draw.uniform(0.2, 5))
        elif draw.random() < attack.quick_share:
            hours = float(draw.uniform(10, 20))
        else:
            hours = float(draw.uniform(24, 90))
        order = {
            "order_id": number,
            "order_key": self.first_key + len(self.made),
            "customer_key": customer,
            "at": moment,
            "sales_channel": str(draw.choice(self.base["order_facts"]["sales_channel"])),
            "revenue": float(sum(self.price[product] * count for product, count in held)),
            "delivered": moment + hours * 3600,
            "seller_note": "刷单 空包" if draw.random() < attack.note_share else None,
        }
        self.made.append(order)
        return order

    def _review(self, order: Mapping[str, Any], pushed: int, text: str) -> None:
        attack, draw = self.attack, self.draw
        hours = float(draw.uniform(*attack.review_hours))
        since = order["delivered"]
        if draw.random() < attack.early_share:
            since, hours = order["at"], min(hours, 0.8 * (order["delivered"] - order["at"]) / 3600)
        copied = draw.random() < attack.copied_share
        self.reviews.append(
            {
                "review_id": f"{MADE}{attack.name}-{len(self.reviews)}",
                "customer_key": order["customer_key"],
                "product_id": self.products[pushed],
                "order_id": order["order_id"],
                "reviewed": since + hours * 3600,
                "stars": 5,
                "body": spun(text, draw) if copied else self._ordinary(),
            }
        )

    def _ordinary(self) -> str:
        """Words like those of others with five stars."""
        told = self.base["reviews"]
        like = told[(told["stars"] == 5) & told["body"].notna()]["body"]
        return (
            str(like.iloc[int(self.draw.integers(len(like)))])
            if len(like)
            else "Very good, thank you"
        )


def spun(text: str, draw: np.random.Generator) -> str:
    """A text with one of the words at each place.

    >>> spun("{So|Very} good", np.random.default_rng(1))
    'So good'
    """
    told = ""
    for part in text.replace("}", "{").split("{"):
        words = part.split("|")
        told += words[int(draw.integers(len(words)))] if len(words) > 1 else part
    return told


def _seconds(moments: pd.Series) -> np.ndarray:
    return moments.to_numpy().astype("datetime64[s]").astype(np.int64)
