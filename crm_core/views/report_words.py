"""The report in words: cover, sections and foot, in no file's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from crm_core.documents import (
    Bars,
    Block,
    Document,
    Figure,
    Figures,
    Lines,
    Note,
    Point,
    Points,
    Role,
    Section,
    Series,
    Table,
    Text,
)
from crm_core.metrics import METRICS
from crm_core.metrics.explore import WHOLE
from crm_core.records import Reported
from crm_core.selection import Period
from crm_core.text import formats, t
from crm_core.text.numbers import Numbers
from crm_core.views.attention_words import looked_words, reason, title
from crm_core.views.card import Card
from crm_core.views.code_words import segment_name
from crm_core.views.report import BY_CATEGORY, Report
from crm_core.views.report_changes import changes_section
from crm_core.views.report_filters import asked_of, channel_name, filter_words

MOST_COMMENT = 6_000
_CHANNELS = 8
_OTHERS = "_others"
_ADDED_UP = ("net_revenue", "contribution", "orders")


@dataclass(frozen=True)
class Wording:
    """What is needed to word a report besides itself. `now` is the moment in the shop's time,
    `earlier` the reports made of the month, the latest first, `comment` what somebody wrote."""

    language: str
    now: datetime
    earlier: Sequence[Reported] = ()
    comment: str = ""


def report_name(month: date, language: str) -> str:
    """What a report is called in file names and the log."""
    return t("report.file", language, month=f"{month:%Y-%m}")


def reported(view: Report, *, user: str, now: datetime) -> Reported:
    """What is remembered of a report."""
    return Reported(
        view.month.start, asked_of(view.selection), view.snapshot, view.headline, now, user
    )


def document(view: Report, wording: Wording) -> Document:
    """The whole report."""
    return _Writer(view, wording).document()


@dataclass(frozen=True)
class _Writer:
    view: Report
    wording: Wording

    @property
    def language(self) -> str:
        return self.wording.language

    def t(self, key: str, **facts: object) -> str:
        return t(key, self.language, **facts)

    def day(self, day: date | None) -> str:
        return formats.day(day, self.language)

    def month(self, day: date) -> str:
        return formats.month(day, self.language)

    def numbers(self, unit: str) -> Numbers:
        return Numbers(unit, self.language, self.view.currency)

    def document(self) -> Document:
        view = self.view
        made = (
            self._figures(), self._restated(), self._comment(), self._days(), self._parts(),
            changes_section(view, self.language), self._segments(), self._ahead(), self._attention(),
        )  # fmt: skip
        return Document(
            language=self.language,
            kind=self.t("report.title"),
            title=view.name or self.t("report.unnamed"),
            subtitle=self.month(view.month.start),
            facts=tuple(self._facts()),
            sections=tuple(section for section in made if section is not None),
            foot=self.t(
                "report.foot",
                filters=filter_words(view.selection, self.language),
                day=self.day(view.as_of),
                snapshot=view.snapshot,
            ),
            page_words=self.t("report.page"),
            made_at=self.wording.now,
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        view = self.view
        yield self.t("report.period"), self._period(view.month.start, view.month.end)
        yield self.t("report.filters"), filter_words(view.selection, self.language)
        yield self.t("report.data_until"), self.day(view.as_of)
        sources = [
            self.t(
                "report.source_late" if each.is_late else "report.source",
                source=self.t(f"changes.source.{each.source}"),
                day=self.day(each.last),
            )
            for each in view.sources
        ]
        yield self.t("report.sources"), self.t("report.semicolon").join(sources)
        yield self.t("report.known_buyers"), self.numbers("rate").write(view.known_buyer_share)
        if view.scores_as_of is not None:
            yield self.t("report.scores"), self.day(view.scores_as_of)
        yield self.t("report.snapshot"), view.snapshot
        yield self.t("report.made"), self.day(self.wording.now.date())

    def _period(self, start: date, end: date) -> str:
        return self.t("attention.days", first=self.day(start), last=self.day(end))

    def _figures(self) -> Section:
        view = self.view
        years = {card.metric: card for card in view.year_cards}
        figures = tuple(
            Figure(
                self.t(card.label_key),
                self._value(card),
                tuple(
                    note
                    for note in (
                        self._change(card, view.before),
                        self._change(years[card.metric], view.year) if years else None,
                    )
                    if note is not None
                ),
            )
            for card in view.cards
        )
        held = [self.month(each.start) for each in (view.before, view.year) if each is not None]
        words = self.t("report.against", months=self.t("report.and").join(held)) if held else ""
        remark = self.t("report.definitions" if held else "report.no_before")
        return Section(
            self.t("report.numbers"), (Figures(figures), Text((f"{words} {remark}".strip(),), True))
        )

    def _value(self, card: Card) -> str:
        return self.numbers(card.unit).write(None if card.state == "missing" else card.value)

    def _change(self, card: Card, period: Period | None) -> Note | None:
        if period is None:
            return None
        month = self.month(period.start)
        if card.change is None or card.previous is None:
            return Note(self.t("report.no_change", month=month))
        size = formats.percent(abs(card.change), self.language)
        if card.unit == "rate":
            points = formats.number(abs(card.change) * 100, self.language, 1)
            size = self.t("app.metric.points", points=points)
        sign = "+" if card.change > 0 else "−" if card.change < 0 else "±"
        previous = self.numbers(card.unit).write(card.previous)
        words = self.t("report.change", change=f"{sign}{size}", month=month, previous=previous)
        if card.state == "steady" or card.good == "neutral" or not card.change:
            return Note(words)
        return Note(words, "good" if (card.change > 0) == (card.good == "up") else "bad")

    def _restated(self) -> Section | None:
        """What a later import has changed, by the last report that told another number."""
        if not self.wording.earlier:
            return None
        points = tuple(point for card in self.view.cards if (point := self._moved(card)))
        if points:
            return Section(self.t("report.restated"), (Points(points),), self.t("report.restated_about"))  # fmt: skip
        last = self.wording.earlier[0]
        same = self.t("report.same", day=self._made_on(last), snapshot=last.snapshot)
        return Section(self.t("report.restated"), (Text((same,)),))

    def _moved(self, card: Card) -> Point | None:
        digits = 2 if card.unit == "money" else 4
        now = None if card.value is None else round(card.value, digits)
        for each in self.wording.earlier:
            told = each.numbers.get(card.metric)
            then = None if told is None else round(told, digits)
            if card.metric in each.numbers and then != now:
                words = self.t(
                    "report.moved",
                    metric=self.t(card.label_key),
                    then=self._exact(then, card.unit),
                    now=self._exact(now, card.unit),
                    day=self._made_on(each),
                )
                return Point(words, self.t("report.from_snapshot", snapshot=each.snapshot))
        return None

    def _exact(self, value: float | None, unit: str) -> str:
        """To the cent: what was restated may be small."""
        if unit == "money":
            return formats.money(value, self.view.currency, self.language, 2)
        if unit == "rate":
            return formats.percent(value, self.language, 2)
        return self.numbers(unit).write(value)

    def _made_on(self, report: Reported) -> str:
        return self.day(report.made_at.astimezone(self.wording.now.tzinfo).date())

    def _comment(self) -> Section | None:
        lines = [line.strip() for line in self.wording.comment[:MOST_COMMENT].splitlines()]
        words = tuple(line for line in lines if line)
        return Section(self.t("report.comment"), (Text(words),)) if words else None

    def _days(self) -> Section:
        view = self.view
        # Day for day: of a longer month only as many days are held against this one.
        places = tuple(str(day) for day in range(1, view.month.days + 1))
        sums: dict[Role, list[float]] = {"now": view.days["value"].tolist()}
        if view.before is not None and "previous" in view.days:
            sums["before"] = view.days["previous"].dropna().tolist()
        if view.year_days is not None and "previous" in view.year_days:
            sums["year"] = view.year_days["previous"].dropna().tolist()
        named: dict[Role, Period | None] = {
            "now": view.month,
            "before": view.before,
            "year": view.year,
        }
        names = {role: self.month(each.start) for role, each in named.items() if each is not None}

        def lines(key: str, told: Mapping[Role, Sequence[float]]) -> Lines:
            series = tuple(
                Series(names[role], _padded(values, len(places)), role)
                for role, values in told.items()
            )
            return Lines(self.t(key), places, series, self.numbers("money"))

        days: dict[Role, list[float]] = {
            role: _each_day(values) for role, values in sums.items() if role != "year"
        }
        made = (lines("report.to_date", sums), lines("report.by_day", days))
        return Section(self.t("metric.net_revenue.label"), made)

    def _parts(self) -> Section:
        return Section(self.t("report.parts"), (self._channels(), self._categories()))

    def _channels(self) -> Table:
        shown = _with_others(self.view.channels)
        names = ("net_revenue", "orders", "average_order_value", "contribution")
        first, *others = (self._column(shown[name].tolist(), METRICS[name].unit) for name in names)
        channels = [self._channel(str(code)) for code in shown["sales_channel"]]
        moved = map(self._moved_by, shown["change"])
        rows = zip(channels, first, moved, *others, strict=True)
        headings = (self._label(names[0]), self.t("overview.change"), *map(self._label, names[1:]))
        hidden = bool(self.view.channels["net_revenue"].isna().any())
        return Table(
            self.t("overview.channels"),
            (self.t("overview.channel"), *headings),
            tuple(rows),
            note=self.t("explore.suppressed") if hidden else "",
        )

    def _channel(self, code: str) -> str:
        return self.t("explore.others") if code == _OTHERS else channel_name(code, self.language)

    def _categories(self) -> Table:
        # Costs of no goods make a line without anything in it.
        lines = [line for line in self.view.categories if any(line.values.values()) or line.hidden]
        cells = [(name, WHOLE) for name in BY_CATEGORY]
        first, *others = (
            self._column([line.values.get(cell) for line in lines], METRICS[cell[0]].unit)
            for cell in cells
        )
        named = [self._line_name(line.kind, line.keys) for line in lines]
        moved = [self._moved_by(line.told.get(cells[0])) for line in lines]
        rows = zip(named, first, moved, *others, strict=True)
        headings = (
            self._label("net_revenue"), self.t("overview.change"), self._label("orders"),
            self._label("units"),
        )  # fmt: skip
        notes = [self.t("report.categories_note")]
        if any(line.hidden for line in lines):
            notes.append(self.t("explore.suppressed"))
        return Table(
            self.t("report.categories"), (self.t("dimension.category.label"), *headings),
            tuple(rows), has_total=True, note=" ".join(notes),
        )  # fmt: skip

    def _line_name(self, kind: str, keys: Sequence[str]) -> str:
        if kind in ("others", "total"):
            return self.t(f"explore.{kind}")
        return keys[0] or self.t("dimension.category.unknown")

    def _label(self, name: str) -> str:
        return self.t(f"metric.{name}.label")

    def _column(self, values: Sequence[float | None], unit: str) -> list[str]:
        """Cells of a column, all with the same number of decimals."""
        known = [float("nan") if value is None else float(value) for value in values]
        return self.numbers(unit).write_all(known)

    def _moved_by(self, moved: float | None) -> str:
        words = formats.percent(moved, self.language)
        return f"+{words}" if moved is not None and moved == moved and moved > 0 else words

    def _segments(self) -> Section | None:
        rows = self.view.segments
        if rows.empty:
            return None
        chart = Bars(
            self.t("overview.segments"),
            tuple(segment_name(code, self.language) for code in rows["code"]),
            tuple(map(float, rows["value"])),
            self.numbers("count"),
        )
        return Section(self.t("report.segments"), (chart,), self._as_of())

    def _as_of(self) -> str:
        return self.t("report.as_of", day=self.day(self.view.scores_as_of))

    def _ahead(self) -> Section | None:
        money, view = self.numbers("money"), self.view
        sums = [
            Point(
                self.t("report.expected", days=each.days, value=money.write(each.value)),
                self.t("digest.between", low=money.write(each.low), high=money.write(each.high)),
            )
            for each in view.expected
        ]
        events = self._found("ahead")
        if not sums and not events:
            return None
        return Section(self.t("report.ahead"), (Points((*sums, *events)),), self._as_of())

    def _attention(self) -> Section:
        found = tuple(self._found("late", "now", "waiting"))
        looked = Text((looked_words(self.view.attention, self.language),), is_quiet=True)
        told: Block = Points(found) if found else Text((self.t("attention.empty_title"),))
        lead = self._as_of() if self.view.scores_as_of is not None else ""
        return Section(self.t("attention.title"), (told, looked), lead)

    def _found(self, *urgencies: str) -> list[Point]:
        currency = self.view.currency
        return [
            Point(title(each, currency, self.language), reason(each, currency, self.language))
            for each in self.view.attention.findings
            if each.urgency in urgencies
        ]


def _padded(values: Sequence[float], length: int) -> tuple[float | None, ...]:
    return (*values, *[None] * (length - len(values)))


def _each_day(sums: Sequence[float]) -> list[float]:
    """What each day added to a running sum, to the cent."""
    return [round(now - then, 2) for then, now in zip([0.0, *sums], sums, strict=False)]


def _with_others(channels: pd.DataFrame) -> pd.DataFrame:
    """The channels that sold most, and all others as one row: of them what adds up."""
    rows = channels[channels["net_revenue"].ne(0)]
    if len(rows) <= _CHANNELS:
        return rows
    rest = rows.iloc[_CHANNELS - 1 :]
    sums: Mapping[str, Any] = {
        name: rest[name].sum(skipna=False) if name in _ADDED_UP else float("nan")
        for name in rows.columns
        if name != "sales_channel"
    }
    others = pd.DataFrame([{"sales_channel": _OTHERS, **sums}])
    return pd.concat([rows.iloc[: _CHANNELS - 1], others], ignore_index=True)
