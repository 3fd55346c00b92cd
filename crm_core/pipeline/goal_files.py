"""Lists of goals out of files: metric, month, sales channel, target. Good rows are kept; what is
wrong with the others is told by file, row and column, with what to do."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from crm_core.errors import CrmError, close_match
from crm_core.metrics import METRICS
from crm_core.metrics.goals import GOAL_METRICS, WHOLE
from crm_core.pipeline.goal_values import Mark, amount_of, decimal_mark, month_of
from crm_core.records import GoalKey
from crm_core.store.imports.contract import SourceFile
from crm_core.store.imports.opened import open_tables
from crm_core.store.imports.textfile import read_text
from crm_core.text import has, t

MOST_ROWS: Final = 20_000
_CELL = 60
_MOST_TARGET = 1e13
_NEEDED: Final = ("metric", "month", "target")
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "metric": ("metric", "measure", "kpi", "指标"),
    "month": ("month", "period", "date", "月份", "月"),
    "sales_channel": ("sales channel", "channel", "渠道", "销售渠道"),
    "target": ("target", "goal", "budget", "plan", "目标", "目标值", "预算"),
}
_SHOP: Final = ("", "all", "whole shop", "shop total", "total", "全店", "全部")


@dataclass(frozen=True)
class GoalIssue:
    """What is wrong with a row: a code (words: `goals.issues.<code>`, `goals.remedies.<code>`)."""

    file: str
    row: int
    column: str
    code: str
    facts: Mapping[str, object]

    def words(self, language: str) -> str:
        """What is wrong."""
        return t(f"goals.issues.{self.code}", language, **self.facts)

    def remedy(self, language: str) -> str:
        """What to do about it."""
        words, match = (
            t(f"goals.remedies.{self.code}", language, **self.facts),
            self.facts.get("match"),
        )
        return f"{words} {t('error.did_you_mean', language, match=match)}" if match else words


@dataclass(frozen=True)
class GoalFile:
    """The goals of a file, how many rows it has, and what is to be said of some of them."""

    rows: int
    taken: int
    targets: Mapping[GoalKey, float]
    issues: tuple[GoalIssue, ...]

    @property
    def refused(self) -> int:
        """How many rows were not taken."""
        return self.rows - self.taken


def read_goals(path: Path, *, name: str, channels: Collection[str]) -> GoalFile:
    """The goals in a CSV file or workbook. `channels` are those the shop knows: a goal of another
    is taken and told.

    Raises: CrmError of files that cannot be read, ("goals_columns", file, missing, known) where
    no table has the columns, ("goals_too_many", limit).
    """
    reading = _Reading(channels)
    refused: list[CrmError] = []
    read = 0
    for table in open_tables([SourceFile(path, name)]):
        try:
            reading.take(table)
            read += 1
        except CrmError as error:
            if error.code == "goals_too_many":
                raise
            refused.append(error)
    if not read:
        # of a workbook the sheet that comes nearest is not known: the first speaks for all
        raise refused[0]
    return reading.told()


@dataclass
class _Reading:
    """What was read so far, over all sheets of a file."""

    channels: Collection[str]
    rows: int = 0
    taken: int = 0
    targets: dict[GoalKey, float] = field(default_factory=dict)
    places: dict[GoalKey, int] = field(default_factory=dict)
    issues: list[GoalIssue] = field(default_factory=list)

    def take(self, table: SourceFile) -> None:
        """Reads one table."""
        text = read_text(table)
        with text.source.path.open(encoding=text.encoding, errors="replace", newline="") as lines:
            rows = csv.reader(lines, delimiter=text.delimiter)
            cells = list(islice(rows, text.header_row + MOST_ROWS))
            if next(rows, None) is not None:
                raise CrmError("goals_too_many", limit=MOST_ROWS)
        head = text.header_row - 1
        places = _columns(cells[head], table.name)
        below = [
            (number + table.row_shift, _picked(row, places))
            for number, row in enumerate(cells[head + 1 :], text.header_row + 1)
            if any(cell.strip() for cell in row)
        ]
        self.rows += len(below)
        if self.rows > MOST_ROWS:
            raise CrmError("goals_too_many", limit=MOST_ROWS)
        known: Mark = "." if table.decimal == "dot" else ""
        mark = known or decimal_mark(row["target"] for _, row in below)
        names = {role: cells[head][place].strip("\ufeff ") for role, place in places.items()}
        for number, row in below:
            self._row(table.name, number, row, mark, names)

    def told(self) -> GoalFile:
        """The file as it was read."""
        return GoalFile(self.rows, self.taken, self.targets, tuple(self.issues))

    def _row(
        self, file: str, number: int, row: dict[str, str], mark: Mark, names: Mapping[str, str]
    ) -> None:
        def wrong(role: str, code: str, **facts: object) -> None:
            shown = {"value": row.get(role, "")[:_CELL], **facts}
            self.issues.append(GoalIssue(file, number, names.get(role, role), code, shown))

        name, month = _metric(row["metric"]), month_of(row["month"])
        before = len(self.issues)
        if not name:
            match = close_match(row["metric"].casefold(), _metric_words())
            wrong("metric", "metric_unknown", match=match, known=", ".join(GOAL_METRICS))
        if month is None:
            wrong("month", "month_unclear")
        target = _target(row["target"], mark, name)
        if isinstance(target, str):
            wrong("target", target)
        channel = _channel(row.get("sales_channel", ""), self.channels)
        if channel is None:
            wrong("sales_channel", "channel_long")
        if len(self.issues) > before or month is None or channel is None or isinstance(target, str):
            return
        key = GoalKey(name, month, channel)
        if self.targets.get(key, target) != target:
            wrong("target", "twice", other=self.places[key])
            return
        if channel != WHOLE and channel not in self.channels and key not in self.targets:
            match = close_match(channel, self.channels)
            wrong("sales_channel", "channel_new", match=match)
        self.targets[key] = target
        self.places.setdefault(key, number)
        self.taken += 1


def _columns(header: Sequence[str], file: str) -> dict[str, int]:
    """Where each column is.

    Raises: CrmError("goals_columns", file, missing, known).
    """
    seen = [" ".join(cell.strip("\ufeff ").casefold().replace("_", " ").split()) for cell in header]
    found = {
        role: [at for at, word in enumerate(seen) if word in words]
        for role, words in _NAMES.items()
    }
    places = {role: at[0] for role, at in found.items() if at}
    missing = [role for role in _NEEDED if role not in places]
    if missing:
        known = ", ".join(("metric", "month", "channel", "target"))
        raise CrmError("goals_columns", file=file, missing=", ".join(missing), known=known)
    return places


def _picked(row: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    return {role: row[at].strip() if at < len(row) else "" for role, at in places.items()}


def _metric_words() -> dict[str, str]:
    """What each metric that may have goals is called: its code, and its names in both languages."""
    found = {name: name for name in GOAL_METRICS}
    for name in GOAL_METRICS:
        found[name.replace("_", " ")] = name
        for language in ("en", "zh"):
            found[t(f"metric.{name}.label", language).casefold()] = name
    return found


def _metric(text: str) -> str:
    return _metric_words().get(" ".join(text.casefold().split()), "")


def _channel(text: str, known: Collection[str]) -> str | None:
    """The code of a channel, by its code or one of its names; None for what can be none."""
    words = " ".join(text.split())
    folded = words.casefold()
    if folded in _SHOP and words not in known:
        return WHOLE
    if words in known:
        return words
    for code in known:
        if folded == code.casefold():
            return code
        key = f"overview.channels_named.{code}"
        if any(has(key, one) and folded == t(key, one).casefold() for one in ("en", "zh")):
            return code
    return words if len(words) <= 200 and words.isprintable() else None


def _target(text: str, mark: Mark, name: str) -> float | str:
    """A target, or the code of what is wrong with it."""
    if not text:
        return "target_missing"
    found = amount_of(text, mark)
    if found is None:
        return "target_unclear"
    value, percent = found
    if not 0 < value < _MOST_TARGET:
        return "target_not_positive"
    if name and METRICS[name].unit == "rate":
        return value if value <= 1 else "target_no_share"
    return "target_percent" if percent and name else value
