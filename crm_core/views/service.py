"""How customers are served: contacts, waiting times, what comes back, by whom and about what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import hidden, is_guarded, is_small
from crm_core.metrics.care import (
    CARE_METRICS,
    PEOPLE,
    CareMeasured,
    CareMetric,
    measure_care,
    value_of,
    values_of,
)
from crm_core.metrics.care_rules import CareRules
from crm_core.metrics.contact_topics import begun
from crm_core.models.student import share_range
from crm_core.privacy.policy import Access, allowed
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.card import Card, since

SPLITS: Final = (
    "topic", "contact_channel", "agent", "region", "sales_channel", "category", "product",
)  # fmt: skip
#: Times, shares and ratings of fewer contacts are not told: they would rank chance.
LEAST_TOLD: Final = 10
MOST_ROWS: Final = 200
TRENDS: Final = ("reply", "settle", "contact_rate", "csat")
_DAILY, _WEEKLY = 62, 370
_LINES: Final = {
    "reply": ("reply_median", "reply_p90"),
    "settle": ("settle_median", "settle_p90"),
    "contact_rate": ("contact_rate",),
    "csat": ("csat",),
}


@dataclass(frozen=True)
class Service:
    """The figures of a period.

    `has_any` is whether the shop knows of any contact, `has_words` whether of what was written,
    `splits` what it can be split by, `told` the parts that the figures are worked out from, `step`
    by what a trend of so many goes; `csat_range` is where the share of the satisfied lies in 95 of
    100 cases.
    """

    as_of: date
    period: Period
    compared: Period | None
    has_any: bool
    has_words: bool
    splits: tuple[str, ...]
    cards: tuple[Card, ...]
    told: Mapping[str, float]
    step: str
    csat_range: tuple[float, float] | None


@dataclass(frozen=True)
class Split:
    """Contacts by a dimension: code, name (of a product), and each care metric with `<name>_n`,
    csat_low and csat_high.

    Rows with fewest contacts come last, `is_few` where they are too few to be compared; of few
    people all is unknown to who sees no small groups (`is_hidden`). `left_out` rows are not shown.
    """

    by: str
    rows: pd.DataFrame
    left_out: int = 0


def service(selection: Selection, *, store: Store, access: Access, rules: CareRules) -> Service:
    """Measures every care metric in the period and in the compared one."""
    meta = store.meta
    period = selection.resolve(meta.first_day, meta.as_of)
    compared = selection.compared(meta.first_day, meta.as_of)
    known = _known(store)
    now = measure_care(store, rules, selection, period).totals if known["any"] else {}
    before = measure_care(store, rules, selection, compared).totals if now and compared else {}
    few = is_guarded(access) and any(is_small(each.get(PEOPLE)) for each in (now, before))
    cards = (
        tuple(care_card(kind, now, before, few=few) for kind in CARE_METRICS.values())
        if now
        else ()
    )
    rated = int(now.get("rated", 0))
    return Service(
        as_of=meta.as_of,
        period=period,
        compared=compared,
        has_any=bool(known["any"]),
        has_words=bool(known["words"]),
        splits=tuple(
            each for each in SPLITS
            if each != "agent" or (known["agents"] and allowed(access, "call"))
        ),
        cards=cards,
        told={} if few else now,
        step=step_of(period, now.get("contacts", 0.0)),
        csat_range=share_range(int(now["happy"]), rated) if rated and not few else None,
    )  # fmt: skip


def _known(store: Store) -> Mapping[str, int]:
    table = begun(store)
    counts = {"any": table.count(), "agents": table.agent.count(), "words": table.message.count()}
    row = store.fetch(table.agg(**counts)).iloc[0]
    return {str(name): int(value) for name, value in row.items()}


def care_card(
    kind: CareMetric, now: Mapping[str, float], before: Mapping[str, float], *, few: bool
) -> Card:
    """A number of care or delivery, worked out of the parts of two periods (none before: `{}`)."""
    card = Card(
        f"metric.{kind.name}.label",
        value_of(kind, now),
        "money" if kind.unit == "cents" else kind.unit,
        previous=value_of(kind, before) if before else None,
        definition_key=f"metric.{kind.name}.about",
        good=kind.good,
        metric=kind.name,
    )
    return since(card, few=few)


def service_split(
    selection: Selection, *, store: Store, access: Access, rules: CareRules, by: str
) -> Split:
    """The contacts of the period by a dimension, those with most contacts first.

    Raises: CrmError("unknown_choice") for another dimension, or for agents to who sees no names.
    """
    if by not in SPLITS or (by == "agent" and not allowed(access, "call")):
        raise CrmError("unknown_choice", name="by", value=by, match=close_match(by, SPLITS))
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    found = measure_care(store, rules, selection, period, by, totals=False).rows
    rows = _told(found, by, guarded=is_guarded(access))
    shown = rows.head(MOST_ROWS)
    if by == "product":
        shown = named(store, shown)
    return Split(by, shown.reset_index(drop=True), max(len(rows) - MOST_ROWS, 0))


def _told(found: pd.DataFrame, by: str, *, guarded: bool) -> pd.DataFrame:
    """Rows of parts as metrics, less what is about too few contacts or people."""
    rows = values_of(list(CARE_METRICS.values()), found)
    ends = [
        share_range(int(happy), int(rated)) if rated >= LEAST_TOLD else (float("nan"),) * 2
        for happy, rated in zip(found["happy"], found["rated"], strict=True)
    ]
    rows["csat_low"], rows["csat_high"] = zip(*ends, strict=True) if ends else ([], [])
    for name in CARE_METRICS:
        if name not in ("contacts", "contact_rate"):
            rows[name] = rows[name].where(rows[f"{name}_n"] >= LEAST_TOLD)
    rows.insert(0, "code", [code_of_value(value) for value in found[by]])
    away = hidden(found[[PEOPLE]].to_numpy("float64"))[:, 0] if guarded and len(found) else False
    rows["is_hidden"] = away
    rows["is_few"] = found["contacts"].to_numpy() < LEAST_TOLD
    rows = rows.sort_values(
        ["is_few", "contacts", "code"], ascending=[True, False, True], ignore_index=True
    )
    numbers = [name for name in rows.columns if name not in ("code", "is_hidden", "is_few")]
    rows.loc[rows["is_hidden"], numbers] = float("nan")
    return rows


def code_of_value(value: object) -> str:
    """A value of a dimension as a code; "" is unknown, a moment is its day."""
    if value is None or value != value:
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return str(int(value)) if isinstance(value, float) else str(value)


def named(store: Store, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of products (their keys as `code`) with their name."""
    keys = [int(code) for code in rows["code"] if code]
    products = store.table("product_facts")
    found = store.fetch(
        products.filter(products.product_key.isin(keys or [-1])).select(
            "product_key", "product_name"
        )
    )
    names = dict(zip(found["product_key"].astype(int), found["product_name"], strict=True))
    return rows.assign(name=[names.get(int(code), code) if code else "" for code in rows["code"]])


