from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.ui import import_panel, import_uploads
from crm_core.ui.workspace import choose


@dataclass
class Upload:
    """What the file uploader gives."""

    file_id: str
    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def getbuffer(self) -> memoryview:
        return memoryview(self.content)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = Settings(var=tmp_path, max_upload_mb=1)
    place = choose(settings, visitor=None, name="shop")
    session = SimpleNamespace(settings=settings, workspace=place)
    for module in (import_panel, import_uploads):
        monkeypatch.setattr(module, "current", lambda: session)
    monkeypatch.setattr(import_panel, "said", dict)  # nothing was said before
    monkeypatch.setattr(st, "session_state", {})
    return tmp_path


def kept(*given: Upload) -> list[bytes]:
    return [path.read_bytes() for path in import_uploads._kept(given)]


def test_a_mended_file_of_the_same_name_and_size_is_the_one_imported(folder: Path) -> None:
    assert kept(Upload("1", "orders.csv", b"price,10")) == [b"price,10"]
    assert kept(Upload("2", "orders.csv", b"price,11")) == [b"price,11"]
    assert len(list((folder / "uploads").rglob("*.csv"))) == 1  # the old one is gone


def test_two_files_of_one_name_are_both_kept(folder: Path) -> None:
    files = (Upload("1", "orders.csv", b"may"), Upload("2", "../orders.csv", b"june"))
    assert kept(*files) == kept(*files) == [b"may", b"june"]
    paths = list((folder / "uploads").rglob("*.csv"))
    assert len({path.parent for path in paths}) == 1  # formats of several files look beside them


def test_a_packed_file_is_opened_once_and_within_the_limits_of_a_page(folder: Path) -> None:
    path = folder / "orders.csv.gz"
    path.write_bytes(gzip.compress(b"Order ID,Order Date,SKU,Price\n1,2026-01-15,p,2.50\n"))
    assert import_panel._found([path]) is import_panel._found([path])
    bomb = folder / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(bytes(21 * 1024 * 1024)))
    with pytest.raises(CrmError) as failure:
        import_panel._found([bomb])
    assert (failure.value.code, failure.value.facts["limit"]) == ("import_archive_too_large", 20)
