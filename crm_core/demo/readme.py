"""The page that lies beside the demo data: what it is, and everything planted in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any


def readme(truths: dict[str, Any]) -> str:
    """The README of a made shop, with every true value filled in."""
    text = Path(__file__).with_name("readme.md").read_text(encoding="utf-8")
    for name, part in _parts(truths).items():
        text = text.replace("{" + name + "}", part)
    return text


def _parts(truths: dict[str, Any]) -> dict[str, str]:
    shop, totals, process = truths["shop"], truths["totals"], truths["process"]
    season, service, people = truths["season"], truths["service"], truths["people"]
    return {
        "customers": f"{shop['customers']:,}",
        "plain_customers": str(shop["customers"]),
        "start_day": shop["start_day"],
        "end_day": shop["end_day"],
        "seed": str(shop["seed"]),
        "totals": _table(("what", "value"), totals.items()),
        "process": _table(("parameter", "value"), process.items()),
        "acquisition": _table(
            ("source", "share", "rate x", "order value x", "cost of a newcomer (EUR)"),
            ((name, *source.values()) for name, source in truths["acquisition"].items()),
        ),
        "weekday": ", ".join(str(value) for value in season["weekday"]),
        "month": ", ".join(str(value) for value in season["month"]),
        "events": _table(
            ("event", "orders of its days x"),
            (
                (name, season[name])
                for name in (
                    "singles_day",
                    "midyear",
                    "black_friday",
                    "tea_weeks",
                    "lunar_new_year",
                    "christmas",
                )
            ),
        ),
        "service": _table(
            ("parameter", "value"), ((k, v) for k, v in service.items() if k != "slow_replies")
        ),
        "slow_contacts": str(service["slow_replies"]["contacts"]),
        "campaigns": _table(
            ("campaign", "sent on", "treated", "control", "true lift (buyers within 30 days)"),
            (
                (c["campaign"], c["sent_on"], c["treated"], c["control"], _percent(c["true_lift"]))
                for c in truths["campaigns"]
            ),
        ),
        "pairs": _table(
            ("bought", "takes along", "chance", "odds"),
            (
                (p["first"]["product"], p["second"]["product"], p["chance"], p["odds"])
                for p in truths["pairs"]
            ),
        ),
        "replenishment": _table(
            ("product", "days", "people who use it up"),
            ((r["product"], r["interval_days"], r["customers"]) for r in truths["replenishment"]),
        ),
        "stock_outs": _table(
            ("product", "first day", "last day"),
            ((s["product"], s["first_day"], s["last_day"]) for s in truths["stock_outs"]),
        ),
        "loss_makers": _names(truths["products"]["loss_makers"]),
        "badly_made": _names(truths["products"]["badly_made"]),
        "brushed_products": _names(truths["products"]["brushed"]),
        "refund_chances": _table(
            ("category", "refund chance of a line in time"),
            truths["products"]["refund_chance_a_line"].items(),
        ),
        "people": _table(
            ("what", "accounts"),
            ((name, len(who)) for name, who in people.items() if isinstance(who, list)),
        ),
        "brushed_count": str(len(truths["brushed_orders"])),
    }


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _names(products: list[dict[str, str]]) -> str:
    return ", ".join(f"{p['product']} ({p['product_id']})" for p in products)


def _percent(value: float) -> str:
    return f"{value * 100:.2f} points"
