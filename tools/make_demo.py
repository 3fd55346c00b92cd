"""Makes `data/` anew: the invented shop, and its forecast, so that a first start fits nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from crm_core.pipeline.workspace import DEMO_DATA, ensure_demo
from crm_core.settings import Settings
from crm_core.store import open_store


def main() -> None:
    """Generates the files, builds the store from them and keeps the forecast it fitted."""
    frozen = DEMO_DATA / "forecast.json"
    frozen.unlink(missing_ok=True)
    command = [sys.executable, "-m", "crm_core.demo", "--out", str(DEMO_DATA)]
    subprocess.run(command, check=True)  # noqa: S603  our own program, no shell
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var=Path(folder))
        store = open_store(ensure_demo(settings, now=datetime.now(UTC)), settings=settings)
        fitted = store.table("fitted")
        rows = store.fetch(fitted.filter(fitted.model == "forecast"))
        store.close()
    frozen.write_text(rows["document"][0] + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
