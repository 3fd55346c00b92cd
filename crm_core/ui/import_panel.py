"""The Imports page's steps: choose files, see what they are, mend the mapping, check, import."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from crm_core.errors import CrmError
from crm_core.pipeline.workspace import is_empty
from crm_core.privacy.policy import allowed
from crm_core.store.imports import Limits, Plan, SourceFile, recognise
from crm_core.store.imports.mapping import Mapping, write_mapping
from crm_core.store.imports.preview import Proposal, propose
from crm_core.ui import door, workspace
from crm_core.ui.import_mapping import mapping_editor, preview_rows, table_choice
from crm_core.ui.import_report import import_report
from crm_core.ui.layout import panel, part
from crm_core.ui.runner import run_job
from crm_core.ui.session import current
from crm_core.ui.words import caption, note, plain, warning

KINDS = ("csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods", "parquet", "json", "jsonl",
         "ndjson", "zip", "gz", "xz", "bz2", "html", "htm")  # fmt: skip
_FOLDER, _REPORT, _PLAN = "_import_folder", "_import_report", "_import_plan"
_SAFE = re.compile(r"[^\w.\-]+")
_CURRENCIES = ("EUR", "USD", "GBP", "CNY", "JPY", "CHF", "CAD", "AUD", "HKD", "TWD")
_ZONES = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles",
          "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Tokyo", "Australia/Sydney")  # fmt: skip


def import_panel() -> None:
    """Draws the steps; each appears when the one before it is done."""
    session = current()
    if not allowed(session.access, "import"):
        note("imports.not_allowed")
        return
    with panel("imports.choose", help_key="imports.choose_about"):
        if session.workspace.is_demo:
            caption("imports.own_store")
        given = st.file_uploader(
            session.t("imports.files"),
            type=list(KINDS),
            accept_multiple_files=True,
            max_upload_size=session.settings.max_upload_mb,
            key="import_files",
        )
        caption("imports.or_command")
    if given:
        files = _kept(given)
        with part():
            _recognised(files)
    if _REPORT in st.session_state:
        import_report(st.session_state[_REPORT])


def _kept(given: Sequence[Any]) -> list[Path]:
    """The uploads as files of ours, side by side in a folder of just these.

    Names are shown, never trusted as paths. The folder goes by the ids of the uploads: a file
    that was mended and given again has the old one's name, and often its size.
    """
    session = current()
    if _FOLDER not in st.session_state:
        root = workspace.uploads_folder(session.settings, session.workspace)
        st.session_state[_FOLDER] = str(root / secrets.token_hex(8))
    root = Path(st.session_state[_FOLDER])
    ids = "\n".join(sorted(str(file.file_id) for file in given))
    folder = root / hashlib.sha256(ids.encode()).hexdigest()[:16]
    if not folder.is_dir():
        shutil.rmtree(root, ignore_errors=True)
        folder.mkdir(parents=True)
    paths: list[Path] = []
    for file in given:
        path = folder / _own_name(str(file.name), {path.name for path in paths})
        if not path.exists() or path.stat().st_size != file.size:
            path.write_bytes(file.getbuffer())
        paths.append(path)
    return paths


def _own_name(name: str, taken: set[str]) -> str:
    """A harmless file name that no other upload has.

    >>> _own_name("../../etc/orders 2026.csv", set()), _own_name("a.csv", {"a.csv"})
    ('orders_2026.csv', '2-a.csv')
    """
    safe = (_SAFE.sub("_", Path(name).name).lstrip(".") or "file.csv")[-120:]
    number = 2
    free = safe
    while free in taken:
        free, number = f"{number}-{safe}", number + 1
    return free


def _recognised(files: list[Path]) -> None:
    session = current()
    mapping: Mapping | None = None
    try:
        plan = _plan(files)
        name = plan.format
    except CrmError as error:
        if error.code != "import_unknown_layout" or len(files) != 1:
            raise
        plan, name = Plan(()), "order_lines"
    with panel("imports.recognised"):
        plain("  ·  ".join(file.name for file in files))
        caption("imports.format_found", format=session.word("imports.format", name))
    if name in ("order_lines", "records") and len(files) == 1 and len(plan.files) < 2:
        source = plan.files[0] if plan.files else SourceFile(files[0], files[0].name)
        mapping = _mapped(files[0], source)
        if mapping is None:
            return
    _run(files, plan, mapping)


def _plan(files: list[Path]) -> Plan:
    """What the files are; an archive or workbook is opened once, not with every rerun."""
    known, plan = st.session_state.get(_PLAN, (None, None))
    if known != files:
        plan = recognise(files, limits=Limits.of_uploads(current().settings.max_upload_mb))
        st.session_state[_PLAN] = files, plan
    return plan


def _mapped(file: Path, source: SourceFile) -> Mapping | None:
    """The mapping as proposed or mended, or None while it is not usable."""
    key = f"_proposal_{file}"
    now = datetime.now(UTC)
    if key not in st.session_state:
        st.session_state[key] = propose(source, now=now)
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
    return proposal.mapping if proposal.result is not None else None


def _run(files: list[Path], plan: Plan, mapping: Mapping | None) -> None:
    session = current()
    place = session.workspace
    arguments = ["import", *[str(file) for file in files]]
    with panel("imports.go"):
        if is_empty(place.shop_url, session.settings):
            arguments += _shop_facts(mapping)
        if mapping is not None:
            saved = files[0].with_suffix(".mapping.toml")
            saved.write_text(write_mapping(mapping), encoding="utf-8")
            arguments += ["--mapping", str(saved)]
        arguments += _shop_of_orders()
        with st.container(horizontal=True):
            check = st.button(session.t("imports.check"), key="import_check")
            load = st.button(session.t("imports.import"), type="primary", key="import_load")
        if not (check or load):
            return
        extra = ["--dry-run"] if check else ["--keep-originals"]
        report = run_job([*arguments, *extra], store=place.shop_url, title_key="imports.running")
    st.session_state[_REPORT] = {**report, "checked_only": check}
    if load:
        door.activate(session.settings, place, workspace.SHOP)
    st.rerun()


def _shop_of_orders() -> list[str]:
    """Whose the orders are, where several shops share the store."""
    session = current()
    shop = st.text_input(
        session.t("imports.shop"),
        max_chars=60,
        help=session.t("imports.shop_about"),
        key="import_shop",
    )
    return [f"--shop={shop.strip()}"] if shop.strip() else []


def _shop_facts(mapping: Mapping | None) -> list[str]:
    """What is asked once, with a shop's first file."""
    session = current()
    one, two, three = st.columns(3)
    name = one.text_input(session.t("imports.shop_name"), max_chars=60, key="import_name")
    currency = two.selectbox(
        session.t("imports.currency"),
        (None, *_CURRENCIES),
        format_func=lambda code: code or session.t("imports.as_found"),
        key="import_currency",
        disabled=bool(mapping and mapping.currency),
    )
    zone = three.selectbox(
        session.t("imports.timezone"),
        (None, *_ZONES),
        format_func=lambda code: code or session.t("imports.as_found"),
        key="import_zone",
    )
    starts = st.segmented_control(
        session.t("imports.starts"),
        ("as_found", "yes", "no"),
        default="as_found",
        required=True,
        format_func=lambda code: session.t(f"costs.starts.{code}"),
        help=session.t("costs.starts_about"),
        key="import_starts",
    )
    said = [("--name", name.strip()), ("--currency", currency), ("--timezone", zone)]
    flags = [word for flag, value in said if value for word in (flag, value)]
    if starts in ("yes", "no"):
        flags.append("--starts-with-shop" if starts == "yes" else "--no-starts-with-shop")
    if not currency and not (mapping and mapping.currency):
        warning("imports.currency_unsaid")
    return flags
