"""Who looks at views in these tests, and a store whose scores were never made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.pipeline.workspace import demo_url, open_workspace, workspace
from crm_core.privacy.policy import Access
from crm_core.settings import Settings
from crm_core.store import Store


@pytest.fixture(scope="session")
def owner() -> Access:
    return Access("single_user", "owner")


@pytest.fixture(scope="session")
def viewer() -> Access:
    return Access("viewer", "viewer")


@pytest.fixture(scope="session")
def unscored(
    copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The demo's facts as they are between an import and its first refresh."""
    own = Settings(var=copy_demo(tmp_path_factory.mktemp("unscored")))
    pointer = own.var / "demo" / "current.json"
    facts = json.loads(pointer.read_text(encoding="utf-8"))["facts"]
    pointer.write_text(json.dumps({"facts": facts, "scores": None}), encoding="utf-8")
    store, records = open_workspace(own, workspace(own, demo_url(own)))
    yield store
    store.close()
    records.close()


@pytest.fixture(scope="session")
def features(store: Store) -> pd.DataFrame:
    """Every scored customer's fields, read plainly."""
    rows: Any = store.table("features")
    segments = store.fetch(store.table("rfm").select("customer_key", "segment"))
    return store.fetch(rows).merge(segments, on="customer_key")
