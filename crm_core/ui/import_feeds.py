"""Which pages data can feed: fully, in part or not, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.ui.layout import panel
from crm_core.ui.session import current
from crm_core.ui.words import caption, word_table
from crm_core.views.imports import Imports

_MOST_FILES = 12
_LEVELS = ("full", "part", "no")


def feeds_table(report: Mapping[str, Any]) -> None:
    """By page what can be fed and what is missing; of several files also each by itself.

    `report` has feeds, feed_details and files as in `import --json`.
    """
    session = current()
    feeds: Mapping[str, str] = report.get("feeds") or {}
    if not feeds:
        caption("imports.feeds_none")
        return
    why: Mapping[str, list[str]] = report.get("feed_details") or {}
    word_table(
        [
            {
                "imports.feeds_page": session.t(f"nav.page.{page}"),
                "imports.feeds_level": session.t(f"imports.feeds.{level}"),
                "imports.feeds_why": " ".join(
                    session.word("imports.why_not", code) for code in why.get(page, ())
                ),
            }
            for page, level in feeds.items()
        ]
    )
    files = [file for file in report.get("files") or () if file.get("feeds")]
    if len(files) > 1:
        _by_file(files[:_MOST_FILES], list(feeds))


def _by_file(files: Sequence[Mapping[str, Any]], pages: Sequence[str]) -> None:
    """What each file would feed by itself: its pages by how far."""
    session = current()
    caption("imports.feeds_each")
    rows: list[dict[str, str]] = []
    for file in files:
        row = {"imports.files": str(file["name"])}
        for level in _LEVELS:
            named = [page for page in pages if file["feeds"].get(page, _LEVELS[-1]) == level]
            words = ", ".join(session.t(f"nav.page.{page}") for page in named)
            row[f"imports.feeds.{level}"] = words
        rows.append(row)
    word_table(rows)


def shop_feeds(view: Imports) -> None:
    """What everything in the store together can feed."""
    with panel("imports.feeds_shop", help_key="imports.feeds_shop_about"):
        feeds_table(view.feeds)
