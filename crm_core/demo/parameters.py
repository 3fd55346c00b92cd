"""The planted truths: every number the invented shop is made from, told once.

Tests, the README of `data/` and `truths.json` all take their values from here.
"""

from __future__ import annotations

from dataclasses import dataclass

NAME = "Juniper & Jade (invented demo shop)"
CURRENCY = "EUR"
TIMEZONE = "Europe/Berlin"
LANGUAGE = "en"

SALES_CHANNELS = ("web", "app", "marketplace", "phone", "shop")
SOURCES = (
    "search_ads",
    "social_ads",
    "organic",
    "referral",
    "affiliate",
    "marketplace",
    "unknown",
)
REGIONS = ("Berlin", "North", "West", "South", "East", "Abroad")
LANGUAGES = ("de", "en", "zh")
CONTACT_CHANNELS = ("email", "sms", "phone", "post", "ads")


@dataclass(frozen=True)
class Process:
    """Orders: Pareto/NBD with a calendar. Spend: Gamma-Gamma. Unit of time: days.

    rate ~ Gamma(r, alpha), leaving rate ~ Gamma(s, beta); order value before tax ~
    Gamma(p, nu) with nu ~ Gamma(q, v), so the mean is p v / (q - 1).
    """

    r: float = 0.80
    alpha: float = 19.2
    s: float = 0.62
    beta: float = 45.0
    p: float = 6.0
    q: float = 6.0
    v: float = 57.0
    lines_per_order: float = 2.35
    favourite_share: float = 0.50
    home_channel_share: float = 0.86


@dataclass(frozen=True)
class Source:
    """An acquisition source: share of new customers, what it does to them, what one costs."""

    share: float
    rate: float
    spend: float
    cost: float


ACQUISITION: dict[str, Source] = {
    "search_ads": Source(0.26, 1.00, 1.02, 92.0),
    "social_ads": Source(0.20, 0.62, 0.86, 148.0),
    "organic": Source(0.19, 1.20, 1.05, 24.0),
    "referral": Source(0.10, 1.55, 1.14, 38.0),
    "affiliate": Source(0.09, 0.66, 0.92, 112.0),
    "marketplace": Source(0.12, 0.92, 0.90, 55.0),
    "unknown": Source(0.04, 1.00, 1.00, 0.0),
}


@dataclass(frozen=True)
class Season:
    """Factors on the number of orders of a day, against a plain day."""

    weekday: tuple[float, ...] = (1.10, 1.02, 0.98, 0.96, 0.90, 0.88, 1.16)
    month: tuple[float, ...] = (
        0.94,
        0.90,
        0.97,
        0.98,
        0.95,
        0.92,
        0.84,
        0.86,
        0.98,
        1.06,
        1.24,
        1.36,
    )
    singles_day: float = 3.2
    midyear: float = 2.1
    black_friday: float = 2.6
    lunar_new_year: float = 0.72
    christmas: float = 0.45
    tea_weeks: float = 1.7
    launch: float = 2.0
    launch_days: float = 90.0
    growth_a_year: float = 0.12


@dataclass(frozen=True)
class Service:
    """Late parcels, contacts, slow replies and stars."""

    late: float = 0.09
    late_december: float = 0.24
    late_stars: float = -1.3
    refund_stars: float = -1.2
    contact: float = 0.055
    contact_late: float = 0.30
    slow_email: float = 0.34
    slow_minutes: int = 1440
    slow_leaves: float = 0.45
    review: float = 0.052
    unhappy: float = 0.05


@dataclass(frozen=True)
class Campaign:
    """A campaign with a randomised control.

    `response` is the chance that a message makes its reader place one more order within two
    weeks, by favourite category ("" for all others).
    """

    code: str
    days_before_end: int
    treated: float
    min_recency: int
    max_recency: int
    response: tuple[tuple[str, float], ...]


CAMPAIGNS = (
    Campaign("winback_2025_09", 411, 0.5, 120, 500, (("", 0.14),)),
    Campaign("tea_club_2026_05", 173, 0.6, 0, 150, (("Tea", 0.20), ("", 0.0))),
)

