"""What changed, as a section of a report: the exact split of the move, and the groups behind it."""

from __future__ import annotations

from crm_core.documents import Block, Section, Steps, Table
from crm_core.text import t
from crm_core.text.numbers import Numbers
from crm_core.views.change_words import sentence
from crm_core.views.changes import FEW, REST, UNKNOWN, Changes, bars_shown
from crm_core.views.report import Report

_GROUPS = 8
_AMOUNTS = ("change", "now", "before")


def changes_section(view: Report, language: str) -> Section | None:
    """The section, or None where nothing was split."""
    found = view.changes
    if found is None or found.groups.empty:
        return None
    numbers = Numbers("money", language, view.currency)
    blocks: list[Block] = [_steps(found, numbers, language)]
    if not _tells_of_few(view, found):
        blocks.append(_groups(found, numbers, language))
    key, facts = sentence(found, numbers)
    return Section(t("report.changed", language), tuple(blocks), t(key, language, **facts))


def _tells_of_few(view: Report, found: Changes) -> bool:
    """Whether the table of categories and that of groups, which hide small ones in two ways,
    would together tell what each of them hides."""
    return FEW in set(found.groups["code"]) or any(line.hidden for line in view.categories)


def _steps(found: Changes, numbers: Numbers, language: str) -> Steps:
    shown = bars_shown(found.bars)
    amounts = [found.bars[bar] for bar in shown]
    return Steps(
        t("changes.steps", language),
        tuple(t(f"changes.bar.{bar}", language) for bar in (*shown, "total")),
        (*amounts, round(sum(amounts), 2)),
        numbers,
    )


def _groups(found: Changes, numbers: Numbers, language: str) -> Table:
    told = found.groups.to_dict("records")
    names: list[tuple[str, str]] = []
    amounts: list[list[float]] = []
    for row in told[:_GROUPS]:
        names.append((_name(str(row["code"]), language), t(f"changes.bar.{row['main']}", language)))
        amounts.append([row[name] for name in _AMOUNTS])
    if rest := told[_GROUPS:]:
        names.append((t("changes.group_words._rest", language), ""))
        amounts.append([sum(row[name] for row in rest) for name in _AMOUNTS])
    columns = [numbers.write_all(column) for column in zip(*amounts, strict=True)]
    moved = [
        f"+{words}" if row[0] > 0 else words for words, row in zip(columns[0], amounts, strict=True)
    ]
    rows = [
        (name, *cells, main)
        for (name, main), *cells in zip(names, moved, *columns[1:], strict=True)
    ]
    heads = [t(f"changes.column.{name}", language) for name in (*_AMOUNTS, "main")]
    return Table(
        t("changes.groups", language), (t("changes.grouping.category", language), *heads),
        tuple(rows), note=t("report.changed_note", language),
    )  # fmt: skip


def _name(code: str, language: str) -> str:
    is_named = code in (UNKNOWN, FEW, REST)
    return t(f"changes.group_words.{code}", language) if is_named else code
