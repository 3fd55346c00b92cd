"""The digest: reads alone, asks for nothing, names nobody, and shows customers' words as they are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from crm_core.cli.digest_html import html
from crm_core.cli.digest_letter import Letter, letter
from crm_core.cli.digest_markdown import inert, markdown
from crm_core.privacy.policy import Access
from crm_core.records import Subject, Task
from crm_core.selection import Selection
from crm_core.views.digest import digest
from tests.cli.conftest import Command
from tests.watched_shop import END, EVIL, FEW, MANY, watched_shop

NASTY = '<script src="http://evil.example/x.js">alert(1)</script> <img src=x onerror=alert(1)> ![a](http://evil.example) www.evil.example =1+1'


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Letter]:
    """The digest of a shop with odd days, in both languages."""
    with pytest.MonkeyPatch.context() as patch:
        shop = watched_shop(tmp_path_factory.mktemp("watched"), patch, MANY, FEW)
    store = shop.open()
    due = END - timedelta(1)
    made = datetime(2026, 6, 1, tzinfo=UTC)
    task = Task(1, Subject("page", "overview"), NASTY, "", due, "ann", made, 1, "overview")
    told: dict[str, Letter] = {}
    for language in ("en", "zh"):
        found = digest(Selection(language=language), store=store, access=Access("viewer", "job"), as_of=END)  # fmt: skip
        told[language] = letter(found, [task], language=language, today=END, base_url="https://shop.example/")  # fmt: skip
    store.close()
    shop.records.close()
    return told


class Reader(HTMLParser):
    """What a mail program would make of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.asked: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(str(value))
            if name in ("src", "background", "srcset", "data") or name.startswith("on"):
                self.asked.append(str(value))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_asks_for_nothing_and_shows_words_as_they_stand(
    letters: dict[str, Letter], language: str
) -> None:
    page = html(letters[language])
    reader = Reader()
    reader.feed(page)
    assert reader.asked == []
    assert not {"script", "img", "link", "iframe", "table", "b"} & set(reader.tags)
    assert "url(" not in page
    assert "@import" not in page
    assert NASTY in reader.words
    assert EVIL in reader.words
    assert "prefers-color-scheme: dark" in page
    assert all(link.startswith("https://shop.example/") for link in reader.links)
    assert any(f"region%3A{MANY.replace(' ', '+')}" in link for link in reader.links)


def test_markdown_shows_words_as_they_stand(letters: dict[str, Letter]) -> None:
    text = markdown(letters["en"])
    assert "<script" not in text.replace("\\<", "")
    assert "](http" not in text.replace("\\]", "")
    assert re.findall(r"\]\(<(?!https://shop\.example/)", text) == []
    assert not re.search(r"(?<!\\)//evil", text)
    assert "Next 7 days: **€700.00** between €630.00 and €770.00" in text
    assert text.count("\n## ") == 5


def test_marks_of_markdown_are_inert() -> None:
    assert inert("a_b*c") == "a\\_b\\*c"
    assert inert("x\n# y") == "x \\# y"


def test_groups_of_few_people_are_in_no_digest(letters: dict[str, Letter]) -> None:
    for told in letters.values():
        assert FEW not in markdown(told)
        assert MANY in markdown(told)


@pytest.mark.slow
def test_without_an_address_nothing_is_linked(letters: dict[str, Letter], demo: Command) -> None:
    assert "href" in html(letters["en"])
    said = demo("digest", "--format", "html", "--language", "zh")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("<!doctype html>")
    assert 'lang="zh-Hans"' in said.out
    assert "href" not in said.out


def test_the_command_writes_a_file_and_tells_facts(demo: Command, tmp_path: Path) -> None:
    out = tmp_path / "digest.md"
    said = demo("digest", "--format", "md", "--out", out, "--language", "en", "--json")
    assert said.code == 0, said.err
    answer = said.answer
    assert out.read_text("utf-8").startswith("# Juniper")
    assert list(tmp_path.iterdir()) == [out]
    assert answer["file"] == str(out)
    assert [row["metric"] for row in answer["numbers"]] == [
        "net_revenue", "contribution", "orders", "new_buyers", "repeat_share",
    ]  # fmt: skip
    assert "singles_day" not in str(answer["attention"])
    assert [each["kind"] for each in answer["events"]] == ["event_more", "event_more"]
    assert date.fromisoformat(answer["events"][0]["from"]) == date(2026, 11, 11)


def test_another_day_than_that_of_the_scores_fails(demo: Command) -> None:
    said = demo("digest", "--as-of", "2026-06-30", "--json")
    assert said.code == 1
    assert said.answer["error"] == "scores_other_day"
    assert demo("digest", "--as-of", "2026-10-31").code == 0


@pytest.mark.parametrize("address", ["javascript:alert(1)", "shop", "https://x?y=1", "file:///x"])
def test_only_an_address_of_the_web_is_linked_to(demo: Command, address: str) -> None:
    assert demo("digest", "--base-url", address).code == 2


def test_a_file_that_cannot_be_written_is_told(demo: Command, tmp_path: Path) -> None:
    said = demo("digest", "--out", tmp_path / "no" / "digest.html", "--json")
    assert (said.code, said.answer["error"]) == (1, "privacy_file_unwritable")
