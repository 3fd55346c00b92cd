"""What changed, in words: a move as one sentence."""

from __future__ import annotations

from crm_core.text import formats, t
from crm_core.text.numbers import Numbers
from crm_core.views.changes import Changes


def day_facts(found: Changes, language: str) -> dict[str, str]:
    """The first and last day of both periods, as texts name them."""
    now, before = found.pair.now, found.pair.before
    days = {"start": now.start, "end": now.end, "start_before": before.start, "end_before": before.end}  # fmt: skip
    return {name: formats.day(day, language) for name, day in days.items()}


def sentence(found: Changes, numbers: Numbers) -> tuple[str, dict[str, str]]:
    """The key of the text that tells a move, and its facts in words; `numbers` write money."""
    language, moved = numbers.language, found.change
    way = "up" if moved > 0 else "down" if moved < 0 else "same"
    relative = abs(moved / found.before) if found.before else None
    facts = {
        "number": t(f"changes.names.{found.name}", language),
        "now": numbers.write(found.now),
        "before": numbers.write(found.before),
        "change": numbers.write(abs(moved)),
        "relative": formats.percent(relative, language),
    }
    return f"changes.sentence.{way}", facts | day_facts(found, language)
