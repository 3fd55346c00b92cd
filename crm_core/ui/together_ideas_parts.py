"""Parts of the page of pairs about what to do: bundles, shelves, and what first purchases lead to."""

from __future__ import annotations

from crm_core.text import formats
from crm_core.ui.layout import columns, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, paragraph
from crm_core.views.together import Together
from crm_core.views.together_ideas import LEAST_AHEAD, entries, ideas

_IN_WORDS = 5
_ENTRIES = (
    Column("buyers", "count", "together.column.beginners", help_key="together.beginners_about"),
    Column("likely_value", "money", "together.column.likely", help_key="together.likely_about"),
    Column("range", label_key="together.column.range", help_key="together.entry_range_about"),
    Column("stands", "code", "together.column.stands", prefix="together.stands",
           help_key="together.stands_about"),
    Column("mean_value", "money", "together.column.measured", help_key="together.measured_about"),
    Column("repeat_rate", "rate", "together.column.again", help_key="together.again_about"),
)  # fmt: skip


def draw_ideas(view: Together) -> None:
    """What to offer as a bundle and what to put side by side, each with its reason in words."""
    session = current()
    found = show(ideas, session.selection, level=view.level)
    left, right = columns(1, 1)
    with left, panel("together.bundles", help_key="together.bundles_about"):
        if found.bundles.empty:
            caption("together.no_bundles", share=session.write(LEAST_AHEAD, "rate"))
        for told in found.bundles.head(_IN_WORDS).to_dict("records"):
            margin = told["extra_margin"]
            key = "together.bundle" if margin == margin else "together.bundle_uncosted"
            paragraph(
                key,
                first=str(told["first"]),
                then=str(told["then"]),
                share=session.write(told["ahead"], "rate"),
                without=session.write(round(told["without"]), "count"),
                **({"margin": _whole(margin)} if margin == margin else {}),
            )
        if len(found.bundles):
            caption("together.bundles_caveat")
    with right, panel("together.shelves", help_key="together.shelves_about"):
        if found.shelves.empty:
            caption("together.no_shelves")
        for told in found.shelves.head(_IN_WORDS).to_dict("records"):
            paragraph(
                "together.shelf_pair" if told["size"] == 2 else "together.shelf",
                names=" · ".join(told["names"]),
                ties=session.write(told["ties"], "count"),
                extra=session.write(round(told["extra"]), "count"),
            )


def _whole(value: float) -> str:
    """Money without cents: an estimate knows none."""
    session = current()
    return formats.money(value, session.currency, session.language, 0)


def draw_entries(view: Together) -> None:
    """What newcomers began with, and what they brought in the year after."""
    session = current()
    found = show(entries, session.selection, level=view.level)
    with panel("together.entries", help_key="together.entries_about"):
        if found.missing == "entry_too_few":
            caption("error.entry_too_few", **found.facts)
            return
        if found.missing or found.rows.empty:
            caption("together.no_entries")
            return
        caption(
            f"together.entries_sum.{found.basis}",
            value=session.write(found.shop_value, "money"),
            again=session.write(found.shop_repeat_rate, "rate"),
        )
        low, high = (found.rows[name] for name in ("value_low", "value_high"))
        rows = found.rows.assign(
            range=[f"{_whole(one)} – {_whole(other)}" for one, other in zip(low, high, strict=True)]
        )
        name = Column("name", label_key=f"together.level.{view.level}", width=230)
        data_table(
            rows,
            [name, *_ENTRIES],
            key=f"together_entries_{view.level}",
            alt_key="together.entries",
        )
        stands = (found.rows["stands"] != "alike").sum()
        caption("together.entries_caveat", count=formats.number(int(stands), session.language))
