"""Where an import from the page stands: a job checked and waiting for a word, or a result to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from crm_core.ui import door, workspace
from crm_core.ui.import_uploads import forget_files
from crm_core.ui.runner import run_job
from crm_core.ui.session import current

_CHECKED, _RESULT = "_import_checked", "_import_result"


@dataclass(frozen=True)
class Job:
    """What the command line is to do: `import` of these files, or `pull` of a source.

    `can_mend` where the page offers what the columns mean.
    """

    arguments: tuple[str, ...]
    files: tuple[Path, ...] = ()
    can_mend: bool = False


@dataclass(frozen=True)
class Checked:
    """A job that was tried without changing anything, and the bill it would give."""

    job: Job
    report: Mapping[str, Any]


def check(job: Job) -> None:
    """Tries a job and draws the page anew with its bill."""
    forget()
    report = _run(job, "--dry-run", title_key="imports.checking")
    st.session_state[_CHECKED] = Checked(job, report)
    st.rerun()


def load(job: Job) -> None:
    """Does a job, opens the shop it went to, and draws the page anew with the result."""
    keep = ("--keep-originals",) if job.files else ()
    report = _run(job, *keep, title_key="imports.running")
    forget()
    forget_files()
    st.session_state[_RESULT] = report
    session = current()
    door.activate(session, workspace.SHOP)
    st.rerun()


def _run(job: Job, *more: str, title_key: str) -> dict[str, Any]:
    place = current().workspace
    return run_job([*job.arguments, *more], store=place.shop_url, title_key=title_key)


def checked(files: Sequence[Path]) -> Checked | None:
    """The job that waits for a word; none once other files were chosen."""
    found = st.session_state.get(_CHECKED)
    if not isinstance(found, Checked) or (files and found.job.files != tuple(files)):
        return None
    return found if files or not found.job.files else None


def result() -> Mapping[str, Any] | None:
    """The report of what was imported last, until something else is begun."""
    return st.session_state.get(_RESULT)


def forget() -> None:
    """Lets go of the bill and of the result."""
    st.session_state.pop(_CHECKED, None)
    st.session_state.pop(_RESULT, None)


def cancel() -> None:
    """Lets go of everything: the bill, and the uploads with their copies."""
    forget()
    forget_files()
    st.rerun()
