"""A long job from a page: whatever it says at its end arrives, however much that is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from crm_core.errors import CrmError
from crm_core.ui import runner

#: A program that ends by itself should nobody read what it says.
PROGRAM = """
import json, signal, sys
signal.alarm(20)
print("progress read 0.5", file=sys.stderr, flush=True)
print(json.dumps({document}), flush=True)
print("progress merge 1.0", file=sys.stderr, flush=True)
sys.exit({code})
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program of a job is written, instead of ours."""
    session = SimpleNamespace(
        settings=SimpleNamespace(var=tmp_path),
        workspace=SimpleNamespace(records_of=lambda store: f"records of {store}"),
        access=SimpleNamespace(user="me"),
        t=lambda key: key,
        maybe=lambda key: key,
    )
    monkeypatch.setattr(runner, "current", lambda: session)
    monkeypatch.setattr(runner, "_ROOT", tmp_path)
    program = tmp_path / "crm_core" / "__main__.py"
    program.parent.mkdir()
    return program


def test_a_job_that_says_more_than_a_pipe_holds_comes_to_its_end(job: Path) -> None:
    job.write_text(PROGRAM.format(document='{"findings": ["x" * 1_000] * 200}', code=0), "utf-8")
    document = runner.run_job(["import"], store="shop", title_key="imports.running")
    assert document == {"findings": ["x" * 1_000] * 200}


def test_what_a_job_failed_with_is_raised(job: Path) -> None:
    told = '{"error": "store_busy", "facts": {"code": "store_busy", "store": "shop"}}'
    job.write_text(PROGRAM.format(document=told, code=1), "utf-8")
    with pytest.raises(CrmError) as failed:
        runner.run_job(["import"], store="shop", title_key="imports.running")
    assert (failed.value.code, failed.value.facts["store"]) == ("store_busy", "shop")
