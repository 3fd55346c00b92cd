"""The most telling things in a shop's data: each with its money, its reason and where to look.

Every candidate names its period and is told only where the data can carry it: no margin without
costs, no comparison without a year before, nothing about segments before they were made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from crm_core.audiences import people, tenths
from crm_core.metrics import daily, measure, scope
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.text import formats, t
from crm_core.views.people import is_scored

MOST = 5
AT_RISK = ("needs_attention", "at_risk", "cannot_lose")
_YEAR, _QUARTER, _MONTH = 365, 90, 30
_FALL = 0.1  # less is within what any shop varies by
_UNKNOWN = 0.05
_REFUNDS_ABOVE = 1.5  # times the shop's own rate
_REFUND_RATE = 0.02
_TURN = 364  # days after which weekdays meet themselves
_SEASON = 1.25  # times what the weeks around bring
_AROUND = 60  # days before and after
_FEW_BUYERS = 30  # of a source: fewer tell nothing
_GAP = 1.5  # times as much a buyer


@dataclass(frozen=True)
class Telling:
    """One thing worth knowing. `money` is what is at stake in `period`; `facts` fill the words of
    `title_key` and `about_key`; `page` and `selection` lead to where it can be looked at."""

    code: str
    money: float
    period: Period
    facts: Mapping[str, Any]
    page: str
    selection: Selection

    @property
    def title_key(self) -> str:
        """The key of the sentence that says it."""
        return f"telling.{self.code}.title"

    @property
    def about_key(self) -> str:
        """The key of its definition: what was counted, over which days."""
        return f"telling.{self.code}.about"

    def words(self, currency: str, language: str) -> dict[str, str]:
        """`facts`, `money` and the period as people write them, for both keys."""
        words = {name: _word(name, value, currency, language) for name, value in self.facts.items()}
        return words | {
            "money": formats.money(self.money, currency, language),
            "from": formats.day(self.period.start, language),
            "to": formats.day(self.period.end, language),
        }

    def title(self, currency: str, language: str) -> str:
        """The sentence that says it."""
        return t(self.title_key, language, **self.words(currency, language))


@dataclass(frozen=True)
class _Shop:
    """What the candidates look at."""

    store: Store
    year: Period
    selection: Selection

    def link(self, **parts: Any) -> Selection:
        return Selection(language=self.selection.language, **parts)

    def sales(self, period: Period) -> Any:
        return scope(self.store, Selection(), period)

    def before(self, period: Period) -> tuple[Period, str] | None:
        """The period to compare with: a year before where the log goes back so far, else the one
        just before; and what it is called in a selection."""
        for other, name in ((period.year_before(), "year"), (period.before(), "previous")):
            if other.start >= self.store.meta.first_day:
                return other, name
        return None


def telling(
    selection: Selection, *, store: Store, access: Access, most: int = MOST
) -> tuple[Telling, ...]:
    """The things with the most money at stake, greatest first; filters do not count, names nobody."""
    del access
    as_of = store.meta.as_of
    start = max(store.meta.first_day, as_of - timedelta(_YEAR - 1))
    shop = _Shop(store, Period(start, as_of), selection)
    found = [each for candidate in _CANDIDATES for each in candidate(shop) if each.money > 0]
    return tuple(sorted(found, key=lambda each: (-each.money, each.code))[:most])


def _word(name: str, value: Any, currency: str, language: str) -> str:
    if isinstance(value, str):
        return value
    if name.endswith(("share", "rate", "change")):
        return formats.percent(value, language)
    if name.endswith(("revenue", "per_buyer")):
        return formats.money(value, currency, language)
    return formats.number(value, language, 1 if isinstance(value, float) else 0)


def _repeat_buyers(shop: _Shop) -> Iterator[Telling]:
    """Revenue of orders that were not their buyer's first in the log."""
    rows = shop.sales(shop.year)
    every = measure(shop.store, ("keyed_revenue",), rows=rows).totals["keyed_revenue"] or 0.0
    again = measure(
        shop.store, ("revenue", "buyers"), rows=rows, where=lambda row: row.order_no > 1
    ).totals
    revenue = again["revenue"] or 0.0
    if every > 0 and revenue > 0:
        facts = {"share": revenue / every, "buyers": int(again["buyers"] or 0)}
        yield Telling(
            "repeat_buyers", revenue, shop.year, facts, "segments", shop.link(period="12m")
        )


