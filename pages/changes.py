"""What changed between two periods: arithmetic, not cause."""

from crm_core.text.formats import day
from crm_core.ui.changes_asked import ask_change
from crm_core.ui.changes_notes import draw_notes
from crm_core.ui.changes_parts import (
    draw_coverage,
    draw_group,
    draw_groups,
    draw_prices,
    draw_sentence,
    draw_sources,
    draw_steps,
)
from crm_core.ui.page import (
    caption,
    columns,
    current,
    details_box,
    empty_state,
    header,
    note,
    panel,
    part,
    show,
)
from crm_core.views.changes import changes

session = current()
header("changes")
asked = ask_change()
with part():
    view = show(
        changes,
        session.selection,
        name=asked.name,
        by=asked.by,
        against=asked.against,
        own=asked.own,
    )
    draw_coverage(view, is_own=asked.own is not None)
    if view.is_hidden:
        note("changes.too_few")
    elif view.groups.empty:
        empty_state("changes")
    else:
        draw_sentence(view)
        left, right = columns(3, 2)
        with left, panel("changes.steps", help_key="changes.steps_about"):
            bar = draw_steps(view.bars, place="changes_steps", title=session.t("changes.steps"))
            if asked.by != "whole":
                caption("changes.steps_note")
        with right, panel("changes.notes", help_key="changes.notes_about"):
            draw_notes(view)
        if asked.by != "whole":
            with panel("changes.groups", help_key="changes.groups_about"):
                if view.segments_of:
                    caption("changes.segments_of", day=day(view.segments_of, session.language))
                elif asked.by == "segment":
                    caption("changes.segments_none")
                code = draw_groups(view, bar)
            if code:
                draw_group(view, code)
        with panel("changes.prices", help_key="changes.prices_about"):
            draw_prices(view)
    with details_box("changes.sources"):
        caption("changes.sources_about")
        draw_sources(view)
