"""The Imports page's steps: choose files, see what they are, mend the mapping, check, import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from crm_core.pipeline.mended import copies
from crm_core.pipeline.workspace import is_empty
from crm_core.privacy.policy import allowed
from crm_core.store.imports import Limits, Plan, SourceFile, recognise
from crm_core.store.imports.header import text_of
from crm_core.store.imports.mapping import Mapping, header_hash, write_mapping
from crm_core.store.imports.preview import Proposal, propose
from crm_core.text import formats
from crm_core.ui import import_steps
from crm_core.ui.import_bill import import_bill
from crm_core.ui.import_history import format_words
from crm_core.ui.import_kept import as_toml, is_kept, said, say
from crm_core.ui.import_mapping import mapping_editor, preview_rows, table_choice
from crm_core.ui.import_questions import answers, asking
from crm_core.ui.import_report import import_report
from crm_core.ui.import_shop import shop_facts
from crm_core.ui.import_sources import sources_panel
from crm_core.ui.import_steps import Job
from crm_core.ui.import_uploads import choose_files
from crm_core.ui.layout import columns, panel, part
from crm_core.ui.session import current
from crm_core.ui.words import caption, note, plain

_PLAN = "_import_plan"
# The formats that read tables by what their columns are said to be.
_MAPPED = ("order_lines", "records")


@dataclass(frozen=True)
class _Found:
    """What uploads are, and how many of their rows come back mended."""

    files: list[Path]
    mended: int
    plan: Plan


@dataclass(frozen=True)
class _Layout:
    """Tables with the same columns, which one mapping reads. `is_aside`: they came with others
    that are known, and may be left out."""

    tables: tuple[SourceFile, ...]
    is_aside: bool


def import_panel() -> bool:
    """Draws the steps; each appears when the one before it is done. Whether one is being taken:
    then the page shows nothing else, for what is in the store is another matter."""
    session = current()
    if not allowed(session.access, "import"):
        note("imports.not_allowed")
        return False
    own, database = columns(2, 1)
    with own, panel("imports.choose", help_key="imports.choose_about"):
        if session.workspace.is_demo:
            caption("imports.own_store")
        files = choose_files()
        caption("imports.or_command")
    with database:
        sources_panel()
    waiting = import_steps.checked(files)
    with part():
        if waiting is not None:
            import_bill(waiting)
        elif files:
            _recognised(files)
    report = import_steps.result()
    if report is not None and not files:
        import_report(report)
    return waiting is not None or bool(files)


def _recognised(files: list[Path]) -> None:
    session = current()
    found = _found(files)
    with panel("imports.recognised"):
        plain("  ·  ".join(file.name for file in files))
        name = found.plan.format or "order_lines"
        caption("imports.format_found", format=format_words(name, session))
        if found.mended:
            note("imports.mended", rows=formats.number(found.mended, session.language))
    layouts = _layouts(found.plan)
    mappings = [_mapped(layout, is_one=len(layouts) == 1) for layout in layouts]
    if None not in mappings:
        _run(files, [mapping for mapping in mappings if mapping is not None and mapping.columns])


def _found(files: list[Path]) -> _Found:
    """What the files are; an archive or workbook is opened once, not with every rerun."""
    known = st.session_state.get(_PLAN)
    if not isinstance(known, _Found) or known.files != files:
        limits = Limits.of_uploads(current().settings.max_upload_mb)
        read, healed = copies(files, files[0].parent / "mended")
        plan = recognise(read, limits=limits, said=said(), ask=True)
        known = st.session_state[_PLAN] = _Found(files, len(healed), plan)
    return known


def _layouts(plan: Plan) -> list[_Layout]:
    """The tables whose columns can be named, by their columns."""
    unsaid = {table.path for table in plan.unsaid}
    by_columns: dict[str, list[SourceFile]] = {}
    texts = [text for part in plan.parts if part.format in _MAPPED for text in part.texts]
    texts += filter(None, map(text_of, plan.unsaid))
    for text in texts:
        by_columns.setdefault(header_hash(text.header), []).append(text.source)
    return [
        _Layout(
            tuple(tables),
            bool(plan.parts) and all(each.inner and each.path in unsaid for each in tables),
        )
        for tables in by_columns.values()
    ]


def _mapped(layout: _Layout, *, is_one: bool) -> Mapping | None:
    """The mapping as proposed or mended, with the columns it is for; one of no columns where the
    tables are left out, None while it is not usable."""
    source = layout.tables[0]
    key = f"_proposal_{source.path}"
    now = datetime.now(UTC)
    with panel("imports.mapping", help_key="imports.mapping_about"):
        if not is_one or len(layout.tables) > 1:
            plain("  ·  ".join(table.name for table in layout.tables))
        if layout.is_aside and _is_left_out(source):
            return Mapping()
        if key not in st.session_state:
            st.session_state[key] = _proposed(source, now)
        proposal: Proposal = st.session_state[key]
        if is_kept(_columns(proposal)):
            caption("imports.said_before")
        table = table_choice(proposal, key=source.name)
        if table != proposal.mapping.table:
            proposal = propose(source, table=table, now=now)
            st.session_state[key] = proposal
        wanted = mapping_editor(proposal, key=source.name)
        if wanted != proposal.mapping:
            proposal = propose(source, mapping=wanted, now=now)
            st.session_state[key] = proposal
        preview_rows(proposal, key=source.name)
        if proposal.result is not None:
            as_toml(proposal.mapping, key=source.name)
    if proposal.result is None:
        return None
    say(_columns(proposal), proposal.mapping)
    return proposal.mapping.with_(fingerprint=_columns(proposal))


def _is_left_out(source: SourceFile) -> bool:
    return st.toggle(
        current().t("imports.leave_out"),
        value=True,
        key=f"leave_out_{source.name}",
        persist_state="page",
    )


def _proposed(source: SourceFile, now: datetime) -> Proposal:
    """A proposal; for columns whose meaning was said before, what was said."""
    proposal = propose(source, now=now)
    before = said().get(header_hash(_columns(proposal)))
    if before is None:
        return proposal
    own = proposal.mapping
    return propose(
        source, mapping=before.with_(encoding=own.encoding, delimiter=own.delimiter), now=now
    )


def _columns(proposal: Proposal) -> tuple[str, ...]:
    return tuple(guess.column for guess in proposal.columns)


def _run(files: list[Path], mappings: list[Mapping]) -> None:
    session = current()
    arguments = ["import", *[str(file) for file in files]]
    with panel("imports.go"):
        if is_empty(session.workspace.shop_url, session.settings):
            arguments += shop_facts(any(mapping.currency for mapping in mappings))
        for place, mapping in enumerate(mappings):
            told = files[0].with_name(f"{place}.mapping.toml")
            told.write_text(write_mapping(mapping), encoding="utf-8")
            arguments += ["--mapping", str(told)]
        arguments += [*_shop_of_orders(), *answers(files)]
        caption("imports.go_about")
        with st.container(horizontal=True):
            check = st.button(
                session.t("imports.check"),
                type="primary",
                icon=":material/fact_check:",
                key="import_check",
            )
            load = st.button(session.t("imports.import"), key="import_load")
        job = Job(tuple(arguments), tuple(files), can_mend=bool(mappings))
        with asking(files):
            if check:
                import_steps.check(job)
            elif load:
                import_steps.load(job)


def _shop_of_orders() -> list[str]:
    """Whose the orders are, where several shops share the store."""
    session = current()
    shop = st.text_input(
        session.t("imports.shop"),
        max_chars=60,
        help=session.t("imports.shop_about"),
        key="import_shop",
        persist_state="page",
    )
    return [f"--shop={shop.strip()}"] if shop and shop.strip() else []