def _at_risk(shop: _Shop) -> Iterator[Telling]:
    """What repeat buyers who have gone quiet brought in the past year."""
    if not is_scored(shop.store) or shop.store.scores_as_of is None:
        return
    table = people(shop.store)
    quiet = table.filter(table.segment.isin(AT_RISK))
    row = shop.store.fetch(quiet.agg(n=quiet.count(), money=quiet.revenue_365d.sum())).iloc[0]
    as_of = shop.store.scores_as_of
    period = Period(as_of - timedelta(_YEAR - 1), as_of)
    yield Telling("at_risk", _number(row["money"]), period, {"customers": int(row["n"])}, "customers",
                  shop.link(segment=AT_RISK))  # fmt: skip


def _concentration(shop: _Shop) -> Iterator[Telling]:
    """What the tenth of the year's buyers who spent most brought."""
    if not is_scored(shop.store) or shop.store.scores_as_of is None:
        return
    table = people(shop.store)
    bought = table.filter(table.revenue_365d > 0)
    parts = (
        shop.store.fetch(tenths(bought, "revenue_365d")).set_index("decile")["value"].astype(float)
    )
    if len(parts) < 10:
        return
    as_of = shop.store.scores_as_of
    period = Period(as_of - timedelta(_YEAR - 1), as_of)
    facts = {"share": float(parts.loc[1] / parts.sum())}
    yield Telling("concentration", float(parts.loc[1]), period, facts, "customers", shop.link())


def _unknown_buyers(shop: _Shop) -> Iterator[Telling]:
    """Revenue of orders that tell no buyer."""
    found = measure(shop.store, ("revenue", "keyed_revenue"), rows=shop.sales(shop.year)).totals
    revenue = found["revenue"] or 0.0
    unknown = revenue - (found["keyed_revenue"] or 0.0)
    if revenue > 0 and unknown / revenue >= _UNKNOWN:
        facts = {"share": unknown / revenue}
        yield Telling(
            "unknown_buyers", unknown, shop.year, facts, "overview", shop.link(period="12m")
        )


def _falling_category(shop: _Shop) -> Iterator[Telling]:
    """The category that lost most revenue against the same days a year before, or just before."""
    now = Period(shop.year.end - timedelta(_QUARTER - 1), shop.year.end)
    compared = shop.before(now)
    if compared is None:
        return
    then, name = compared
    new, old = (_by(shop, "category", ("revenue",), period)["revenue"] for period in (now, then))
    fall = old.sub(new.reindex(old.index), fill_value=0.0)
    fall = fall[(old > 0) & (fall > old * _FALL)]
    if fall.empty or len(old) < 2:
        return
    worst = str(fall.idxmax())
    facts = {
        "category": worst,
        "change": -float(fall.max() / old[worst]),
        "before_revenue": float(old[worst]),
    }
    link = shop.link(period="90d", compare=name, category=(worst,))
    yield Telling("falling_category", float(fall.max()), now, facts, "overview", link)


def _refunds(shop: _Shop) -> Iterator[Telling]:
    """The category with the most refunds of those far above the shop's own rate."""
    names = ("refunds", "revenue", "refund_rate")
    every = measure(shop.store, names, rows=shop.sales(shop.year)).totals["refund_rate"] or 0.0
    rows = _by(shop, "category", names, shop.year)
    rows = rows[
        (rows["refund_rate"] >= _REFUND_RATE) & (rows["refund_rate"] >= every * _REFUNDS_ABOVE)
    ]
    if rows.empty:
        return
    worst = str(rows["refunds"].idxmax())
    facts = {"category": worst, "rate": float(rows["refund_rate"][worst]), "shop_rate": every}
    link = shop.link(period="12m", category=(worst,))
    yield Telling("refunds", float(rows["refunds"][worst]), shop.year, facts, "overview", link)


def _losses(shop: _Shop) -> Iterator[Telling]:
    """Goods sold for less than they cost, refunds taken off; only products whose costs are known."""
    facts = shop.store.table("product_facts")
    goods = facts.filter(facts.product_kind.isnull()).select(
        "product_key", "product_name", "category"
    )
    rows = shop.sales(shop.year)
    summed = rows.group_by("product_key").agg(
        margin=(rows.gross - rows.discount - rows.refund - rows.goods_cost.fill_null(0)).sum(),
        unknown=rows.count(where=rows.goods_cost.isnull()),
    )
    lost = summed.filter((summed.unknown == 0) & (summed.margin < 0)).join(goods, "product_key")
    row = shop.store.fetch(lost.agg(products=lost.count(), money=lost.margin.sum())).iloc[0]
    if not row["products"]:
        return
    worst = shop.store.fetch(lost.order_by("margin", "product_key").limit(1)).iloc[0]
    told = {"products": int(row["products"]), "product": str(worst["product_name"]),
            "product_revenue": _number(worst["margin"])}  # fmt: skip
    category = () if pd.isna(worst["category"]) else (str(worst["category"]),)
    yield Telling("losses", -_number(row["money"]), shop.year, told, "overview",
                  shop.link(period="12m", category=category))  # fmt: skip