def step_of(period: Period, rows: float, least: int = LEAST_TOLD) -> str:
    """Whether a trend goes by days, weeks or months: so that a point rests on some `least` of the
    period's rows, and there are not too many points.

    >>> march = Period(date(2026, 3, 1), date(2026, 3, 31))
    >>> step_of(march, 900.0), step_of(march, 200.0), step_of(march, 20.0)
    ('day', 'week', 'month')
    """
    a_day = rows / period.days
    if period.days <= _DAILY and a_day >= least:
        return "day"
    return "week" if period.days <= _WEEKLY and a_day * 7 >= least else "month"


def service_trend(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    rules: CareRules,
    shown: str,
    step: str,
) -> pd.DataFrame:
    """Over the period, by day, week or month: day (its first), metric, value, contacts (how many it
    rests on).

    Raises: CrmError("unknown_choice"), ("unknown_dimension").
    """
    if shown not in TRENDS:
        raise CrmError(
            "unknown_choice", name="shown", value=shown, match=close_match(shown, TRENDS)
        )
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    found = measure_care(store, rules, selection, period, step, totals=False)
    return _lines(found, step, shown, guarded=is_guarded(access))


def _lines(found: CareMeasured, step: str, shown: str, *, guarded: bool) -> pd.DataFrame:
    kinds = [CARE_METRICS[name] for name in _LINES[shown]]
    rows = values_of(kinds, found.rows)
    small = pd.Series([guarded and is_small(n) for n in found.rows[PEOPLE]], dtype=bool)
    frames = [
        pd.DataFrame(
            {
                "day": pd.to_datetime(found.rows[step]),
                "metric": kind.name,
                "value": rows[kind.name]
                .astype("float64")
                .mask(small | (rows[f"{kind.name}_n"] < LEAST_TOLD)),
                "contacts": rows[f"{kind.name}_n"],
            }
        )
        for kind in kinds
    ]
    return pd.concat(frames, ignore_index=True).dropna(subset=["value"])