# Product bought, product that goes into the same order because of it, chance that it does.
# A product that is taken along stands before the row where it takes another along.
PAIRS: tuple[tuple[str, str, float], ...] = (
    ("Ceremonial Matcha 礼仪级抹茶", "Bamboo Whisk 茶筅", 0.22),
    ("Bamboo Whisk 茶筅", "Whisk Stand 茶筅架", 0.38),
    ("Yixing Teapot 宜兴紫砂壶", "Tea Pet 茶宠", 0.34),
    ("Carbon Steel Wok 熟铁炒锅", "Bamboo Steamer 竹蒸笼", 0.26),
    ("Chopsticks Pair 筷子", "Chopstick Rest Set 筷架组", 0.30),
    ("Santoku Knife 三德刀", "Whetstone 磨刀石", 0.32),
    ("Incense Burner Clay 陶香炉", "Sandalwood Sticks 檀香线香", 0.36),
    ("Bed Linen Percale", "Pillow Case Percale", 0.28),
)

# Product, days after which those who use it need it again.
REPLENISHED: tuple[tuple[str, int], ...] = (
    ("Everyday Sencha 日常煎茶", 35),
    ("Dragon Well 龙井", 45),
    ("Coffee Beans House Roast", 28),
    ("Dish Soap Refill", 56),
    ("Scent Refill Jade", 60),
    ("Plant Feed Organic", 75),
    ("Paper Filters 100", 50),
)

# Product, first and last day of the stock-out counted back from the last day of the log.
STOCK_OUTS: tuple[tuple[str, int, int], ...] = (
    ("Jasmine Pearls 茉莉龙珠", 200, 172),
    ("Milk Oolong 金萱乌龙", 120, 99),
    ("Cast Iron Teapot 铸铁壶", 330, 305),
    ("Soy Candle Osmanthus 桂花香薰蜡烛", 30, 12),
    ("Dinner Plate Sand", 7, 0),
)

LOSS_MAKERS: tuple[str, ...] = (
    "Egg Pan",
    "Key Tray",
    "Night Light Moon",
    "Tea Advent Box",
)
BAD_PRODUCTS: tuple[str, ...] = ("Reed Diffuser Fig", "Tea Timer", "Clip Lamp")
BRUSHED_PRODUCTS: tuple[str, ...] = (
    "Travel Tea Bottle 随行泡茶瓶",
    "Silk Eye Mask 真丝眼罩",
    "Desk Lamp Arc",
    "Gongfu Cup Set 功夫茶杯组",
)
CATEGORY_WEIGHTS: dict[str, float] = {
    "Tea": 0.25,
    "Teaware": 0.15,
    "Kitchen": 0.13,
    "Table": 0.12,
    "Home textiles": 0.10,
    "Scents and candles": 0.13,
    "Garden and balcony": 0.07,
    "Lamps and small furniture": 0.05,
}
# Factor on a category's share in the months named (1 = January).
CATEGORY_MONTHS: dict[str, tuple[tuple[int, ...], float]] = {
    "Garden and balcony": ((3, 4, 5, 6), 3.0),
    "Scents and candles": ((10, 11, 12, 1), 1.7),
    "Home textiles": ((10, 11, 12, 1), 1.4),
}
TEA_COST_RISE = 1.06
TEA_COST_RISE_FROM = "2026-01-01"


@dataclass(frozen=True)
class Oddities:
    """How often the log is as untidy as real ones; shares of people or of orders."""

    guest: float = 0.12
    guest_then_account: float = 0.03
    two_accounts: float = 0.015
    shared_email: float = 0.005
    guest_checkout: float = 0.012
    registered_only: float = 0.03
    internal: float = 0.0014
    internal_orders: int = 7
    brushers: float = 0.008
    brushed_orders: float = 10.0
    seller_note: float = 0.4
    anonymous: float = 0.018
    cancelled: float = 0.018
    unpaid: float = 0.003


PROCESS = Process()
SEASON = Season()
SERVICE = Service()
ODDITIES = Oddities()
