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

    `report` has feeds, feed_details, feeds_with_orders and files as in `import --json`.
    """
    feeds: Mapping[str, str] = report.get("feeds") or {}
    if feeds:
        _whole(feeds, report)
    else:
        caption("imports.feeds_none")
        beside = _names(report.get("feeds_with_orders") or ())
        if beside:
            caption("imports.feeds_with_orders", pages=beside)
    files = [
        file
        for file in report.get("files") or ()
        if file.get("feeds") or file.get("feeds_with_orders")
    ]
    if len(files) > 1:
        _by_file(files[:_MOST_FILES], list(feeds))


def _whole(feeds: Mapping[str, str], report: Mapping[str, Any]) -> None:
    """Page by page how far it is fed, and why not further."""
    session = current()
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


def _names(pages: Sequence[str]) -> str:
    """Pages as the navigation calls them."""
    session = current()
    return ", ".join(session.t(f"nav.page.{page}") for page in pages)


def _by_file(files: Sequence[Mapping[str, Any]], pages: Sequence[str]) -> None:
    """What each file would feed by itself: its pages by how far."""
    caption("imports.feeds_each")
    rows: list[dict[str, str]] = []
    for file in files:
        row = {"imports.files": str(file["name"])}
        for level in _LEVELS:
            of_file = file.get("feeds") or {}
            named = [page for page in pages if of_file.get(page, _LEVELS[-1]) == level]
            row[f"imports.feeds.{level}"] = _names(named)
        row["imports.feeds.with_orders"] = _names(file.get("feeds_with_orders") or ())
        rows.append(row)
    word_table(rows)


def shop_feeds(view: Imports) -> None:
    """What everything in the store together can feed."""
    with panel("imports.feeds_shop", help_key="imports.feeds_shop_about"):
        feeds_table(view.feeds)
