"""What every number means."""

import crm_core.views.glossary as views
from crm_core.ui.page import Column, current, data_table, header, paragraph, tabs, text_field

session = current()
view = views.glossary(session.selection, store=None, access=session.access)
header("glossary")
wanted = text_field("glossary.find", key="glossary_find", kind="search").casefold()
parts = {
    "metrics": view.metrics,
    "fields": view.fields,
    "segments": view.segments,
    "models": view.models,
    "measuring": view.measuring,
}
places = tabs(*[f"glossary.{name}" for name in parts])
for tab, (name, frame) in zip(places, parts.items(), strict=True):
    with tab:
        paragraph(f"glossary.{name}_about")
        words = frame.assign(
            label=[session.t(key) for key in frame["label"]],
            about=[session.t(key) for key in frame["about"]],
        )
        hits = words["label"].str.casefold().str.contains(wanted, regex=False)
        hits |= words["about"].str.casefold().str.contains(wanted, regex=False)
        hits |= words["code"].str.contains(wanted, regex=False)
        columns = [
            Column("label", "text", "glossary.term", pinned=True),
            Column("about", "text", "glossary.meaning", width="large"),
            Column("code", "text", "glossary.code"),
        ]
        if "unit" in words.columns:
            columns.insert(2, Column("unit", "code", "glossary.unit", prefix="glossary.units"))
        if "adds_up" in words.columns:
            columns.insert(3, Column("adds_up", "code", "glossary.adding", prefix="glossary.adds"))
        data_table(words[hits], columns, key=f"glossary_{name}", alt_key=f"glossary.{name}")
