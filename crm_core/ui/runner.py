"""Long jobs from a page: the command line as a subprocess, its progress as a bar.

One code path with schedules; its memory is given back; leaving the page cancels it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from crm_core.errors import CrmError
from crm_core.ui.session import current

_ROOT = Path(__file__).parents[2]
_GRACE_SECONDS = 5


def run_job(arguments: Sequence[str], *, store: str, title_key: str) -> dict[str, Any]:
    """Runs `python -m crm_core ARGUMENTS` on one of this workspace's stores; its document.

    A rerun of the page (the Cancel button, another page) ends the job; the store is then as it
    was before.
    Raises: CrmError that the job ended with.
    """
    session = current()
    command = [
        sys.executable,
        "-m",
        "crm_core",
        *arguments,
        "--store",
        store,
        "--json",
        "--progress",
    ]
    environment = {
        **os.environ,
        "CLIENTELE_VAR": str(session.settings.var),
        "CLIENTELE_RECORDS": session.workspace.records_of(store),
        "PYTHONPATH": str(_ROOT),
        "USER": session.access.user,  # for the log
    }
    # Into a file: the document comes while progress is still read, and a full pipe stops the job.
    with tempfile.TemporaryFile("w+") as said, st.container(border=True):
        bar = st.progress(0.0, session.t(title_key))
        st.button(session.t("app.job.cancel"), key=f"cancel_{title_key}")
        with subprocess.Popen(  # noqa: S603  our own program, arguments as a list
            command,
            stdout=said,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=_ROOT,
        ) as process:
            try:
                for line in process.stderr or ():
                    _advance(bar, line, session.t(title_key))
                process.wait()
            finally:
                _end(process)
        bar.empty()
        said.seek(0)
        return _answer(process.returncode, said.read())


def _advance(bar: Any, line: str, title: str) -> None:
    words = line.split()
    if len(words) == 3 and words[0] == "progress":
        session = current()
        step = session.maybe(f"app.job.{words[1]}") or words[1]
        share = min(max(float(words[2]), 0.0), 1.0)
        bar.progress(share, f"{title} · {step}")


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _answer(code: int, output: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(output)
    except ValueError:
        raise CrmError("job_failed", exit_code=code) from None
    if code != 0:
        facts = {name: fact for name, fact in document.get("facts", {}).items() if name != "code"}
        raise CrmError(str(document.get("error", "job_failed")), **facts)
    return document
