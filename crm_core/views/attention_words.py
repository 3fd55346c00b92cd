"""Findings in words: plain sentences, to be made harmless where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from crm_core.metrics import METRICS
from crm_core.metrics.part_codes import OTHERS, UNKNOWN, name_of
from crm_core.text import formats, has, t
from crm_core.views.attention import Attention, Finding

_TOTAL, _OWN = "total", "own:"


def title(found: Finding, currency: str, language: str) -> str:
    """What it is, with its size."""
    return t(f"attention.{found.kind}.title", language, **_words(found, currency, language))


def reason(found: Finding, currency: str, language: str) -> str:
    """What it is held against, and what goes with it."""
    words = _words(found, currency, language)
    told = [t(f"attention.{found.kind}.reason", language, **words)]
    if found.facts.get("part"):
        told.append(t("attention.part", language, **words))
    if found.facts.get("also"):
        told.append(t("attention.also", language, **words))
    return " ".join(told)


def looked_words(found: Attention, language: str) -> str:
    """How much was looked at, and the false alarms to expect."""
    if not found.looked:
        return t("attention.not_looked", language)
    looked = found.looked
    facts = {
        "series": formats.number(looked["series"], language),
        "days": formats.number(looked["days"], language),
        "products": formats.number(looked.get("products", 0), language),
        "alarms": formats.number(looked["false_alarms"], language, 1),
    }
    key = "attention.looked" if looked["series"] else "attention.looked_no_forecast"
    return t(key, language, **facts)


def event_name(code: str, language: str) -> str:
    """A shopping event by its name, the shop's own by the shop's."""
    key = f"forecast.event.{code}"
    return t(key, language) if has(key, language) else code.removeprefix(_OWN)


def days_words(first: date, last: date, language: str) -> str:
    """A day, or from when to when."""
    start, end = formats.day(first, language), formats.day(last, language)
    return start if first == last else t("attention.days", language, first=start, last=end)


def _words(found: Finding, currency: str, language: str) -> dict[str, str]:
    """All facts as people write them; names of the shop as they stand."""
    facts = found.facts
    words = {name: _word(name, value, currency, language) for name, value in facts.items()}
    words |= {
        "money": formats.money(found.money, currency, language, 0),
        "when": days_words(found.starts_on, found.ends_on, language),
        "from": formats.day(found.starts_on, language),
        "to": formats.day(found.ends_on, language),
    }
    if "goal" in facts:
        words |= _of_goal(facts, currency, language)
    if "measure" in facts:
        words |= _of_measure(facts, currency, language)
    if "product_key" in facts and "low" in facts:
        words |= {
            f"{name}_rate": formats.percent(facts[name], language) for name in ("low", "high")
        }
    if "event" in facts:
        words["event"] = event_name(str(facts["event"]), language)
    if "source" in facts:
        words["source"] = t(f"changes.source.{facts['source']}", language)
    if "stage" in facts:
        words |= _of_stage(facts, language)
    return words


def _word(name: str, value: Any, currency: str, language: str) -> str:
    if name == "since" or name.startswith("before_"):
        return formats.day(date.fromisoformat(value), language)
    if name == "extra":
        return formats.money(None if value is None else abs(value), currency, language, 0)
    if isinstance(value, float):
        return formats.number(value, language, 1)
    if isinstance(value, int):
        return formats.number(value, language)
    return str(value)


def _of_measure(facts: Mapping[str, Any], currency: str, language: str) -> dict[str, str]:
    write = partial(_write, METRICS[facts["measure"]].unit, currency, language)
    gap = facts["actual"] - facts["expected"]
    share = abs(gap) / facts["expected"] if facts["expected"] > 0 else None
    also = [t(f"metric.{name}.label", language) for name in facts["also"]]
    part = facts["part"] or ("", "")
    return {
        "measure": t(f"metric.{facts['measure']}.label", language),
        "where": _member(facts["dimension"], facts["member"], language),
        "gap": write(abs(gap)),
        "share": formats.percent(share, language, 0),
        "actual": write(facts["actual"]),
        "expected": write(facts["expected"]),
        "low": write(facts["low"]),
        "high": write(facts["high"]),
        "also": t("attention.comma", language).join(also),
        "part": _member(part[0], part[1], language) if part[0] else "",
        "part_share": formats.percent(min(facts["part_share"], 1.0), language, 0),
    }


def _of_goal(facts: Mapping[str, Any], currency: str, language: str) -> dict[str, str]:
    write = partial(_write, METRICS[facts["goal"]].unit, currency, language)
    known = {name: facts[name] for name in ("target", "actual", "landing")}
    return {
        "goal": t(f"metric.{facts['goal']}.label", language),
        "month": formats.month(facts["month"], language),
        "share": formats.percent(facts["reached"], language, 0),
        "usual": formats.percent(facts["usual"], language, 0),
        **{name: write(value) for name, value in known.items() if value is not None},
    }


def _write(unit: str, currency: str, language: str, value: float) -> str:
    if unit == "money":
        return formats.money(value, currency, language, 0)
    return formats.number(value, language)


def _of_stage(facts: Mapping[str, Any], language: str) -> dict[str, str]:
    return {
        "stage": t(f"lifecycle.{facts['stage']}.name", language),
        "fewer": formats.number(facts["then"] - facts["now"], language),
        "change": formats.percent(facts["now"] / facts["then"] - 1, language, 0),
        "usual_low": formats.percent(facts["usual_low"], language, 0),
        "usual_high": formats.percent(facts["usual_high"], language, 0),
    }


def _member(dimension: str, member: str, language: str) -> str:
    """A part of the shop in words."""
    if dimension == _TOTAL:
        return t("attention.whole_shop", language)
    kind = "stage" if dimension == "segment" else dimension
    label = t(f"dimension.{kind}.label", language)
    if member == UNKNOWN:
        return t(f"dimension.{kind}.unknown", language)
    if member == OTHERS:
        return t("attention.others", language, dimension=label)
    member = name_of(member)
    key = f"overview.channels_named.{member}" if dimension == "sales_channel" else ""
    key = f"lifecycle.{member}.name" if dimension == "segment" else key
    name = t(key, language) if key and has(key, language) else member
    return t("attention.member", language, dimension=label, member=name)
