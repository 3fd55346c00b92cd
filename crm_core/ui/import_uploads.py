"""Uploaded files while they wait to be imported: side by side in a folder of just these."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from crm_core.ui import workspace
from crm_core.ui.session import current

KINDS = ("csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods", "parquet", "json", "jsonl",
         "ndjson", "zip", "gz", "xz", "bz2", "html", "htm")  # fmt: skip
_FOLDER, _ROUND = "_import_folder", "_import_round"
_SAFE = re.compile(r"[^\w.\-]+")


def choose_files() -> list[Path]:
    """The field for files, and those given so far as files of ours."""
    session = current()
    given = st.file_uploader(
        session.t("imports.files"),
        type=list(KINDS),
        accept_multiple_files=True,
        max_upload_size=session.settings.max_upload_mb,
        key=f"import_files_{st.session_state.get(_ROUND, 0)}",
    )
    return _kept(given) if given else []


def forget_files() -> None:
    """Removes the uploads and empties the field."""
    folder = st.session_state.pop(_FOLDER, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _kept(given: Sequence[Any]) -> list[Path]:
    """The uploads as files.

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
