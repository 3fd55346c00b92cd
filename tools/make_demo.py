"""Makes `data/` anew: the invented shop, and what is slow to learn of it, so that a first start
learns nothing. With `--learned` only the latter, for the shop that is there."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from crm_core.pipeline.scores import refresh_scores
from crm_core.pipeline.workspace import DEMO_DATA, LEARNED, ensure_demo
from crm_core.settings import Settings


def main() -> None:
    """Generates the files, builds the store from them and keeps what it learned."""
    if "--learned" not in sys.argv[1:]:
        command = [sys.executable, "-m", "crm_core.demo", "--out", str(DEMO_DATA)]
        subprocess.run(command, check=True)  # noqa: S603  our own program, no shell
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var=Path(folder))
        url = ensure_demo(settings, now=datetime.now(UTC))
        shutil.rmtree(DEMO_DATA / LEARNED, ignore_errors=True)
        refresh_scores(url, settings=settings, ship=DEMO_DATA / LEARNED)


if __name__ == "__main__":
    main()
