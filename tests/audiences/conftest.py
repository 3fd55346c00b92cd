from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.pipeline.workspace import demo_url, open_workspace, workspace
from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store import Store

Reopen = Callable[[], Store]


@pytest.fixture(scope="module")
def place(
    copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Records, Reopen]:
    """Records of one's own beside the demo, and the store as of what they say by then."""
    own = Settings(var=copy_demo(tmp_path_factory.mktemp("own")))
    where = workspace(own, demo_url(own))
    _, records = open_workspace(own, where)
    return records, lambda: open_workspace(own, where)[0]