def _fewer_newcomers(shop: _Shop) -> Iterator[Telling]:
    """First-time buyers against the same days a year before, at what a first order brings."""
    now = Period(shop.year.end - timedelta(_QUARTER - 1), shop.year.end)
    compared = shop.before(now)
    known_from = shop.store.meta.already_until
    if compared is None or (known_from is not None and compared[0].start <= known_from):
        return
    then, name = compared
    new = measure(
        shop.store, ("new_buyers", "revenue"), rows=shop.sales(now), where=lambda row: row.is_new
    ).totals
    old = measure(shop.store, ("new_buyers",), rows=shop.sales(then)).totals["new_buyers"] or 0.0
    came = new["new_buyers"] or 0.0
    if came > 0 and old - came > old * _FALL:
        first = (new["revenue"] or 0.0) / came
        facts = {
            "buyers": int(came),
            "before": int(old),
            "change": came / old - 1,
            "first_per_buyer": first,
        }
        link = shop.link(period="90d", compare=name)
        yield Telling("fewer_newcomers", (old - came) * first, now, facts, "overview", link)


def _sources(shop: _Shop) -> Iterator[Telling]:
    """The best and the worst source by what a buyer of theirs brought in the year."""
    rows = _by(shop, "acquisition_source", ("revenue", "buyers"), shop.year)
    rows = rows[rows["buyers"] >= _FEW_BUYERS]
    if len(rows) < 2:
        return
    each = rows["revenue"] / rows["buyers"]
    best, worst = str(each.idxmax()), str(each.idxmin())
    if each[best] < each[worst] * _GAP:
        return
    facts = {"best": best, "worst": worst, "best_per_buyer": float(each[best]),
             "worst_per_buyer": float(each[worst])}  # fmt: skip
    money = float((each[best] - each[worst]) * rows.loc[worst, "buyers"])
    yield Telling("sources", money, shop.year, facts, "customers", shop.link())


def _season(shop: _Shop) -> Iterator[Telling]:
    """The thirty days of the next ninety that stood furthest above the weeks around last year, and
    stood above them the year before that too: once is no season."""
    as_of, first = shop.year.end, shop.store.meta.first_day
    ahead = Period(as_of + timedelta(1), as_of + timedelta(_QUARTER)).year_before()
    since = ahead.start - timedelta(_TURN + _AROUND)
    if since < first:
        return
    days = daily(shop.store, ("revenue",), Selection(), since=since)["revenue"]
    around = days.rolling(2 * _AROUND + _MONTH).sum().shift(-_AROUND)
    month = days.rolling(_MONTH).sum()
    usual = (around - month) / (2 * _AROUND) * _MONTH
    more = (month - usual).loc[
        pd.Timestamp(ahead.start + timedelta(_MONTH - 1)) : pd.Timestamp(ahead.end)
    ]
    if more.dropna().empty:
        return
    last = more.idxmax()
    turns = (last, last - pd.Timedelta(days=_TURN))
    if any(not usual[turn] > 0 or month[turn] < usual[turn] * _SEASON for turn in turns):
        return
    period = Period(last.date() - timedelta(_MONTH - 1), last.date())
    coming = Period(period.start + timedelta(_TURN), period.end + timedelta(_TURN))
    facts = {"above_share": float(month[last] / usual[last] - 1),
             "ahead_from": formats.day(coming.start, shop.selection.language),
             "ahead_to": formats.day(coming.end, shop.selection.language)}  # fmt: skip
    yield Telling("season", float(more[last]), period, facts, "forecast", shop.link())


_CANDIDATES: tuple[Callable[[_Shop], Iterator[Telling]], ...] = (
    _repeat_buyers,
    _at_risk,
    _concentration,
    _unknown_buyers,
    _falling_category,
    _refunds,
    _losses,
    _fewer_newcomers,
    _sources,
    _season,
)


def _by(shop: _Shop, dimension: str, names: tuple[str, ...], period: Period) -> pd.DataFrame:
    """Metrics by a dimension's known values, which are the index."""
    rows = measure(shop.store, names, rows=shop.sales(period), by=(dimension,), totals=False).rows
    known = rows[rows[dimension].notna()].set_index(dimension)
    return known.astype("float64")


def _number(value: Any) -> float:
    return 0.0 if value is None or value != value else float(value)
