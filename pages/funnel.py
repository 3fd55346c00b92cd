"""From a visit to an order: how many visitors come how far, and what they leave behind."""

from crm_core.text.formats import day
from crm_core.ui.funnel_parts import (
    draw_days,
    draw_left,
    draw_numbers,
    draw_orders,
    draw_parts,
    draw_steps,
)
from crm_core.ui.page import (
    choice_field,
    columns,
    current,
    empty_state,
    header,
    note,
    part,
    show,
    switch_choice,
)
from crm_core.views.funnel import ALL, SPLITS, funnel

session = current()
header("funnel", as_of=session.store.meta.as_of)
left, right = columns(1, 1, align="bottom")
with left:
    split = switch_choice("funnel.split_label", SPLITS, key="funnel_split", prefix="funnel.split")
view = show(funnel, session.selection, split=split)
if view.since is None:
    empty_state("funnel", page="imports", action_key="funnel.to_imports")
elif view.period is None:
    note("funnel.before", since=day(view.since, session.language))
else:
    with right:
        codes = [ALL, *view.parts["part"]]
        key = f"funnel_part_{split}"
        chosen = choice_field("funnel.only", codes, key=key, prefix=f"funnel.{split}") or ALL
    if chosen != ALL:
        view = show(funnel, session.selection, split=split, part=chosen)
    draw_numbers(view)
    draw_steps(view)
    draw_days(view)
    draw_parts(view, split)
    draw_orders(view)
    with part():
        draw_left()
