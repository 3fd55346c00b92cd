"""Which pages data can feed: fully, in part or not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crm_core.ui.layout import panel
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption
from crm_core.views.imports import Imports

_MOST_FILES = 6


def feeds_table(report: Mapping[str, Any], *, key: str) -> None:
    """By page what can be fed and what is missing; of several files also each by itself.

    `report` has feeds, feed_details and files as in `import --json`.
    """
    session = current()
    feeds: Mapping[str, str] = report.get("feeds") or {}
    if not feeds:
        caption("imports.feeds_none")
        return
    why: Mapping[str, list[str]] = report.get("feed_details") or {}
    files = [file for file in report.get("files") or () if file.get("feeds")][:_MOST_FILES]
    each = files if len(files) > 1 else []
    frame = pd.DataFrame(
        [
            {
                "page": session.t(f"nav.page.{page}"),
                "level": level,
                "why": " ".join(
                    session.word("imports.why_not", code) for code in why.get(page, ())
                ),
                **{f"file_{n}": file["feeds"].get(page, "no") for n, file in enumerate(each)},
            }
            for page, level in feeds.items()
        ]
    )
    # A file's name is its column's label; label keys are for texts, so it becomes the column.
    names = {f"file_{n}": f"{n + 1} · {file['name']}" for n, file in enumerate(each)}
    data_table(
        frame.rename(columns=names),
        [
            Column("page", "text", "imports.feeds_page", pinned=True),
            Column("level", "code", "imports.feeds_level", prefix="imports.feeds"),
            *[Column(name, "code", prefix="imports.feeds") for name in names.values()],
            Column("why", "text", "imports.feeds_why", width="large"),
        ],
        key=f"import_feeds_{key}",
        alt_key="imports.feeds_about",
    )


def shop_feeds(view: Imports) -> None:
    """What everything in the store together can feed."""
    with panel("imports.feeds_shop", help_key="imports.feeds_shop_about"):
        feeds_table(view.feeds, key="shop")
