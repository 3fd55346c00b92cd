"""What needs attention: odd days, stages that shrink, products that fewer buy again or that are sold
out, goals the month will miss, tests that have ended, data that is late, and events ahead."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from crm_core.metrics import METRICS, source_days
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.part_codes import OTHERS, UNKNOWN, name_of
from crm_core.metrics.small_groups import is_guarded, is_small
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.goal_lines import GoalLine, goal_lines
from crm_core.views.goals import Target, month_end

SHOWN: Final = 3
AHEAD_DAYS: Final = 28
STALE_DAYS: Final = 3
_CONTEXT_DAYS = 28  # shown before odd days, to see them beside ordinary ones
_MISSING: Final = ("behind", "unlikely", "very_unlikely")
_DIMENSIONS = {"category", "region", "sales_channel", "segment"}
#: What doubts all the rest comes first, what lies ahead last: the next first, of
#: all others the one with the most money.
_ORDER: Final = ("late", "now", "waiting", "ahead")

Ended = tuple[int, str, date]
"""A campaign whose test is over: number, name, last day."""


@dataclass(frozen=True)
class Finding:
    """One thing to look at. `kind` names its words, `facts` fill them. `money` is its size, None
    where it has none. `page`, `selection`, `question` and `opens` (what the page shows, as its
    address says it) lead to where it can be looked at."""

    kind: str
    starts_on: date
    ends_on: date
    facts: Mapping[str, Any]
    page: str
    urgency: str = "now"
    money: float | None = None
    selection: Selection = field(default_factory=Selection)
    question: Exploration | None = None
    opens: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attention:
    """Findings, the most urgent first. `looked`: series, days, looks, false_alarms (to expect a
    week), products; empty before a refresh has looked. `hidden`: findings on so few people that
    this person may not see them."""

    as_of: date
    findings: tuple[Finding, ...]
    looked: Mapping[str, Any] = field(default_factory=dict)
    hidden: int = 0

    @property
    def first(self) -> tuple[Finding, ...]:
        """Those to show at once."""
        return self.findings[:SHOWN]

    @property
    def rest(self) -> tuple[Finding, ...]:
        """Those behind "all"."""
        return self.findings[SHOWN:]


def attention(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    ended: tuple[Ended, ...] = (),
    targets: tuple[Target, ...] = (),
    today: date | None = None,
) -> Attention:
    """Reads what the last refresh found, and adds what the data, `ended` campaigns and the shop's
    goals (`targets`) tell now.

    `today`: the shop's day, for how old the data is; None where that is not to be told. Filters do
    not count. Findings on few people are left out for who sees no single people.
    """
    del selection
    learned = list(_learned(store))
    kept = [each for each in learned if not (is_guarded(access) and _is_of_few(each.facts))]
    behind = _behind(goal_lines(Selection(), store=store, access=access, targets=targets))
    found = [*_late(store, today), *kept, *behind, *_waiting(ended), *_ahead(store)]
    found.sort(key=_rank)
    return Attention(store.meta.as_of, tuple(found), _looked(store), len(learned) - len(kept))


def _rank(found: Finding) -> tuple[int, float, date]:
    size = 0.0 if found.urgency == "ahead" else -(found.money or 0.0)
    return _ORDER.index(found.urgency), size, found.starts_on


def _looked(store: Store) -> Mapping[str, Any]:
    if not store.has("attention"):
        return {}
    table = store.table("fitted")
    rows = store.fetch(table.filter(table.model == "attention"))
    return {} if rows.empty else json.loads(str(rows["document"].iloc[0]))


def _is_of_few(facts: Mapping[str, Any]) -> bool:
    return any(is_small(facts.get(name)) for name in ("people", "part_people"))


def _learned(store: Store) -> Iterator[Finding]:
    if not store.has("attention"):
        return
    rows = store.fetch(store.table("attention"))
    for row in rows.to_dict("records"):
        people = row["people"]
        facts = json.loads(str(row["facts"]))
        facts["people"] = None if people is None or people != people else int(people)
        starts_on, ends_on = row["starts_on"].date(), row["ends_on"].date()
        yield _LED[row["kind"]](facts, starts_on, ends_on, float(row["money"]))


def _anomaly(facts: dict[str, Any], starts_on: date, ends_on: date, money: float) -> Finding:
    where = tuple(facts["part"]) if facts["part"] else (facts["dimension"], facts["member"])
    direction = "down" if facts["actual"] < facts["expected"] else "up"
    return Finding(
        f"anomaly_{direction}",
        starts_on,
        ends_on,
        facts,
        "explore",
        money=money,
        selection=_around(starts_on - timedelta(_CONTEXT_DAYS), ends_on),
        question=_question(facts["measure"], *where),
    )


def _question(measure: str, dimension: str, member: str) -> Exploration:
    """The measure by day within a part; of "all others" the parts stand beside each other."""
    name = "stage" if dimension == "segment" else dimension
    if dimension not in _DIMENSIONS:
        return Exploration(metrics=(measure,), by=("day",), top=100)
    if member == OTHERS:
        return Exploration(metrics=(measure,), by=(name,), top=100)
    value = "" if member == UNKNOWN else name_of(member)
    return Exploration(metrics=(measure,), by=("day",), where=((name, value),), top=100)


def _around(start: date, end: date) -> Selection:
    return Selection(period="custom", start=start, end=end)


def _shrinking(facts: dict[str, Any], starts_on: date, ends_on: date, money: float) -> Finding:
    return Finding("shrinking", starts_on, ends_on, facts, "movement", money=money)


def _repeat_rate(facts: dict[str, Any], starts_on: date, ends_on: date, money: float) -> Finding:
    before = date.fromisoformat(facts["before_from"])
    where = (("product", str(facts["product_key"])),)
    question = Exploration(metrics=("buyers", "orders"), by=("month",), where=where, top=100)
    selection = _around(before, ends_on)
    return Finding("repeat_rate", starts_on, ends_on, facts, "explore", "now", money, selection, question)  # fmt: skip


def _sold_out(facts: dict[str, Any], starts_on: date, ends_on: date, money: float) -> Finding:
    opens = {"product": str(facts["product_key"])}
    return Finding("sold_out", starts_on, ends_on, facts, "stock", money=money, opens=opens)


_LED: Final = {
    "anomaly": _anomaly,
    "shrinking": _shrinking,
    "repeat_rate": _repeat_rate,
    "sold_out": _sold_out,
}


def _late(store: Store, today: date | None) -> Iterator[Finding]:
    """Data that is old, a source that is silent for longer than usual, scores behind the data."""
    as_of, last = store.meta.as_of, store.meta.last_day
    old = 0 if today is None else (today - last).days
    if old > STALE_DAYS:
        yield Finding("late_data", last, last, {"days": old}, "imports", "late")
    for each in source_days(store, as_of):
        if each.is_late:
            facts = {"source": each.source, "days": each.silent_days, "usual": each.usual_days or 0}
            yield Finding("late_source", each.last, as_of, facts, "changes", "late")
    scored = store.scores_as_of
    if scored is not None and (as_of - scored).days > STALE_DAYS:
        behind = {"days": (as_of - scored).days}
        yield Finding("late_scores", scored, as_of, behind, "trust", "late")


def _behind(lines: Mapping[str, GoalLine]) -> Iterator[Finding]:
    """The shop's goals that the running month will hardly reach."""
    for name, line in lines.items():
        if line.status != "running" or line.verdict not in _MISSING:
            continue
        facts = {"goal": name, **vars(line)}
        kind = "goal_behind" if line.landing is None else "goal_missed"
        gap = None if line.landing is None else line.target - line.landing
        money = gap if METRICS[name].unit == "money" else None
        yield Finding(kind, line.month, month_end(line.month), facts, "goals", money=money)


