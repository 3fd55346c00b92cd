"""The Imports page's steps: choose files, see what they are, mend the mapping, check, import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from crm_core.errors import CrmError
from crm_core.pipeline.mended import copies
from crm_core.pipeline.workspace import is_empty
from crm_core.privacy.policy import allowed
from crm_core.store.imports import Limits, Plan, SourceFile, recognise
from crm_core.store.imports.mapping import Mapping, write_mapping
from crm_core.store.imports.preview import Proposal, propose
from crm_core.text import formats
from crm_core.ui import import_steps
from crm_core.ui.import_bill import import_bill
from crm_core.ui.import_history import format_words
from crm_core.ui.import_mapping import mapping_editor, preview_rows, table_choice
from crm_core.ui.import_questions import answers, asking
from crm_core.ui.import_report import import_report
from crm_core.ui.import_sources import sources_panel
from crm_core.ui.import_steps import Job
from crm_core.ui.import_uploads import choose_files
from crm_core.ui.layout import columns, panel, part
from crm_core.ui.session import current
from crm_core.ui.words import caption, note, plain, warning

_PLAN, _MAPPINGS = "_import_plan", "_import_mappings"
# What is wrong with a file whose columns nobody has named yet.
_CAN_BE_SAID = {"import_unknown_layout", "import_missing_field"}
_CURRENCIES = ("EUR", "USD", "GBP", "CNY", "JPY", "CHF", "CAD", "AUD", "HKD", "TWD")
_ZONES = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles",
          "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Tokyo", "Australia/Sydney")  # fmt: skip


@dataclass(frozen=True)
class _Found:
    """What uploads are, and how many of their rows come back mended; no plan where it has yet to
    be said what the columns of the one file are."""

    files: list[Path]
    read: list[Path | SourceFile]
    mended: int
    plan: Plan | None


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
    name = found.plan.format if found.plan else "order_lines"
    with panel("imports.recognised"):
        plain("  ·  ".join(file.name for file in files))
        caption("imports.format_found", format=format_words(name, session))
        if found.mended:
            note("imports.mended", rows=formats.number(found.mended, session.language))
    tables = found.plan.files if found.plan else ()
    mapping: Mapping | None = None
    if name in ("order_lines", "records") and len(files) == 1 and len(tables) < 2:
        source = tables[0] if tables else _source(found.read[0])
        mapping = _mapped(files[0], source)
        if mapping is None:
            return
    _run(files, mapping)


def _source(file: Path | SourceFile) -> SourceFile:
    return file if isinstance(file, SourceFile) else SourceFile(file, file.name)


def _found(files: list[Path]) -> _Found:
    """What the files are; an archive or workbook is opened once, not with every rerun."""
    known = st.session_state.get(_PLAN)
    if not isinstance(known, _Found) or known.files != files:
        limits = Limits.of_uploads(current().settings.max_upload_mb)
        read, healed = copies(files, files[0].parent / "mended")
        try:
            plan = recognise(read, limits=limits)
        except CrmError as error:
            if error.code not in _CAN_BE_SAID or len(files) != 1:
                raise
            plan = None
        known = st.session_state[_PLAN] = _Found(files, read, len(healed), plan)
    return known


def _mapped(file: Path, source: SourceFile) -> Mapping | None:
    """The mapping as proposed or mended, or None while it is not usable."""
    key = f"_proposal_{file}"
    now = datetime.now(UTC)
    if key not in st.session_state:
        st.session_state[key] = _proposed(source, now)
    proposal: Proposal = st.session_state[key]
    with panel("imports.mapping", help_key="imports.mapping_about"):
        table = table_choice(proposal, key=file.name)
        if table != proposal.mapping.table:
            proposal = propose(source, table=table, now=now)
            st.session_state[key] = proposal
        wanted = mapping_editor(proposal, key=file.name)
        if wanted != proposal.mapping:
            proposal = propose(source, mapping=wanted, now=now)
            st.session_state[key] = proposal
        preview_rows(proposal)
    if proposal.result is None:
        return None
    st.session_state.setdefault(_MAPPINGS, {})[_columns(proposal)] = proposal.mapping
    return proposal.mapping


def _proposed(source: SourceFile, now: datetime) -> Proposal:
    """A proposal; for columns whose meaning was said before in this visit, what was said."""
    proposal = propose(source, now=now)
    said: Mapping | None = st.session_state.get(_MAPPINGS, {}).get(_columns(proposal))
    if said is None:
        return proposal
    own = proposal.mapping
    return propose(
        source, mapping=said.with_(encoding=own.encoding, delimiter=own.delimiter), now=now
    )


def _columns(proposal: Proposal) -> tuple[str, ...]:
    return tuple(guess.column for guess in proposal.columns)


def _run(files: list[Path], mapping: Mapping | None) -> None:
    session = current()
    arguments = ["import", *[str(file) for file in files]]
    with panel("imports.go"):
        if is_empty(session.workspace.shop_url, session.settings):
            arguments += _shop_facts(mapping)
        if mapping is not None:
            saved = files[0].with_suffix(".mapping.toml")
            saved.write_text(write_mapping(mapping), encoding="utf-8")
            arguments += ["--mapping", str(saved)]
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
        job = Job(tuple(arguments), tuple(files), can_mend=mapping is not None)
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


def _shop_facts(mapping: Mapping | None) -> list[str]:
    """What is asked once, with a shop's first file."""
    session = current()
    one, two, three = st.columns(3)
    name = one.text_input(
        session.t("imports.shop_name"), max_chars=60, key="import_name", persist_state="page"
    )
    currency = two.selectbox(
        session.t("imports.currency"),
        (None, *_CURRENCIES),
        format_func=lambda code: code or session.t("imports.as_found"),
        key="import_currency",
        disabled=bool(mapping and mapping.currency),
        persist_state="page",
    )
    zone = three.selectbox(
        session.t("imports.timezone"),
        (None, *_ZONES),
        format_func=lambda code: code or session.t("imports.as_found"),
        key="import_zone",
        persist_state="page",
    )
    starts = st.segmented_control(
        session.t("imports.starts"),
        ("as_found", "yes", "no"),
        default="as_found",
        required=True,
        format_func=lambda code: session.t(f"costs.starts.{code}"),
        help=session.t("costs.starts_about"),
        key="import_starts",
        persist_state="page",
    )
    said = [("--name", (name or "").strip()), ("--currency", currency), ("--timezone", zone)]
    flags = [f"{flag}={value}" for flag, value in said if value]
    if starts in ("yes", "no"):
        flags.append("--starts-with-shop" if starts == "yes" else "--no-starts-with-shop")
    if not currency and not (mapping and mapping.currency):
        warning("imports.currency_unsaid")
    return flags
