"""The digest in words: sections of lines, the same for every way to write them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from crm_core.charts import Numbers
from crm_core.metrics.exploration import to_query
from crm_core.records import Task
from crm_core.text import formats, t
from crm_core.views.attention import Finding
from crm_core.views.attention_words import looked_words, reason, title
from crm_core.views.card import Card
from crm_core.views.digest import Digest
from crm_core.views.expected import Expected


@dataclass(frozen=True)
class Line:
    """One thing: what it is, its value if it is a number, more about it, and where to look.

    Plain words, those of customers among them: each way to write them makes them harmless.
    `tone`: good, bad, or empty.
    """

    title: str
    value: str = ""
    about: str = ""
    href: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with its lines, or what to say where there are none; `note` stands below."""

    heading: str
    lines: tuple[Line, ...]
    none: str = ""
    note: str = ""


@dataclass(frozen=True)
class Letter:
    """The whole digest. `link` is what a link is called, `language` its language."""

    language: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    link: str
    foot: str


def letter(
    found: Digest, tasks: Sequence[Task], *, language: str, today: date, base_url: str = ""
) -> Letter:
    """Everything in words. `tasks` are those to be told, `today` decides which are overdue; without
    a `base_url` nothing is linked."""
    writer = _Writer(found, language, base_url)
    return Letter(
        language=language,
        title=t(
            "digest.title" if found.name else "digest.title_unnamed", language, name=found.name
        ),
        subtitle=t(
            "digest.subtitle",
            language,
            first=formats.day(found.period.start, language),
            last=formats.day(found.period.end, language),
        ),
        sections=(
            writer.numbers(),
            writer.attention(),
            writer.expected(),
            writer.events(),
            writer.tasks(tasks, today),
        ),
        link=t("attention.look", language),
        foot=t("digest.foot", language, day=formats.day(found.as_of, language)),
    )


@dataclass(frozen=True)
class _Writer:
    found: Digest
    language: str
    base_url: str

    def t(self, key: str, **facts: object) -> str:
        return t(key, self.language, **facts)

    def numbers(self) -> Section:
        lines = tuple(self._card(card) for card in self.found.cards)
        return Section(self.t("digest.numbers"), lines)

    def _card(self, card: Card) -> Line:
        numbers = Numbers(card.unit, self.language, self.found.currency)
        value = numbers.write(None if card.state == "missing" else card.value)
        about, tone = self._change(card, numbers)
        return Line(self.t(card.label_key), value, about, tone=tone)

    def _change(self, card: Card, numbers: Numbers) -> tuple[str, str]:
        if card.change is None or card.previous is None:
            return self.t("app.metric.no_previous"), ""
        sign = "+" if card.change > 0 else "−" if card.change < 0 else "±"
        size = formats.percent(abs(card.change), self.language)
        if card.unit == "rate":
            points = formats.number(abs(card.change) * 100, self.language, 1)
            size = self.t("app.metric.points", points=points)
        previous = self.t("app.metric.previous", previous=numbers.write(card.previous))
        words = f"{sign}{size} {previous}"
        if card.state == "steady":
            return f"{words} · {self.t('digest.steady')}", ""
        if card.good == "neutral" or not card.change:
            return words, ""
        return words, "good" if (card.change > 0) == (card.good == "up") else "bad"

    def attention(self) -> Section:
        lines = tuple(map(self._finding, self.found.findings))
        note = looked_words(self.found.attention, self.language)
        none = self.t("attention.empty_title")
        return Section(self.t("attention.title"), lines, none, note)

    def events(self) -> Section:
        lines = tuple(map(self._finding, self.found.events))
        return Section(self.t("forecast.events"), lines, self.t("forecast.no_events"))

    def _finding(self, found: Finding) -> Line:
        currency = self.found.currency
        said, why = (words(found, currency, self.language) for words in (title, reason))
        return Line(said, about=why, href=self._href(found))

    def _href(self, found: Finding) -> str:
        """The address of the drilled view, with filters as the pages write them."""
        if not self.base_url:
            return ""
        # Only here: it comes with all that draws pages.
        from crm_core.ui.address import Asked
        from crm_core.ui.address import to_query as filters_to_query

        chosen = found.selection
        asked = Asked(self.language, chosen.period, chosen.start, chosen.end)
        query = filters_to_query(asked)
        if found.question is not None:
            query |= to_query(found.question)
        query |= {name: [code] for name, code in found.opens.items()}
        return f"{self.base_url.rstrip('/')}/{found.page}?{urlencode(query, doseq=True)}"

    def expected(self) -> Section:
        lines = tuple(map(self._ahead, self.found.expected))
        return Section(self.t("digest.expected"), lines, self.t("digest.no_forecast"))

    def _ahead(self, each: Expected) -> Line:
        money = Numbers("money", self.language, self.found.currency)
        days = formats.number(each.days, self.language)
        about = self.t("digest.between", low=money.write(each.low), high=money.write(each.high))
        return Line(self.t("digest.next_days", days=days), money.write(each.value), about)

    def tasks(self, tasks: Sequence[Task], today: date) -> Section:
        lines = tuple(self._task(task, today) for task in tasks)
        return Section(self.t("digest.tasks"), lines, self.t("digest.no_tasks"))

    def _task(self, task: Task, today: date) -> Line:
        day = formats.day(task.due, self.language)
        key = "notes.tasks.overdue" if task.is_overdue(today) else "notes.tasks.due"
        return Line(
            task.text, about=self.t(key, day=day), tone="bad" if task.is_overdue(today) else ""
        )