def _waiting(ended: tuple[Ended, ...]) -> Iterator[Finding]:
    for number, name, day in ended:
        facts = {"campaign": name}
        yield Finding(
            "test_ended", day, day, facts, "campaign", "waiting", opens={"campaign": str(number)}
        )


def _ahead(store: Store) -> Iterator[Finding]:
    """Events that the forecast knows of and that begin, or go on, within the next weeks."""
    as_of = store.scores_as_of
    if as_of is None or not store.has("forecast_events"):
        return
    events = store.table("forecast_events")
    coming = events.filter(~events.is_past).order_by("starts_on", "event").limit(50)
    for row in store.fetch(coming).to_dict("records"):
        starts_on, ends_on = row["starts_on"].date(), row["ends_on"].date()
        days = (starts_on - as_of).days
        if ends_on <= as_of or days > AHEAD_DAYS:
            continue
        extra = None if row["extra"] != row["extra"] else row["extra"]
        facts = {"event": row["event"], "days": max(days, 0), "extra": extra,
                 "times": int(row["times_seen"])}  # fmt: skip
        kind = "event_unknown" if extra is None else "event_more" if extra >= 0 else "event_less"
        money = None if extra is None else abs(float(extra))
        opens = {"event": str(row["event"])}
        yield Finding(kind, starts_on, ends_on, facts, "events", "ahead", money, opens=opens)
